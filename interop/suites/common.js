// @azure/communication-common: the credential of the ACS clients, fed by our server, and its identifiers.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import * as common from "@azure/communication-common";
import { refused } from "../lib/expect.js";
import { check, make, use } from "../lib/ledger.js";
import { call, entraToken, forget, token } from "../lib/server.js";
import * as world from "../lib/world.js";

const sdk = "@azure/communication-common";
const credential = (options) => make(sdk, common.AzureCommunicationTokenCredential, options);
const run = (name, ...args) => use(sdk, common[name], ...args);

// refresher is a tokenRefresher that asks our server, and counts how often.
function refresher(entra, route = "POST /getToken", give = (body) => body) {
  const ask = async () => {
    ask.calls++;
    const answer = await call(route, { token: entra });
    if (answer.status >= 300) throw new Error(answer.body.code);
    ask.last = answer.body;
    return give(answer.body);
  };
  ask.calls = 0;
  return ask;
}

check("common: a credential with our token alone gives it back, with its end", async () => {
  const body = token(await call("POST /getToken", { token: await forget("alice") }), 200, 60);
  for (const plain of [body.token, { token: body.token, expiresOnTimestamp: body.expiresOnTimestamp }, body]) {
    const got = await credential(plain).getToken();
    assert.equal(got.token, body.token);
    assert.equal(Math.floor(got.expiresOnTimestamp / 1000), world.claims(body.token).exp);
  }
});

const gives = {
  "the answer of our server as it is": (body) => body,
  "token and expiresOnTimestamp": ({ token: text, expiresOnTimestamp }) => ({ token: text, expiresOnTimestamp }),
  "the token alone": (body) => body.token,
};

for (const [what, give] of Object.entries(gives)) {
  check(`common: a tokenRefresher that returns ${what}: asked when first needed, then not again`, async () => {
    for (const route of ["GET /getToken", "POST /getToken", "POST /refreshToken", "GET /api/token"]) {
      const entra = await entraToken("alice");
      const ask = refresher(entra, route, give);
      const acs = credential({ tokenRefresher: ask });
      assert.equal(ask.calls, 0);
      const got = await acs.getToken();
      assert.equal(got.token, ask.last.token);
      assert.equal(Math.floor(got.expiresOnTimestamp / 1000), Math.floor(ask.last.expiresOnTimestamp / 1000));
      assert.deepEqual(await acs.getToken(), got);
      assert.equal(ask.calls, 1);
      acs.dispose();
    }
  });
}

check("common: parallel getToken calls share one request to our server", async () => {
  const ask = refresher(await entraToken("alice"));
  const acs = credential({ tokenRefresher: ask });
  const tokens = await Promise.all(Array.from({ length: 10 }, () => acs.getToken()));
  assert.equal(new Set(tokens.map((one) => one.token)).size, 1);
  assert.equal(ask.calls, 1);
});

// endingIn is a token, in form only, that ends soon.
function endingIn(milliseconds) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp: (Date.now() + milliseconds) / 1000 })}.x`;
}

check("common: an initial token that has expired is replaced at once", async () => {
  const ask = refresher(await entraToken("alice"), "POST /refreshToken");
  const got = await credential({ tokenRefresher: ask, token: endingIn(-1000) }).getToken();
  assert.equal(got.token, ask.last.token);
});

check("common: refreshProactively asks ten minutes before the end, once, as our tokens live long enough", async () => {
  const ask = refresher(await entraToken("alice"), "POST /refreshToken");
  const acs = credential({ tokenRefresher: ask, token: endingIn(10 * 60_000 + 50), refreshProactively: true });
  const deadline = Date.now() + 10_000;
  let got = await acs.getToken();
  for (const first = got.token; got.token === first; got = await acs.getToken()) {
    assert.ok(Date.now() < deadline, "the token was not refreshed");
    await delay(10);
  }
  assert.ok(got.expiresOnTimestamp > Date.now() + 15 * 60_000);
  assert.deepEqual([got.token, ask.calls], [ask.last.token, 1]);
  acs.dispose();
  await refused(acs.getToken(), { message: "User credential is disposed" });
});

check("common: what our server refuses reaches the caller of getToken", async () => {
  for (const [entra, code] of [[await world.mint({ flaw: "expired" }), "token_expired"], [undefined, "token_missing"]]) {
    await refused(credential({ tokenRefresher: refresher(entra) }).getToken(), { message: code });
  }
});

check("common: a Teams user's token works in a credential, too", async () => {
  const teams = await entraToken("alice", world.scopes.teams);
  const tokenRefresher = async () => (await call("POST /exchangeToken", { token: await entraToken("alice"), teams })).body;
  const got = await credential({ tokenRefresher }).getToken();
  assert.equal(got.expiresOnTimestamp, world.claims(teams).exp * 1000);
});

check("common: our raw ids are communication users and Teams users, there and back", async () => {
  const entra = await entraToken("alice");
  const { user } = (await call("POST /getToken", { token: entra })).body;
  const identifier = run("createIdentifierFromRawId", user.rawId);
  assert.deepEqual(identifier, { kind: "communicationUser", communicationUserId: user.communicationUserId });
  assert.equal(run("isCommunicationUserIdentifier", { communicationUserId: user.communicationUserId }), true);
  assert.equal(run("getIdentifierRawId", { communicationUserId: user.communicationUserId }), user.rawId);
  assert.equal(run("getIdentifierKind", { communicationUserId: user.communicationUserId }).kind, "communicationUser");
  const serialized = run("serializeCommunicationIdentifier", identifier);
  assert.deepEqual(serialized.communicationUser, { id: user.id });
  assert.deepEqual(run("deserializeCommunicationIdentifier", { rawId: user.rawId, communicationUser: { id: user.id } }), identifier);
  const teams = (await call("POST /exchangeToken", { token: entra, teams: await entraToken("alice", world.scopes.teams) })).body.user;
  const teamsIdentifier = run("createIdentifierFromRawId", teams.rawId);
  assert.deepEqual(teamsIdentifier, { kind: "microsoftTeamsUser", microsoftTeamsUserId: teams.microsoftTeamsUserId, cloud: "public", isAnonymous: false });
  assert.equal(run("isMicrosoftTeamsUserIdentifier", teamsIdentifier), true);
  assert.equal(run("getIdentifierRawId", teamsIdentifier), teams.rawId);
});

check("common: the connection string can be parsed", async () => {
  const parsed = run("parseConnectionString", world.info.connectionString);
  assert.deepEqual([parsed.endpoint, parsed.credential.key], [`${world.plain}/`, world.keys.primary]);
  assert.equal(run("isKeyCredential", parsed.credential), true);
  assert.equal(run("parseClientArguments", world.info.connectionString).url, `${world.plain}/`);
});

check("common: the direct exchange of Entra tokens, a preview, is refused at once", async () => {
  const tokenCredential = { getToken: async () => ({ token: await world.mint(), expiresOnTimestamp: Date.now() + 3_600_000 }) };
  for (const scopes of [undefined, ["https://auth.msft.communication.azure.com/TeamsExtension.ManageCalls"]]) {
    const acs = credential({ resourceEndpoint: world.secure, tokenCredential, ...(scopes && { scopes }) });
    await assert.rejects(acs.getToken());
    acs.dispose();
  }
});
