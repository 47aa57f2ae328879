// Serves the stand-in for the public samples' browser client at the root of an origin of its own, as they are served, and uses it as a person does.
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { click } from "../../../interop/browser/lib/emulatorpage.js";
import { bundle, html, serve } from "./site.js";
import { info, msal, open } from "./world.js";

const folder = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const interop = folder("../../../interop");

// library makes a package global, as the samples' own bundler would have it in the page.
function library(name, of, resolveDir) {
  try {
    return bundle(`import * as it from "${of}"; globalThis.${name} = it;`, { resolveDir });
  } catch (error) {
    throw new Error(`${of} is missing; run: (cd ${resolveDir} && npm ci --ignore-scripts)`, { cause: error });
  }
}

const files = new Map([
  ["/msal.js", library("msal", "msal-browser-2", `${interop}/browser`)],
  ["/common.js", library("common", "communication-common-1.0", interop)],
  ["/identifiers.js", library("identifiers", "@azure/communication-common", folder("../.."))],
  ["/client.js", readFileSync(folder("./sample-client.js"), "utf8")],
  ["/", html("Stand-in for the public sample", "/msal.js", "/common.js", "/identifiers.js", "/config.js").replace("</html>", `<script src="/client.js"></script></html>`)],
]);
const served = await serve(files);
after(served.stop);

export const origin = served.url.replace("127.0.0.1", "localhost"); // the samples' page is on localhost, and their server elsewhere
files.set("/config.js", `globalThis.config = ${JSON.stringify({ auth: msal(`${origin}/`), scope: info.scope, api: info.server })};`);

// show opens the page, and returns it with the requests that it sends to the server, preflights among them.
export async function show(context) {
  const page = await open(context);
  const calls = await listen(page);
  await page.goto(`${origin}/`);
  await page.evaluate(() => started);
  return { page, calls };
}

// listen notes what goes to the server, with what the browser asks by itself before (OPTIONS).
async function listen(page) {
  const session = await page.context().newCDPSession(page);
  const calls = [];
  const byId = new Map();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (!request.url.startsWith(info.server)) return;
    const call = { method: request.method, path: request.url.slice(info.server.length), headers: request.headers, body: request.hasPostData === true };
    byId.set(requestId, call);
    calls.push(call);
  });
  session.on("Network.responseReceived", ({ requestId, response }) => Object.assign(byId.get(requestId) ?? {}, { status: response.status, mimeType: response.mimeType }));
  await session.send("Network.enable");
  return calls;
}

// press presses a button of the page, waits until it is done, and returns what the page saw.
export async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
  return page.evaluate(async () => { await pressed; return seen; });
}

export const names = { alice: "Alice Adams", bob: "Bob Brown", carol: "Carol Clark" };

// signInByPopup chooses a user in the window that opens.
export async function signInByPopup(page, user) {
  const opening = page.waitForEvent("popup");
  await click(page, "Sign in using Popup");
  const window = await opening;
  await Promise.all([window.waitForEvent("close"), click(window, names[user])]);
  await page.evaluate(() => pressed);
}

// signInByRedirect leaves the page and comes back to it. Without a user, the session of the emulator is still there and nobody is asked.
export async function signInByRedirect(page, user) {
  await page.evaluate(() => { globalThis.left = true; });
  await click(page, "Sign in using Redirect");
  if (user) await click(page, names[user]);
  await page.waitForURL((url) => url.href.startsWith(`${origin}/`));
  await page.waitForFunction(() => globalThis.started !== undefined && globalThis.left === undefined);
  await page.evaluate(() => started);
}
