// A server and a clock under the hands of a test.
import { mock } from "node:test";

export const start = Date.parse("2026-01-31T12:00:00Z");
export const minute = 60_000;
export const now = () => Date.now();

// withClock runs a test at a time that stands still until it is moved.
export const withClock = (body) => async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: start });
  try {
    await body();
  } finally {
    mock.timers.reset();
  }
};

// settle lets everything run that waits for no timer.
export async function settle() {
  for (let i = 0; i < 50; i++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

// pass lets time pass in small steps, with everything that happens on the way.
export async function pass(ms, step = ms) {
  for (let left = ms; left > 0; left -= step) {
    mock.timers.tick(Math.min(step, left));
    await settle();
  }
}

export function token({ life = 60 * minute, kind = "communicationUser", name = "t" } = {}) {
  const end = now() + life;
  const date = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
  const id = kind === "teamsUser" ? "8:orgid:u" : "8:acs:r_u";
  return { token: `${name}.${end}.x`, expiresOn: date(end), expiresOnTimestamp: end, refreshAfter: date(end - 11 * minute), kind, endpoint: "https://acs.example", user: { id, rawId: id } };
}

export const json = (status, body, headers = {}) => new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
export const problem = (status, code, headers) => json(status, { type: "x", title: "T", status, detail: "It happened.", code, instance: "req-1", hint: "Change it." }, headers);

// server answers with what the handlers say, one after the other; the last one stays.
export function server(...handlers) {
  const requests = [];
  const get = async (url, init) => {
    requests.push({ path: new URL(url).pathname, init, authorization: init.headers.authorization, at: now() });
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    return typeof handler === "function" ? handler(init) : handler;
  };
  return { fetch: get, requests };
}

// hanging is a handler that answers when told to, or when the request is aborted.
export function hanging() {
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  const handler = ({ signal }) => new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    gate.then(resolve);
  });
  return { handler, release: (answer) => release(answer) };
}

export const options = (fetch, more = {}) => ({ endpoint: "https://auth.example/base/", getAccessToken: async () => "entra.token.x", fetch, ...more });
