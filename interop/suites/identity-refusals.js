// @azure/communication-identity: what the emulated ACS refuses, and what the SDK refuses before it asks.
import assert from "node:assert/strict";
import { AzureKeyCredential } from "@azure/core-auth";
import { ClientSecretCredential } from "@azure/identity";
import { refusals, refused, refusedByACS } from "../lib/expect.js";
import { connect, exchange, holding, insecure, plain } from "../lib/identity.js";
import { check, make } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const teams = { teamsUserAadToken: "any", clientId: world.spa.id, userObjectId: world.objectID.alice };

// each calls all methods of a client, one after the other, and asserts how each ends.
async function each(pkg, acs, user, end) {
  await end(acs.createUser());
  await end(acs.createUserAndToken(["chat"]));
  await end(acs.getToken(user, ["chat"]));
  await end(acs.revokeTokens(user));
  await end(acs.deleteUser(user));
  if (pkg.teams) await end(exchange(pkg, acs, teams));
}

// refusalsSuite checks a version of the package.
export function refusalsSuite(pkg) {
  keysAndTokens(pkg);
  ids(pkg);
  scopes(pkg);
  if (pkg.choosesApi) apiVersions(pkg);
  bySDK(pkg);
}

function keysAndTokens(pkg) {
  check(`${pkg.label}: a wrong key is Denied on every call`, async () => {
    const user = await plain(pkg).createUser();
    const before = await world.identities();
    const wrong = [
      connect(pkg, world.plain, new AzureKeyCredential(world.keys.wrong), insecure),
      connect(pkg, `endpoint=${world.secure}/;accesskey=${world.keys.wrong}`),
    ];
    for (const acs of wrong) await each(pkg, acs, user, refusals.denied);
    assert.deepEqual(await world.identities(), before, "a denied call changes nothing");
  });

  check(`${pkg.label}: a bearer token that is expired, forged, or not for ACS is Denied on every call`, async () => {
    const user = await plain(pkg).createUser();
    const acsAudience = { appOnly: true, audience: "https://communication.azure.com/" };
    const tokens = [
      "not a token", await world.mint({ ...acsAudience, flaw: "expired" }), await world.mint({ ...acsAudience, flaw: "signature" }),
      await world.mint({ ...acsAudience, flaw: "unknownKey" }), await world.mint({ ...acsAudience, flaw: "algNone" }),
      await world.mint({ appOnly: true }), await world.mint({ flaw: "graph" }),
    ];
    for (const token of tokens) await each(pkg, connect(pkg, world.secure, holding(token)), user, refusals.denied);
  });

  check(`${pkg.label}: ClientSecretCredential with a wrong secret fails before ACS is asked`, async () => {
    const credential = make("@azure/identity", ClientSecretCredential, world.tenant, world.daemon.id, "wrong",
      { authorityHost: world.secure, disableInstanceDiscovery: true });
    const error = await refused(connect(pkg, world.secure, credential).createUser(), { name: "AuthenticationRequiredError" });
    assert.match(error.message, /invalid_client.*AADSTS7000215/s);
  });
}

const strangers = {
  "of another resource": "8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081",
  "that nobody made": `8:acs:${world.resource}_00000005-14a2-493b-8a72-5a3a0d000081`,
  "of a Teams user": `8:orgid:${world.objectID.alice}`,
  "with a slash and a percent sign": "8:acs:a/b%2Fc_d",
  "without any form": "nonsense",
};

function ids(pkg) {
  for (const [which, communicationUserId] of Object.entries(strangers)) {
    check(`${pkg.label}: an id ${which} is IdentityNotOwned for getToken, revokeTokens and deleteUser`, async () => {
      const acs = plain(pkg);
      await refusals.notOwned(acs.getToken({ communicationUserId }, ["chat"]));
      await refusals.notOwned(acs.revokeTokens({ communicationUserId }));
      await refusals.notOwned(acs.deleteUser({ communicationUserId }));
    });
  }

  check(`${pkg.label}: getToken and revokeTokens after deleteUser are IdentityNotOwned`, async () => {
    const acs = plain(pkg);
    const { user } = await acs.createUserAndToken(["chat"]);
    await acs.deleteUser(user);
    await refusals.notOwned(acs.getToken(user, ["chat"]));
    await refusals.notOwned(acs.revokeTokens(user));
  });
}

function scopes(pkg) {
  const unknown = (scope) => `Provided scope '${scope}' is not supported.`;

  check(`${pkg.label}: unknown scopes, no scopes, and scopes newer than the api-version are ValidationError`, async () => {
    const acs = plain(pkg);
    const user = await acs.createUser();
    const before = (await world.identities()).size;
    for (const scope of ["voice", "CHAT", ""]) {
      await refusedByACS(acs.getToken(user, ["chat", scope]), 400, "ValidationError", unknown(scope), "scopes");
      await refusedByACS(acs.createUserAndToken([scope]), 400, "ValidationError", unknown(scope), "createTokenWithScopes");
    }
    await refusedByACS(acs.getToken(user, []), 400, "ValidationError", "Scopes are required.", "scopes");
    const old = pkg.choosesApi ? plain(pkg, { apiVersion: "2022-10-01" }) : acs;
    await refusedByACS(old.getToken(user, ["voip.join"]), 400, "ValidationError", unknown("voip.join"), "scopes");
    assert.equal((await world.identities()).size, before, "a refused create makes no identity");
  });
}

function apiVersions(pkg) {
  check(`${pkg.label}: an unknown api-version is UnsupportedApiVersion on every call`, async () => {
    const user = await plain(pkg).createUser();
    for (const apiVersion of ["2020-01-01", "2026-09-24", "2025-03-02", "latest"]) {
      await each(pkg, plain(pkg, { apiVersion }), user, (call) => refusals.version(call, apiVersion));
    }
  });

  check(`${pkg.label}: the Teams exchange is UnsupportedApiVersion before 2022-06-01`, async () => {
    const acs = plain(pkg, { apiVersion: "2021-03-07" });
    await refusals.version(acs.getTokenForTeamsUser(teams), "2021-03-07");
  });
}

function bySDK(pkg) {
  check(`${pkg.label}: the SDK refuses a TokenCredential on plain HTTP, and ${pkg.coreHttp ? "takes an access key there" : "an access key there unless asked"}`, async () => {
    const before = (await world.identities()).size;
    const bearer = await refused(connect(pkg, world.plain, holding("any"), insecure).createUser(), { name: "Error" });
    assert.match(bearer.message, /non-TLS protected/);
    const unasked = connect(pkg, world.info.connectionString).createUser();
    if (pkg.coreHttp) await unasked;
    else assert.match((await refused(unasked, { name: "Error" })).message, /while allowInsecureConnection is false/);
    assert.equal((await world.identities()).size, before + (pkg.coreHttp ? 1 : 0));
  });

  check(`${pkg.label}: the SDK refuses an endpoint with a path, and a connection string without a key`, async () => {
    assert.throws(() => connect(pkg, `${world.secure}/acs`, new AzureKeyCredential(world.keys.primary)), /Invalid endpoint url/);
    assert.throws(() => connect(pkg, `endpoint=${world.secure}/`), /Invalid connection string/);
  });

  if (pkg.coreHttp) return; // it has no tlsOptions
  check(`${pkg.label}: Node does not trust the emulator's certificate without its authority`, async () => {
    const acs = connect(pkg, world.secure, new AzureKeyCredential(world.keys.primary), { tlsOptions: { ca: [] }, retryOptions: { maxRetries: 0 } });
    await refused(acs.createUser(), { name: "RestError", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", statusCode: undefined });
  });
}
