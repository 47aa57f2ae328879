// Calls the administration of the emulator. It uses node:http, since tests like to replace fetch.
import { request } from "node:http";
import { EmulatorError } from "./error.js";

const timeout = 30_000; // milliseconds for one call
const maxAnswer = 256 << 20; // bytes; a snapshot is the largest

/**
 * call sends a request and returns the JSON (or the text) of the answer.
 * @param {string} base URL of the administration
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON
 * @returns {Promise<any>}
 */
export async function call(base, method, path, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const { status, type, answer } = await send(new URL(path, base), method, text);
  const json = type.startsWith("application/json") ? parse(answer) : undefined;
  if (status >= 200 && status < 300) return json ?? answer;
  const says = typeof json?.error === "string" ? json.error : `status ${status}`;
  const old = status === 404 || status === 405 ? " (this acsauth-dev may be too old for it)" : "";
  throw new EmulatorError(`the emulator refuses ${method} ${path.split("?")[0]}: ${says}${old}`, { status });
}

/**
 * @param {URL} url
 * @param {string} method
 * @param {string | undefined} text
 * @returns {Promise<{status: number, type: string, answer: string}>}
 */
function send(url, method, text) {
  return new Promise((resolve, reject) => {
    const fail = (/** @type {Error} */ cause) =>
      reject(new EmulatorError(`no answer of the emulator at ${url.origin} to ${method} ${url.pathname}: ${cause.message}`, { cause }));
    const headers = text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const req = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(timeout) }, (res) => {
      /** @type {Buffer[]} */
      const chunks = [];
      let size = 0;
      res.on("data", (/** @type {Buffer} */ chunk) => {
        if ((size += chunk.length) > maxAnswer) req.destroy(new Error(`it is larger than ${maxAnswer} bytes`));
        else chunks.push(chunk);
      });
      res.on("error", fail);
      res.on("end", () => resolve({ status: res.statusCode ?? 0, type: res.headers["content-type"] ?? "", answer: Buffer.concat(chunks).toString("utf8") }));
    });
    req.on("error", fail);
    req.end(text);
  });
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EmulatorError("the emulator answered with JSON that does not parse", { cause });
  }
}
