// Serves and drives the page of refresher-page.ts.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { click } from "../../../interop/browser/lib/emulatorpage.js";
import { bundle, html } from "./site.js";
import { admin, files, info, msal, open, profile, site } from "./world.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const text = (name) => readFileSync(here(name), "utf8");
const shown = { alice: "Alice Adams", bob: "Bob Brown", carol: "Carol Clark" };

files.set("/refresher.js", bundle(text("refresher-page.ts"), { loader: "ts", resolveDir: here(".") }));
files.set("/refresher-config.js", `globalThis.config = ${JSON.stringify({ auth: msal(`${site.url}/bridge`), start: `${site.url}/refresher`, endpoint: info.server, api: info.apiClientId })};`);
files.set("/refresher", html("Refresher", "/refresher-config.js", "/refresher.js"));
files.set("/bridge.js", bundle(`import { broadcastResponseToMainFrame } from "@azure/msal-browser/redirect-bridge"; broadcastResponseToMainFrame();`));
files.set("/bridge", html("Signing in", "/bridge.js"));

// ownTime is a browser profile whose clock can be moved; its pages share it.
export async function ownTime(t) {
  const context = await profile.browser().newContext();
  t.after(() => context.close());
  await context.clock.install({ time: Date.now() });
  return context;
}

// signedIn opens the page as a user; requests are the paths of its calls to the service.
export async function signedIn(user, context) {
  const page = await open(context);
  const requests = [];
  const answer = new RegExp(`${shown[user]}|Approve the sign-in`);
  page.on("popup", (window) => window.getByRole("button", { name: answer }).first().click().catch(() => {})); // unless the session is enough
  page.on("request", (request) => {
    if (request.url().startsWith(info.server) && request.method() !== "OPTIONS") requests.push(new URL(request.url()).pathname);
  });
  await page.goto(`${site.url}/refresher`);
  await page.waitForURL((url) => url.pathname.includes("/oauth2/") || url.pathname === "/refresher");
  if (new URL(page.url()).pathname !== "/refresher") await click(page, shown[user]);
  await page.waitForFunction(() => globalThis.app ?? globalThis.failed);
  const failed = await page.evaluate(() => globalThis.failed);
  if (failed) throw new Error(failed);
  return { page, requests };
}

// later lets time pass for the emulator, the service and all pages of a profile.
export async function later(minutes, context) {
  await admin("/clock", { advance: `${minutes}m` });
  await context.clock.runFor(minutes * 60_000);
}
