// @azure/communication-identity: what the emulated ACS refuses, and what the SDK refuses before it asks.
import assert from "node:assert/strict";
import { CommunicationIdentityClient } from "@azure/communication-identity";
import { AzureKeyCredential } from "@azure/core-auth";
import { ClientSecretCredential } from "@azure/identity";
import { refusals, refused, refusedByACS } from "../lib/expect.js";
import { check, make } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const sdk = "@azure/communication-identity";
const insecure = { allowInsecureConnection: true };
const client = (...args) => make(sdk, CommunicationIdentityClient, ...args);
const good = () => client(world.info.connectionString, insecure);
const known = async () => good().createUser();
const teams = { teamsUserAadToken: "any", clientId: world.spa.id, userObjectId: world.objectID.alice };

// each calls all six methods of a client, one after the other, and asserts how each ends.
async function each(acs, user, end) {
  await end(acs.createUser());
  await end(acs.createUserAndToken(["chat"]));
  await end(acs.getToken(user, ["chat"]));
  await end(acs.revokeTokens(user));
  await end(acs.deleteUser(user));
  await end(acs.getTokenForTeamsUser(teams));
}

check("identity: a wrong key is Denied on every call", async () => {
  const user = await known();
  const before = await world.identities();
  const wrong = [
    client(world.plain, new AzureKeyCredential(world.keys.wrong), insecure),
    client(`endpoint=${world.secure}/;accesskey=${world.keys.wrong}`),
  ];
  for (const acs of wrong) await each(acs, user, refusals.denied);
  assert.deepEqual(await world.identities(), before, "a denied call changes nothing");
});

// holding returns a credential that hands out one token.
const holding = (token) => ({ getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) });

check("identity: a bearer token that is expired, forged, or not for ACS is Denied on every call", async () => {
  const user = await known();
  const acsAudience = { appOnly: true, audience: "https://communication.azure.com/" };
  const tokens = [
    "not a token", await world.mint({ ...acsAudience, flaw: "expired" }), await world.mint({ ...acsAudience, flaw: "signature" }),
    await world.mint({ ...acsAudience, flaw: "unknownKey" }), await world.mint({ ...acsAudience, flaw: "algNone" }),
    await world.mint({ appOnly: true }), await world.mint({ flaw: "graph" }),
  ];
  for (const token of tokens) await each(client(world.secure, holding(token)), user, refusals.denied);
});

check("identity: ClientSecretCredential with a wrong secret fails before ACS is asked", async () => {
  const credential = make("@azure/identity", ClientSecretCredential, world.tenant, world.daemon.id, "wrong",
    { authorityHost: world.secure, disableInstanceDiscovery: true });
  const error = await refused(client(world.secure, credential).createUser(), { name: "AuthenticationRequiredError" });
  assert.match(error.message, /invalid_client.*AADSTS7000215/s);
});

const strangers = {
  "of another resource": "8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081",
  "that nobody made": `8:acs:${world.resource}_00000005-14a2-493b-8a72-5a3a0d000081`,
  "of a Teams user": `8:orgid:${world.objectID.alice}`,
  "with a slash and a percent sign": "8:acs:a/b%2Fc_d",
  "without any form": "nonsense",
};

for (const [which, communicationUserId] of Object.entries(strangers)) {
  check(`identity: an id ${which} is IdentityNotOwned for getToken, revokeTokens and deleteUser`, async () => {
    const acs = good();
    await refusals.notOwned(acs.getToken({ communicationUserId }, ["chat"]));
    await refusals.notOwned(acs.revokeTokens({ communicationUserId }));
    await refusals.notOwned(acs.deleteUser({ communicationUserId }));
  });
}

check("identity: getToken and revokeTokens after deleteUser are IdentityNotOwned", async () => {
  const acs = good();
  const { user } = await acs.createUserAndToken(["chat"]);
  await acs.deleteUser(user);
  await refusals.notOwned(acs.getToken(user, ["chat"]));
  await refusals.notOwned(acs.revokeTokens(user));
});

check("identity: unknown scopes, no scopes, and scopes newer than the api-version are ValidationError", async () => {
  const acs = good();
  const user = await acs.createUser();
  const before = (await world.identities()).size;
  for (const scope of ["voice", "CHAT", ""]) {
    await refusedByACS(acs.getToken(user, ["chat", scope]), 400, "ValidationError", `Provided scope '${scope}' is not supported.`, "scopes");
    await refusedByACS(acs.createUserAndToken([scope]), 400, "ValidationError", `Provided scope '${scope}' is not supported.`, "createTokenWithScopes");
  }
  await refusedByACS(acs.getToken(user, []), 400, "ValidationError", "Scopes are required.", "scopes");
  const old = client(world.info.connectionString, { ...insecure, apiVersion: "2022-10-01" });
  await refusedByACS(old.getToken(user, ["voip.join"]), 400, "ValidationError", "Provided scope 'voip.join' is not supported.", "scopes");
  assert.equal((await world.identities()).size, before, "a refused create makes no identity");
});

check("identity: an unknown api-version is UnsupportedApiVersion on every call", async () => {
  const user = await known();
  for (const apiVersion of ["2020-01-01", "2026-09-24", "2025-03-02", "latest"]) {
    const acs = client(world.info.connectionString, { ...insecure, apiVersion });
    await each(acs, user, (call) => refusals.version(call, apiVersion));
  }
});

check("identity: the Teams exchange is UnsupportedApiVersion before 2022-06-01", async () => {
  const acs = client(world.info.connectionString, { ...insecure, apiVersion: "2021-03-07" });
  await refusals.version(acs.getTokenForTeamsUser(teams), "2021-03-07");
});

check("identity: the SDK itself refuses plain HTTP unless asked, and a TokenCredential on plain HTTP always", async () => {
  const before = (await world.identities()).size;
  const unasked = await refused(client(world.info.connectionString).createUser(), { name: "Error" });
  assert.match(unasked.message, /while allowInsecureConnection is false/);
  const bearer = await refused(client(world.plain, holding("any"), insecure).createUser(), { name: "Error" });
  assert.match(bearer.message, /non-TLS protected/);
  assert.equal((await world.identities()).size, before);
});

check("identity: the SDK refuses an endpoint with a path, and a connection string without a key", async () => {
  assert.throws(() => client(`${world.secure}/acs`, new AzureKeyCredential(world.keys.primary)), /Invalid endpoint url/);
  assert.throws(() => client(`endpoint=${world.secure}/`), /Invalid connection string/);
});

check("identity: Node does not trust the emulator's certificate without its authority", async () => {
  const acs = client(world.secure, new AzureKeyCredential(world.keys.primary), { tlsOptions: { ca: [] }, retryOptions: { maxRetries: 0 } });
  await refused(acs.createUser(), { name: "RestError", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", statusCode: undefined });
});
