// @azure/communication-identity: every call, by access key and by Entra ID token, on plain HTTP and on TLS.
import assert from "node:assert/strict";
import { AzureKeyCredential } from "@azure/core-auth";
import { ClientSecretCredential } from "@azure/identity";
import { inMinutes, near, refusals } from "../lib/expect.js";
import { connect, insecure } from "../lib/identity.js";
import { check, make } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const everyScope = ["chat", "chat.join", "chat.join.limited", "voip", "voip.join"];
const scopesOf = (pkg) => (pkg.api < "2023-10-01" ? ["chat", "voip"] : everyScope); // the others came with 2023-10-01

const clientSecret = () => make("@azure/identity", ClientSecretCredential, world.tenant, world.daemon.id, world.daemon.secret,
  { authorityHost: world.secure, disableInstanceDiscovery: true });

// ownCredential is a TokenCredential that the caller wrote. It counts how often it is asked, and for what.
function ownCredential() {
  const asked = [];
  const getToken = async (scope) => {
    asked.push(scope);
    return { token: await world.mint({ appOnly: true, audience: "https://communication.azure.com/", expiresInSeconds: 3600 }), expiresOnTimestamp: inMinutes(60) };
  };
  return { asked, getToken };
}

// waysOf lists how a client can be connected.
const waysOf = (client) => ({
  "a connection string, http": () => client(world.info.connectionString, insecure),
  "a connection string, https": () => client(world.info.tls.connectionString),
  "endpoint and AzureKeyCredential, http": () => client(world.plain, new AzureKeyCredential(world.keys.primary), insecure),
  "endpoint and AzureKeyCredential, https": () => client(world.secure, new AzureKeyCredential(world.keys.primary)),
  "the secondary key": () => client(world.secure, new AzureKeyCredential(world.keys.secondary)),
  "an endpoint that ends in a slash": () => client(`${world.secure}/`, new AzureKeyCredential(world.keys.primary)),
  "endpoint and ClientSecretCredential": () => client(world.secure, clientSecret()),
  "endpoint and a TokenCredential of one's own": () => client(world.secure, ownCredential()),
});

// identitySuite checks a version of the package.
export function identitySuite(pkg) {
  const client = (...args) => connect(pkg, ...args);
  everyWay(pkg, waysOf(client));
  scopesAndLifetimes(pkg, () => client(world.info.tls.connectionString));
  manyCalls(pkg, () => client(world.info.tls.connectionString));
  wire(pkg, () => client(world.info.tls.connectionString));
  byToken(pkg, client);
  if (pkg.choosesApi) everyVersion(pkg, client);
}

function everyWay({ label }, ways) {
  for (const [way, open] of Object.entries(ways)) {
    check(`${label}: all five calls with ${way}`, async () => {
      const acs = open();
      const user = await acs.createUser();
      assert.deepEqual(Object.keys(user), ["communicationUserId"]);
      assert.match(user.communicationUserId, world.identityForm);
      await isToken(await acs.getToken(user, ["chat", "voip"]), user, ["chat", "voip"], 1440);
      const made = await acs.createUserAndToken(["voip"]);
      assert.deepEqual(Object.keys(made).filter((name) => name !== "_response").sort(), ["expiresOn", "token", "user"]);
      assert.notEqual(made.user.communicationUserId, user.communicationUserId);
      await isToken(made, made.user, ["voip"], 1440);
      assert.equal(await acs.revokeTokens(user), undefined);
      assert.equal(await acs.deleteUser(user), undefined);
      assert.equal(await acs.deleteUser(made.user), undefined);
      const kept = await world.identities();
      assert.equal(kept.get(user.communicationUserId).deleted, true);
      assert.equal(kept.get(user.communicationUserId).tokensIssued, 1);
      assert.equal(kept.get(made.user.communicationUserId).deleted, true);
    });
  }
}

// isToken asserts what a token of ACS says about itself, and when it ends.
async function isToken(got, user, scopes, minutes) {
  assert.ok(got.expiresOn instanceof Date);
  near(got.expiresOn, inMinutes(minutes), "expiresOn");
  const payload = world.claims(got.token);
  assert.equal(payload.skypeid, user.communicationUserId.slice("8:".length));
  assert.deepEqual(payload.acsScope.split(","), scopes);
  assert.equal(payload.exp, Math.floor(got.expiresOn / 1000));
  assert.equal(payload.exp - payload.iat, minutes * 60);
  assert.equal(payload.resourceId, world.resource);
}

