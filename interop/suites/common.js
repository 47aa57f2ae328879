// @azure/communication-common: the credential and the identifiers of the ACS clients, fed by our server.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { refused } from "../lib/expect.js";
import { check, make, use } from "../lib/ledger.js";
import { call, entraToken, forget, token } from "../lib/server.js";
import * as world from "../lib/world.js";

// refresher is a tokenRefresher that asks our server, and counts how often.
function refresher(entra, route = "POST /getToken", give = (body) => body.token) {
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

// commonSuite checks a version of the package.
export function commonSuite(pkg) {
  const credential = (options) => make(pkg.sdk, pkg.module.AzureCommunicationTokenCredential, options);
  const run = (name, ...args) => use(pkg.sdk, pkg.module[name], ...args);
  stillTokens(pkg, credential);
  refreshing(pkg, credential);
  proactive(pkg, credential);
  refusedRefresh(pkg, credential);
  identifiers(pkg, run);
  if (pkg.rawIds) rawIds(pkg, run);
}

function stillTokens(pkg, credential) {
  check(`${pkg.label}: a credential with our token alone gives it back, with its end`, async () => {
    const body = token(await call("POST /getToken", { token: await forget("alice") }), 200, 60);
    const forms = pkg.objects ? [body.token, { token: body.token, expiresOnTimestamp: body.expiresOnTimestamp }, body] : [body.token];
    for (const form of forms) {
      const got = await credential(form).getToken();
      assert.equal(got.token, body.token);
      assert.equal(Math.floor(got.expiresOnTimestamp / 1000), world.claims(body.token).exp);
    }
  });

  check(`${pkg.label}: a credential that was disposed of gives nothing`, async () => {
    const acs = credential(token(await call("POST /getToken", { token: await entraToken("alice") }), 200, 60).token);
    await acs.getToken();
    acs.dispose();
    await refused(acs.getToken(), { message: "User credential is disposed" });
  });
}

const gives = {
  "the token alone": (body) => body.token,
  "the answer of our server as it is": (body) => body,
  "token and expiresOnTimestamp": ({ token: text, expiresOnTimestamp }) => ({ token: text, expiresOnTimestamp }),
};

function refreshing(pkg, credential) {
  for (const [what, give] of Object.entries(gives).slice(0, pkg.objects ? undefined : 1)) {
    check(`${pkg.label}: a tokenRefresher that returns ${what}: asked when first needed, then not again`, async () => {
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

  check(`${pkg.label}: parallel getToken calls share one request to our server`, async () => {
    const ask = refresher(await entraToken("alice"));
    const acs = credential({ tokenRefresher: ask });
    const tokens = await Promise.all(Array.from({ length: 10 }, () => acs.getToken()));
    assert.equal(new Set(tokens.map((one) => one.token)).size, 1);
    assert.equal(ask.calls, 1);
  });

  check(`${pkg.label}: an initial token that has expired is replaced at once`, async () => {
    const ask = refresher(await entraToken("alice"), "POST /refreshToken");
    const got = await credential({ tokenRefresher: ask, token: endingIn(-1000) }).getToken();
    assert.equal(got.token, ask.last.token);
  });
}

// endingIn is a token, in form only, that ends soon.
function endingIn(milliseconds) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp: (Date.now() + milliseconds) / 1000 })}.x`;
}

function proactive(pkg, credential) {
  check(`${pkg.label}: refreshProactively asks ten minutes before the end, once, as our tokens live long enough`, async () => {
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
  });
}

function refusedRefresh(pkg, credential) {
  check(`${pkg.label}: what our server refuses reaches the caller of getToken`, async () => {
    for (const [entra, code] of [[await world.mint({ flaw: "expired" }), "token_expired"], [undefined, "token_missing"]]) {
      await refused(credential({ tokenRefresher: refresher(entra) }).getToken(), { message: code });
    }
  });

  check(`${pkg.label}: a Teams user's token works in a credential, too`, async () => {
    const teams = await entraToken("alice", world.scopes.teams);
    const tokenRefresher = async () => (await call("POST /exchangeToken", { token: await entraToken("alice"), teams })).body.token;
    const got = await credential({ tokenRefresher }).getToken();
    assert.equal(got.expiresOnTimestamp, world.claims(teams).exp * 1000);
  });
}

function identifiers(pkg, run) {
  check(`${pkg.label}: our ids are communication users and Teams users, there and back`, async () => {
    const entra = await entraToken("alice");
    const { user } = (await call("POST /getToken", { token: entra })).body;
    const identifier = { communicationUserId: user.communicationUserId };
    assert.equal(run("isCommunicationUserIdentifier", identifier), true);
    assert.equal(run("getIdentifierKind", identifier).kind, "communicationUser");
    const serialized = run("serializeCommunicationIdentifier", identifier);
    assert.deepEqual(serialized.communicationUser, { id: user.id });
    assert.deepEqual(run("deserializeCommunicationIdentifier", { rawId: user.rawId, communicationUser: { id: user.id } }), { kind: "communicationUser", ...identifier });
    const teams = (await call("POST /exchangeToken", { token: entra, teams: await entraToken("alice", world.scopes.teams) })).body.user;
    const teamsIdentifier = { microsoftTeamsUserId: teams.microsoftTeamsUserId };
    assert.equal(run("isMicrosoftTeamsUserIdentifier", teamsIdentifier), true);
    assert.equal(run("serializeCommunicationIdentifier", teamsIdentifier).microsoftTeamsUser.userId, teams.microsoftTeamsUserId);
  });

  check(`${pkg.label}: the connection string can be parsed`, async () => {
    const parsed = run("parseConnectionString", world.info.connectionString);
    assert.deepEqual([parsed.endpoint, parsed.credential.key], [`${world.plain}/`, world.keys.primary]);
    assert.equal(run("isKeyCredential", parsed.credential), true);
    assert.equal(run("parseClientArguments", world.info.connectionString).url, `${world.plain}/`);
    assert.throws(() => run("parseConnectionString", `endpoint=${world.plain}/`), /Invalid connection string/);
  });
}

function rawIds(pkg, run) {
  check(`${pkg.label}: our raw ids become identifiers, and are made of them`, async () => {
    const entra = await entraToken("alice");
    const { user } = (await call("POST /getToken", { token: entra })).body;
    const identifier = run("createIdentifierFromRawId", user.rawId);
    assert.deepEqual(identifier, { kind: "communicationUser", communicationUserId: user.communicationUserId });
    assert.equal(run("getIdentifierRawId", { communicationUserId: user.communicationUserId }), user.rawId);
    const teams = (await call("POST /exchangeToken", { token: entra, teams: await entraToken("alice", world.scopes.teams) })).body.user;
    const teamsIdentifier = run("createIdentifierFromRawId", teams.rawId);
    assert.deepEqual(teamsIdentifier, { kind: "microsoftTeamsUser", microsoftTeamsUserId: teams.microsoftTeamsUserId, cloud: "public", isAnonymous: false });
    assert.equal(run("getIdentifierRawId", teamsIdentifier), teams.rawId);
  });
}
