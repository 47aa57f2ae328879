// Starts everything once: the emulator, Chromium and the site with the pages. Holds the well-known ids of the emulator.
import assert from "node:assert/strict";
import { keyHash, launch } from "./chromium.js";
import { start } from "../../lib/program.js";
import { serve } from "./site.js";

const program = await start("emulate");

export const info = program.info;
export const configurations = new Map(); // name of an application of the site -> {major, msal}
const { chromium, site: served } = await startRest();
export const { profile } = chromium;
export const site = served;

async function startRest() {
  try {
    const chromium = await launch(await keyHash(info.tls.url, info.tls.ca));
    return { chromium, site: await serve(configurations) };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

// stop ends all of it.
export async function stop() {
  await chromium.close();
  served.stop();
  assert.ok(await program.stop(), "the emulator did not end well, or logged a secret");
}

// forget closes all pages and signs everybody out, so that a test begins as in a new profile.
export async function forget() {
  for (const page of profile.pages().slice(1)) await page.close(); // the profile ends with its last page
  await profile.clearCookies();
}

export const plain = new URL(info.authority).origin;
export const secure = new URL(info.tls.url).origin;
export const tenant = info.tenantId;
export const otherTenant = "ac5a0000-0000-4000-a000-000000000002";
export const gailHome = "ac5a0000-0000-4000-a000-00000000f6a1"; // her object id in her home tenant
export const client = info.clientId;
export const user = Object.fromEntries(info.users.filter((one) => (one.tenantId ?? tenant) === tenant).map((one) => [one.name, one]));
export const scopes = {
  api: info.scope,
  teams: ["https://auth.msft.communication.azure.com/Teams.ManageCalls", "https://auth.msft.communication.azure.com/Teams.ManageChats"],
  graph: "https://graph.microsoft.com/User.Read",
};

// admin calls the administration of the emulator.
export async function admin(path, body, method = body === undefined ? "GET" : "POST") {
  const answer = await fetch(info.admin + path, { method, body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return answer.json();
}

// claims decodes the payload of a JWT, without any check.
export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());

// now is the time of the emulator, in milliseconds.
export const now = async () => Date.parse((await admin("/clock")).now);
