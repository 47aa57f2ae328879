// Builds, starts and stops the emulator.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const startLimit = 30_000; // milliseconds
const stopLimit = 10_000;
const maxShown = 16 << 10; // characters

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

// binary names the program: $ACSAUTH_DEV, or one built now.
function binary() {
  if (process.env.ACSAUTH_DEV) return process.env.ACSAUTH_DEV;
  mkdirSync(path("../../../.tmp"), { recursive: true });
  const out = path("../../../.tmp/acsauth-dev");
  execFileSync("go", ["build", "-o", out, "./cmd/acsauth-dev"], { cwd: path("../../.."), stdio: ["ignore", "ignore", "inherit"] });
  return out;
}

// start runs the emulator on free ports, and returns what it says about itself and how to stop it.
export async function start() {
  const command = binary();
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ACSAUTH_")));
  const child = spawn(command, ["emulate", "--json", "--listen", "127.0.0.1:0"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said = (said + text).slice(-maxShown)));
  try {
    return { info: JSON.parse(await firstLine(child, ended)), stop: () => stop(child, ended, () => said) };
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${command} did not start: ${error.message}\n${said}`);
  }
}

// firstLine waits for the one line of JSON.
function firstLine(child, ended) {
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line", { signal: AbortSignal.timeout(startLimit) }).then(([text]) => text);
  const early = ended.then(([code, signal]) => { throw new Error(`it ended with ${code ?? signal}`); });
  early.catch(() => {});
  return Promise.race([line, early]);
}

// stop ends the emulator by its own id. One that does not stop is killed.
async function stop(child, ended, said) {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopLimit);
  const [code, signal] = await ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the emulator ended with ${code ?? signal}:\n${said()}`);
}
