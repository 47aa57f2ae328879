// Our server: every route, with tokens that MSAL got.
import assert from "node:assert/strict";
import { check } from "../lib/ledger.js";
import { publicClient, signIn, ways } from "../lib/msal.js";
import { call, empty, entraToken, forget, metadataURL, ok, problem, teamsToken, token, user } from "../lib/server.js";
import * as world from "../lib/world.js";

const everyone = ["alice", "bob", "carol", "gail"];

for (const method of ["GET", "POST"]) {
  check(`server: ${method} /getUser makes an identity for each user, and then gives it`, async () => {
    const ids = new Set();
    for (const name of everyone) {
      const entra = await forget(name);
      const id = user(await call(`${method} /getUser`, { token: entra }), 201);
      for (const again of ["GET /getUser", "POST /getUser"]) assert.equal(user(await call(again, { token: entra }), 200), id);
      assert.equal((await world.identities()).get(id).deleted, false);
      ids.add(id);
    }
    assert.equal(ids.size, everyone.length);
  });

  check(`server: ${method} /getToken makes the identity, too, and gives a token for an hour`, async () => {
    const entra = await forget("alice");
    const first = token(await call(`${method} /getToken`, { token: entra }), 200, 60);
    const second = token(await call(`${method} /getToken`, { token: entra }), 200, 60);
    assert.equal(second.user.rawId, first.user.rawId);
    assert.equal(user(await call("GET /api/user", { token: entra }), 200), first.user.rawId);
  });

  check(`server: ${method} /refreshToken gives a new token each time`, async () => {
    const entra = await forget("alice");
    const tokens = [];
    for (let i = 0; i < 3; i++) tokens.push(token(await call(`${method} /refreshToken`, { token: entra }), 200, 60));
    assert.equal(new Set(tokens.map((one) => one.token)).size, 3);
    assert.equal(new Set(tokens.map((one) => one.user.rawId)).size, 1);
  });

  check(`server: ${method} /api/token is 404 without an identity, and then gives a token for a day`, async () => {
    const entra = await forget("alice");
    problem(await call(`${method} /api/token`, { token: entra }), 404, "identity_not_found");
    const id = user(await call("POST /api/user", { token: entra }), 201);
    assert.equal(token(await call(`${method} /api/token`, { token: entra }), 201, 1440).user.rawId, id);
  });
}

check("server: a user is the same user with a v1 token, a v2 token, and from either authority", async () => {
  const id = user(await call("GET /getUser", { token: await forget("bob") }), 201);
  const tokens = [await world.mint({ user: "bob", version: "1.0" }), await world.mint({ user: "bob", version: "2.0" })];
  for (const way of Object.values(ways)) tokens.push((await signIn(publicClient(way), "bob")).accessToken);
  for (const one of tokens) assert.equal(user(await call("GET /getUser", { token: one }), 200), id);
});

check("server: many first calls at once for one user make one identity", async () => {
  const entra = await forget("alice");
  const before = (await world.identities()).size;
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => call(["GET /getUser", "POST /getUser", "POST /api/user"][i % 3], { token: entra })));
  const ids = answers.map((answer) => user(answer, answer.status));
  assert.equal(new Set(ids).size, 1);
  assert.ok(answers.every((answer) => answer.status === 200 || answer.status === 201));
  assert.equal((await world.identities()).size, before + 1);
});

check("server: a request may narrow scopes and lifetime, by query with GET and by body with POST", async () => {
  const entra = await forget("alice");
  for (const scopes of [["chat"], ["voip"], ["chat", "voip"], ["chat.join"], ["chat.join.limited", "voip.join"]]) {
    token(await call(`GET /getToken?scopes=${scopes}`, { token: entra }), 200, 60, scopes);
    token(await call("POST /getToken", { token: entra, body: { scopes } }), 200, 60, scopes);
    token(await call("POST /refreshToken", { token: entra, body: { scopes, expiresInMinutes: 60 } }), 200, 60, scopes);
  }
  for (const minutes of [60, 61, 1440]) {
    token(await call(`GET /api/token?expiresInMinutes=${minutes}`, { token: entra }), 201, minutes);
    token(await call("POST /api/token", { token: entra, body: { expiresInMinutes: minutes, scopes: ["voip"] } }), 201, minutes, ["voip"]);
  }
});

for (const [route, status] of [["/exchangeToken", 200], ["/api/token/teams", 201]]) {
  check(`server: ${route} takes the Teams token by header and by body`, async () => {
    for (const name of ["alice", "bob"]) {
      const entra = await entraToken(name);
      const teams = await entraToken(name, world.scopes.teams);
      teamsToken(await call(`POST ${route}`, { token: entra, teams }), status, world.objectID[name], teams);
      teamsToken(await call(`GET ${route}`, { token: entra, teams }), status, world.objectID[name], teams);
      teamsToken(await call(`POST ${route}`, { token: entra, body: { teamsUserAadToken: teams } }), status, world.objectID[name], teams);
      teamsToken(await call(`POST ${route}`, { token: entra, teams, body: { teamsUserAadToken: teams } }), status, world.objectID[name], teams);
    }
  });
}

