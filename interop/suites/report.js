// The last test: every public call of the SDKs was made, with the pinned versions, and the tables of all calls.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { called, calls, matrix } from "../lib/ledger.js";
import * as packages from "../lib/packages.js";

const pinned = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).devDependencies;

// Calls that reach no server, or one that the emulator is not, and the logger.
const beyond = ["SetAppTokenProvider", "setClientCredential", "acquireTokenByUserFederatedIdentityCredential", "getLogger", "setLogger"];

// publicMethods lists the methods of a class, own and inherited, that its declaration does not call private or protected.
function publicMethods(Class) {
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
  ...packages.identity.map((pkg) => [pkg, "CommunicationIdentityClient"]),
  ...packages.msal.flatMap((pkg) => [[pkg, "ConfidentialClientApplication"], [pkg, "PublicClientApplication"]]),
];

test("report: every public call of the SDKs was made", () => {
  for (const [pkg, name] of classes) {
    for (const method of publicMethods(pkg.module[name])) assert.ok(called(pkg.sdk).includes(`${name}.${method}`), `${pkg.label}: ${name}.${method} was not called`);
  }
  for (const pkg of packages.common) {
    for (const name of ["getToken", "dispose"]) assert.ok(called(pkg.sdk).includes(`AzureCommunicationTokenCredential.${name}`), pkg.label);
  }
});

test("report: the installed SDKs are the pinned ones; calls made and passed", () => {
  for (const [alias, want] of Object.entries(pinned)) {
    const { name, version } = packages.installed(alias);
    assert.ok([version, `npm:${name}@${version}`].includes(want), `${alias}: ${name} ${version}, want ${want}`);
  }
  console.log(`\n${calls()}\n\n${matrix()}\n`);
});
