// Starts the program and waits until it is ready.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EmulatorError } from "./error.js";

const maxLine = 1 << 20; // bytes of the ready line
const maxTail = 16 << 10; // characters of the log that an error shows
const stopTimeout = 15_000; // milliseconds; the keeper itself takes 5 s at most

// What the program gets of the environment. It needs no secret of the tests, so it gets none. The last ones make it refuse:
// they mean that this is no development machine.
const passed = [
  "PATH", "HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "SystemRoot", "SYSTEMROOT",
  "WEBSITE_INSTANCE_ID", "WEBSITE_SITE_NAME", "FUNCTIONS_WORKER_RUNTIME", "CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST",
];

/** A running program. */
export class Program {
  /** Process id of the emulator, 0 until it runs. */
  pid = 0;
  #keeper;
  #tail = "";
  /** @type {string | undefined} why it ended */
  #ended;
  /** @type {Promise<void>} */
  #gone;

  /**
   * @param {string} binary
   * @param {string[]} args
   * @param {{env?: Record<string, string>, log?: (line: string) => void}} options
   */
  constructor(binary, args, { env = {}, log }) {
    /** @type {NodeJS.ProcessEnv} */
    const given = {};
    for (const name of passed) if (process.env[name] !== undefined) given[name] = process.env[name];
    this.#keeper = fork(fileURLToPath(new URL("keeper.js", import.meta.url)), [binary, ...args], {
      env: { ...given, ...env }, execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#gone = ended(this.#keeper);
    this.#keeper.on("message", (/** @type {any} */ message) => this.#told(message));
    this.#keeper.once("error", (error) => (this.#ended ??= `cannot be started: ${error.message}`));
    lines(this.#keeper.stderr, (line) => {
      this.#tail = (this.#tail + line + "\n").slice(-maxTail);
      log?.(line);
    });
  }

  /** @param {any} message of the keeper */
  #told({ pid, error, code, signal }) {
    if (pid) this.pid = pid;
    else this.#ended = error ? `cannot be started: ${error}` : `ended by ${signal ? `signal ${signal}` : `itself with code ${code}`}`;
  }

  /**
   * ready returns what the program prints once it is ready. After timeout milliseconds, and if the program ends, it throws.
   * @param {number} timeout
   * @returns {Promise<any>}
   */
  async ready(timeout) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new EmulatorError(`acsauth-dev was not ready within ${timeout} ms${this.#shown()}`)), timeout);
    });
    const dead = this.#gone.then(() => {
      throw new EmulatorError(`acsauth-dev ${this.#ended ?? "ended"}${this.#shown()}`);
    });
    try {
      return await Promise.race([firstLine(this.#keeper.stdout), late, dead]);
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
      dead.catch(() => {});
    }
  }

  #shown() {
    return this.#tail ? `. It said:\n${this.#tail.trimEnd()}` : "";
  }

  /** release lets the tests end although the program runs: it ends with them. */
  release() {
    this.#keeper.unref();
    for (const handle of [this.#keeper.channel, this.#keeper.stdout, this.#keeper.stderr]) /** @type {any} */ (handle)?.unref?.();
  }

  /** stop ends the program and waits for it. */
  async stop() {
    this.#keeper.ref();
    if (this.#keeper.connected) this.#keeper.disconnect();
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new EmulatorError(`acsauth-dev (process ${this.pid}) does not end`)), stopTimeout);
    });
    await Promise.race([this.#gone, late]).finally(() => clearTimeout(timer));
  }
}

/**
 * ended waits until a process and what it printed are at their ends. The event close does not come after a disconnect.
 * @param {import("node:child_process").ChildProcess} child
 */
async function ended(child) {
  const closed = [child.stdout, child.stderr].map((stream) => new Promise((resolve) => stream?.once("close", resolve)));
  await new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  await Promise.all(closed);
}

/**
 * firstLine reads one line of JSON and ignores the rest. It never settles if the stream ends before.
 * @param {NodeJS.ReadableStream | null} stream
 */
function firstLine(stream) {
  return new Promise((resolve, reject) => {
    lines(stream, (line) => {
      try {
        resolve(JSON.parse(line));
      } catch (cause) {
        reject(new EmulatorError("acsauth-dev printed something else than its JSON line; is the program another one of that name?", { cause }));
      }
    }, () => reject(new EmulatorError(`acsauth-dev printed a line of more than ${maxLine} bytes`)));
  });
}

/**
 * lines calls back for each line.
 * @param {NodeJS.ReadableStream | null} stream
 * @param {(line: string) => void} each
 * @param {() => void} [tooLong]
 */
function lines(stream, each, tooLong) {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) each(part);
    if (rest.length > maxLine) {
      rest = "";
      tooLong?.();
    }
  });
}