function scopesAndLifetimes(pkg, open) {
  check(`${pkg.label}: every scope, alone and together, with getToken and with createUserAndToken`, async () => {
    const acs = open();
    const user = await acs.createUser();
    for (const scopes of [...scopesOf(pkg).map((scope) => [scope]), scopesOf(pkg)]) {
      await isToken(await acs.getToken(user, scopes), user, scopes, 1440);
      const made = await acs.createUserAndToken(scopes);
      await isToken(made, made.user, scopes, 1440);
    }
  });

  check(`${pkg.label}: ${pkg.lifetimes ? "lifetimes of 60 and 1440 minutes are good, 59 and 1441 are not" : "a lifetime asked for is not sent: 1440 minutes"}`, async () => {
    const acs = open();
    const user = await acs.createUser();
    for (const minutes of [60, 61, 1439, 1440]) {
      const options = { tokenExpiresInMinutes: minutes };
      const made = await acs.createUserAndToken(["chat"], options);
      await isToken(made, made.user, ["chat"], pkg.lifetimes ? minutes : 1440);
      await isToken(await acs.getToken(user, ["chat"], options), user, ["chat"], pkg.lifetimes ? minutes : 1440);
    }
    const before = (await world.identities()).size;
    for (const minutes of pkg.lifetimes ? [59, 1441, 0, -1] : []) {
      const options = { tokenExpiresInMinutes: minutes };
      await refusals.lifetime(acs.createUserAndToken(["chat"], options), minutes);
      await refusals.lifetime(acs.getToken(user, ["chat"], options), minutes);
    }
    assert.equal((await world.identities()).size, before, "a refused create makes no identity");
  });

  check(`${pkg.label}: createUserAndToken without a scope makes an identity without a token`, async () => {
    const made = await open().createUserAndToken([]);
    assert.deepEqual([made.token, made.expiresOn], [undefined, undefined]);
    assert.equal((await world.identities()).get(made.user.communicationUserId).tokensIssued, 0);
  });
}

function manyCalls({ label }, open) {
  check(`${label}: an ACS token of each of many calls is another one, and earlier ones stay`, async () => {
    const acs = open();
    const user = await acs.createUser();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => acs.getToken(user, ["chat"])));
    assert.equal(new Set(tokens.map((one) => one.token)).size, 20);
    assert.equal((await world.identities()).get(user.communicationUserId).tokensIssued, 20);
  });

  check(`${label}: parallel createUser calls make as many identities`, async () => {
    const acs = open();
    const users = await Promise.all(Array.from({ length: 50 }, () => acs.createUser()));
    assert.equal(new Set(users.map((user) => user.communicationUserId)).size, 50);
  });

  check(`${label}: tokens can be issued again after revokeTokens, and deleteUser can be repeated`, async () => {
    const acs = open();
    const user = await acs.createUser();
    await acs.revokeTokens(user);
    await acs.revokeTokens(user);
    await isToken(await acs.getToken(user, ["chat"]), user, ["chat"], 1440);
    await acs.deleteUser(user);
    assert.equal(await acs.deleteUser(user), undefined);
  });
}

function wire(pkg, open) {
  if (!pkg.coreHttp) {
    check(`${pkg.label}: answers look as those of the service: headers, request id, times with seven decimals`, async () => {
      const acs = open();
      let raw;
      const onResponse = (answer) => (raw = answer);
      const { user } = await acs.createUserAndToken(["chat"], { onResponse });
      assert.equal(raw.status, 201);
      assert.equal(new URL(raw.request.url).searchParams.get("api-version"), pkg.api);
      assert.match(JSON.parse(raw.bodyAsText).accessToken.expiresOn, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00$/);
      assert.equal(raw.headers.get("content-type"), "application/json; charset=utf-8");
      assert.equal(raw.headers.get("x-ms-client-request-id"), raw.request.requestId);
      assert.match(raw.headers.get("api-supported-versions"), new RegExp(`(^|, )${pkg.api}(,|$)`));
      assert.match(raw.headers.get("ms-cv"), /^[A-Za-z0-9+\/]{22}\.0$/);
      assert.match(raw.headers.get("x-processing-time"), /^\d+ms$/);
      await acs.deleteUser(user, { onResponse });
      assert.deepEqual([raw.status, raw.bodyAsText, raw.headers.get("content-type")], [204, "", undefined]);
    });
  }

  check(`${pkg.label}: a signature is good for five minutes either way`, async (t) => {
    const acs = open();
    for (const minutes of [-6, -4, 4, 6]) {
      t.mock.timers.enable({ apis: ["Date"], now: Date.now() + minutes * 60_000 });
      const call = acs.createUser();
      await (Math.abs(minutes) < 5 ? call : refusals.denied(call));
      t.mock.timers.reset();
    }
  });
}

function byToken({ label }, client) {
  check(`${label}: the SDK asks a TokenCredential for the ACS scope, once`, async () => {
    const credential = ownCredential();
    const acs = client(world.secure, credential);
    const user = await acs.createUser();
    await acs.getToken(user, ["chat"]);
    await acs.deleteUser(user);
    assert.deepEqual(credential.asked.flat(), [world.scopes.acs]);
  });
}

const versions = ["2021-03-07", "2022-06-01", "2022-10-01", "2023-10-01", "2025-03-02-preview", "2025-06-30", "2026-09-23"];

function everyVersion({ label }, client) {
  check(`${label}: every api-version that the emulator serves`, async () => {
    for (const apiVersion of versions) {
      const acs = client(world.info.connectionString, { ...insecure, apiVersion });
      const user = await acs.createUser();
      assert.match(user.communicationUserId, world.identityForm, apiVersion);
      await isToken(await acs.getToken(user, ["chat"]), user, ["chat"], 1440);
      await acs.revokeTokens(user);
      await acs.deleteUser(user);
    }
  });
}