check("server: exchanging a Teams token makes no identity", async () => {
  const entra = await forget("alice");
  const before = (await world.identities()).size;
  const teams = await entraToken("alice", world.scopes.teams);
  teamsToken(await call("POST /exchangeToken", { token: entra, teams }), 200, world.objectID.alice, teams);
  problem(await call("GET /api/user", { token: entra }), 404, "identity_not_found");
  assert.equal((await world.identities()).size, before);
});

check("server: POST /revokeTokens, with and without an identity", async () => {
  const entra = await forget("alice");
  empty(await call("POST /revokeTokens", { token: entra }), 204);
  const { user: { rawId } } = token(await call("POST /getToken", { token: entra }), 200, 60);
  const revoked = (await world.admin("/counters")).acs.revoke ?? 0;
  empty(await call("POST /revokeTokens", { token: entra, body: {} }), 204);
  assert.equal((await world.admin("/counters")).acs.revoke, revoked + 1);
  assert.equal(token(await call("POST /getToken", { token: entra }), 200, 60).user.rawId, rawId);
});

check("server: the life of /api/user: 404, 201, 200, 204, 404, 204, and another identity after it", async () => {
  const entra = await forget("carol");
  problem(await call("GET /api/user", { token: entra }), 404, "identity_not_found");
  const id = user(await call("POST /api/user", { token: entra }), 201);
  assert.equal(user(await call("POST /api/user", { token: entra }), 200), id);
  assert.equal(user(await call("GET /api/user", { token: entra }), 200), id);
  empty(await call("DELETE /api/user", { token: entra }), 204);
  assert.equal((await world.identities()).get(id).deleted, true);
  problem(await call("GET /api/user", { token: entra }), 404, "identity_not_found");
  empty(await call("DELETE /api/user", { token: entra }), 204);
  assert.notEqual(user(await call("POST /api/user", { token: entra }), 201), id);
});

check("server: a warm token needs neither Entra ID nor Graph nor ACS, and a fresh one a single call of ACS", async () => {
  const entra = await forget("alice");
  await call("POST /getToken", { token: entra });
  const before = await world.admin("/counters");
  for (let i = 0; i < 5; i++) await call("POST /getToken", { token: entra });
  const after = await world.admin("/counters");
  assert.deepEqual([after.entra, after.graph], [before.entra, before.graph]);
  assert.deepEqual(after.acs, before.acs);
  await call("POST /refreshToken", { token: entra });
  assert.equal((await world.admin("/counters")).acs.issue, before.acs.issue + 1);
});

check("server: after Entra ID rotated its keys, tokens of the new key and of the old one are good", async () => {
  const old = await forget("alice");
  await world.admin("/keys/rotate", {});
  const fresh = (await signIn(publicClient(), "alice")).accessToken;
  assert.notEqual(world.header(fresh).kid, world.header(old).kid);
  const id = user(await call("POST /getUser", { token: fresh }), 201);
  assert.equal(user(await call("POST /getUser", { token: old }), 200), id);
});

check("server: the routes without a token", async () => {
  assert.deepEqual(ok(await call("GET /livez"), 200, ["status"]), { status: "ok" });
  assert.deepEqual(ok(await call("GET /readyz"), 200, ["status"]), { status: "ready" });
  for (const path of ["/livez", "/readyz", "/openapi.yaml"]) assert.equal((await call(`HEAD ${path}`, { anyCache: true })).status, 200);
  const contract = await call("GET /openapi.yaml", { anyCache: true });
  assert.deepEqual([contract.status, contract.headers.get("content-type")], [200, "application/yaml"]);
  assert.match(contract.text, /^openapi: ["']?3\.1\./m);
});

check("server: the protected resource metadata names issuer and scope (RFC 9728)", async () => {
  const answer = await call(`GET ${new URL(metadataURL).pathname}`, { anyCache: true });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.body, {
    resource: new URL(metadataURL).origin, authorization_servers: [`${world.info.authority}/v2.0`],
    scopes_supported: [world.scopes.api], bearer_methods_supported: ["header"], resource_name: "acsauth",
  });
});

check("server: a page of any origin may call it in development, and read challenges and errors", async () => {
  const origin = "http://localhost:3000";
  const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,teams-user-aad-token" };
  const preflight = await call("OPTIONS /getToken", { headers });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.deepEqual(preflight.headers.get("access-control-allow-methods").split(", "), ["GET", "POST"]);
  const allowed = preflight.headers.get("access-control-allow-headers").toLowerCase().split(", ");
  for (const name of ["authorization", "content-type", "teams-user-aad-token"]) assert.ok(allowed.includes(name), name);
  const refusal = await call("GET /getToken", { headers: { origin } });
  problem(refusal, 401, "token_missing", {});
  assert.equal(refusal.headers.get("access-control-allow-origin"), "*");
  for (const name of ["WWW-Authenticate", "Retry-After"]) assert.ok(refusal.headers.get("access-control-expose-headers").includes(name), name);
});

check("server: the request id of the client comes back", async () => {
  const answer = await call("GET /getUser", { headers: { "x-request-id": "interop-1.2_3" } });
  assert.equal(problem(answer, 401, "token_missing", {}).instance, "interop-1.2_3");
});
