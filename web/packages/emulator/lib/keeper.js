// Runs as a process of its own between the tests and the emulator: it ends the emulator when the tests say so, and when
// they are gone without having said so. The channel to the parent closes in both cases, whatever the parent died of.
import { spawn } from "node:child_process";

const grace = 5_000; // milliseconds between the request to end and the end

const [binary, ...args] = process.argv.slice(2);
const child = spawn(binary, args, { stdio: ["ignore", "inherit", "inherit"], windowsHide: true });

// The parent may be gone already: without a callback that would end the keeper by an error, and leave the emulator behind.
child.once("spawn", () => process.send?.({ pid: child.pid }, undefined, undefined, () => {}));
child.once("error", (error) => say({ error: error.message }, 127));
child.once("exit", (code, signal) => say({ code, signal }, code ?? 1));

process.once("disconnect", end);
if (!process.connected) end();
process.on("SIGTERM", end);
process.on("SIGHUP", end);
process.on("SIGINT", () => {}); // Ctrl-C reaches the emulator itself

function end() {
  child.kill("SIGTERM");
  setTimeout(() => child.kill("SIGKILL"), grace).unref();
}

/**
 * say tells the parent, if it is still there, and exits.
 * @param {object} message
 * @param {number} code
 */
function say(message, code) {
  if (!process.connected) process.exit(code);
  process.send?.(message, undefined, undefined, () => process.exit(code));
}
