import { readFile } from "node:fs/promises";
import { findBinary } from "./binary.js";
import { Emulator } from "./emulator.js";
import { EmulatorError } from "./error.js";
import { Program } from "./process.js";

const known = ["binary", "data", "loose", "listen", "logLevel", "args", "env", "log", "timeout"];

/**
 * @param {import("../index.js").EmulatorOptions} [options]
 * @returns {Promise<Emulator>}
 */
export async function startEmulator(options = {}) {
  const wrong = Object.keys(options).find((name) => !known.includes(name));
  if (wrong) throw new EmulatorError(`there is no option ${wrong}; there are ${known.join(", ")}`);
  const timeout = options.timeout ?? 30_000;
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > 600_000) throw new EmulatorError("timeout has to be 1 to 600000 milliseconds");
  const program = new Program(findBinary(options.binary, process.env), flags(options), options);
  const info = await program.ready(timeout);
  try {
    check(info);
    const ca = info.tls && (await readFile(info.tls.ca, "utf8"));
    program.release();
    return new Emulator(program, info, ca);
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** @param {import("../index.js").EmulatorOptions} options */
function flags({ data, loose, listen = "127.0.0.1:0", logLevel = "warn", args = [] }) {
  const list = ["emulate", "--json", "--listen", listen, "--log-level", logLevel];
  if (data !== undefined) list.push("--data", data);
  if (loose) list.push("--loose");
  return [...list, ...args];
}

/** @param {any} info the line that the program printed */
function check(info) {
  for (const name of ["authority", "graph", "acs", "admin", "connectionString", "tenantId", "clientId"]) {
    if (typeof info?.[name] !== "string") throw new EmulatorError(`acsauth-dev does not say ${name}; is it another version than this package?`);
  }
}
