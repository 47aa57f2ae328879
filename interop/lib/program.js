// Builds, starts and stops the program under test.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const startLimit = 30_000; // milliseconds
const stopLimit = 30_000;
const maxShown = 16 << 10;
const maxLog = 16 << 20; // characters kept of what the program says

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

// binary names the program: $ACSAUTH_DEV, or one built now.
export function binary() {
  if (process.env.ACSAUTH_DEV) return process.env.ACSAUTH_DEV;
  mkdirSync(path("../../.tmp"), { recursive: true });
  const out = path("../../.tmp/acsauth-dev");
  execFileSync("go", ["build", "-o", out, "../cmd/acsauth-dev"], { cwd: path(".."), stdio: ["ignore", "ignore", "inherit"] });
  return out;
}

// cleanEnvironment is ours without settings that would change the program.
export function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ACSAUTH_")));
}

// start runs the program, or a command of it, on free ports and returns what it says about itself, and how to stop it.
export const start = (...args) => startWith({}, ...args);

// startWith does so with settings, by their names.
export async function startWith(settings, ...args) {
  const command = binary();
  const env = { ...cleanEnvironment(), ACSAUTH_PUBLIC_URL: "https://acsauth.example", ...settings };
  const child = spawn(command, [...args, "--json", "--listen", "127.0.0.1:0"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said = (said + text).slice(-maxLog)));
  try {
    const line = await firstLine(child, ended);
    return { info: { ...JSON.parse(line), binary: command }, stop: () => stop(child, ended, () => said) };
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${command} did not start: ${error.message}\n${said}`);
  }
}

// firstLine waits for the one line of JSON.
async function firstLine(child, ended) {
  const lines = createInterface({ input: child.stdout });
  const signal = AbortSignal.timeout(startLimit);
  const line = once(lines, "line", { signal }).then(([text]) => text);
  const early = ended.then(([code, name]) => { throw new Error(`it ended with ${code ?? name}`); });
  early.catch(() => {});
  return Promise.race([line, early]);
}

// stop ends the program, by its own id, and reports whether it ended well and kept its secrets. One that does not stop is killed.
async function stop(child, ended, said) {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopLimit);
  const [code, signal] = await ended;
  clearTimeout(timer);
  if (code !== 0) console.error(`acsauth-dev ended with ${code ?? signal}:\n${said().slice(-maxShown)}`);
  return code === 0 && keptSecrets(said());
}

// What must not be in the log: tokens, keys and secrets, and what names a person.
const secrets = {
  "a token": /eyJ[\w-]+\.[\w-]/, "an access key": /YWNzYXV0aCBlbXVsYXRvciB/, "a client secret": /secret-of-the-emulator/, "a private key": /PRIVATE KEY/, "a signature": /Signature=/,
  "a user name": /@(acsauth|fabrikam|acsauthext\.onmicrosoft|acsauthb2c\.onmicrosoft)\.example/,
  "an object id": /ac5a0000-0000-4000-a000-(0000000a11ce|000000000b0b|0000000ca401|000000006a11|00000000f4ed|00000000f6a1|00000000c04a|000000000bea)/,
  "an ACS identity": /8:(acs|orgid):/,
};

function keptSecrets(log) {
  const found = Object.entries(secrets).filter(([, form]) => form.test(log));
  for (const [what, form] of found) console.error(`acsauth-dev logged ${what}: ${log.split("\n").find((line) => form.test(line))}`);
  return found.length === 0;
}
