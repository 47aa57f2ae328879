// The last test: every public call of the SDKs was made, with the pinned versions, and the table of all calls.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CommunicationIdentityClient } from "@azure/communication-identity";
import { ConfidentialClientApplication, PublicClientApplication } from "@azure/msal-node";
import { called, table, version } from "../lib/ledger.js";

const pinned = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).devDependencies;

// Calls that reach no server, or one that the emulator is not: workload identities and the like, which have no documented
// endpoint here, and the logger.
const beyond = ["SetAppTokenProvider", "acquireTokenByUserFederatedIdentityCredential", "getLogger", "setLogger"];

// publicMethods lists the methods of a class, own and inherited, that its declaration does not call private or protected.
function publicMethods(Class, hidden) {
  const names = new Set();
  for (let proto = Class.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const name of Object.getOwnPropertyNames(proto)) names.add(name);
  }
  return [...names].filter((name) => name !== "constructor" && !hidden.includes(name) && !beyond.includes(name));
}

const hidden = [
  "acquireTokenSilentAsync", "acquireCachedTokenSilent", "validateState", "buildOauthClientConfiguration", "getClientAssertion",
  "initializeBaseRequest", "initializeServerTelemetryManager", "createAuthority", "waitForRedirectUri",
];

const classes = [
  ["@azure/communication-identity", CommunicationIdentityClient],
  ["@azure/msal-node", ConfidentialClientApplication],
  ["@azure/msal-node", PublicClientApplication],
];

test("report: every public call of the SDKs was made", () => {
  for (const [sdk, Class] of classes) {
    const made = called(sdk);
    for (const name of publicMethods(Class, hidden)) assert.ok(made.includes(`${Class.name}.${name}`), `${Class.name}.${name} was not called`);
  }
  for (const name of ["getToken", "dispose"]) assert.ok(called("@azure/communication-common").includes(`AzureCommunicationTokenCredential.${name}`));
});

test("report: the installed SDKs are the pinned ones; calls made and passed", () => {
  for (const [sdk, want] of Object.entries(pinned)) assert.equal(version(sdk), want);
  console.log(`\n${table()}\n`);
});
