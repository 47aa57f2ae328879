// Starts everything once: the service with its emulator, Chromium, and a site for applications.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyHash, launch } from "../../../interop/browser/lib/chromium.js";
import { startWith } from "../../../interop/lib/program.js";
import { serve } from "./site.js";

const limit = 60_000; // milliseconds for one test
const program = await startWith({ ACSAUTH_LIMIT_USER: "off" }); // one user makes the calls of 26 hours within seconds

export const info = program.info; // what acsauth-dev --json says
export const files = new Map(); // of the site
const rest = await startRest();
export const { profile } = rest.chromium;
export const site = rest.site;

async function startRest() {
  try {
    return { chromium: await launch(await keyHash(info.tls.url, info.tls.ca)), site: await serve(files) };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

// stop ends all of it.
export async function stop() {
  await rest.chromium.close();
  site.stop();
  assert.ok(await program.stop(), "acsauth-dev did not end well, or logged a secret");
}

// check is a test in a browser without cookies and pages, with the emulator's clock right and no rehearsal on. Identities stay.
export function check(name, body) {
  test(name, { timeout: limit }, async (t) => {
    for (const page of profile.pages().slice(1)) await page.close(); // the profile ends with its last page
    await profile.clearCookies();
    await admin("/rehearsals", undefined, "DELETE");
    await admin("/clock", { reset: true });
    await body(t);
  });
}

// open opens an empty page, in the profile of all tests or in one with a clock of its own.
export async function open(context = profile) {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return page;
}

// admin calls the administration of the emulator.
export async function admin(path, body, method = body === undefined ? "GET" : "POST") {
  const answer = await fetch(info.admin + path, { method, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${text}`);
  return text && JSON.parse(text);
}

// MSAL demands https of an authority, also when it never calls it because it was given the metadata.
const metadata = await (await fetch(`${info.authority}/v2.0/.well-known/openid-configuration`)).text();

// msal is the part auth of MSAL's configuration for a page of the site. Page, emulator and service are one site on 127.0.0.1.
export const msal = (redirectUri) => ({
  clientId: info.clientId, redirectUri, authority: `https://emu.invalid/${info.tenantId}`, knownAuthorities: ["emu.invalid"], authorityMetadata: metadata,
});
