// The clients of the public samples, written as those samples are: what they call, and which members of the answer they read.
import assert from "node:assert/strict";
import { check } from "../lib/ledger.js";
import { call, empty, entraToken, forget, problem } from "../lib/server.js";
import * as world from "../lib/world.js";

const isJWT = (text) => assert.match(text, /^[\w-]+\.[\w-]+\.[\w-]+$/);

check("sample: MinimalClient makes the user, gets a token, and reads token and user.id", async () => {
  const token = await forget("alice");
  const created = await call("POST /api/user", { token, headers: { "content-type": "application/json" } });
  assert.equal(created.status, 201);
  const answer = await call("GET /api/token", { token, headers: { "content-type": "application/json" } });
  assert.equal(answer.status, 201);
  isJWT(answer.body.token);
  assert.equal(answer.body.user.id, created.body.acsUserIdentity);
});

check("sample: MinimalClient exchanges a Teams token by the header teams-user-aad-token", async () => {
  const answer = await call("GET /api/token/teams", {
    token: await entraToken("alice"), headers: { "content-type": "application/json", "teams-user-aad-token": await entraToken("alice", world.scopes.teams) },
  });
  assert.equal(answer.status, 201);
  isJWT(answer.body.token);
  assert.ok(Date.parse(answer.body.expiresOn) > Date.now());
});

check("sample: the five routes of the node sample: GET, POST and DELETE /api/user, /api/token, /api/token/teams", async () => {
  const token = await forget("bob");
  problem(await call("GET /api/user", { token }), 404, "identity_not_found");
  problem(await call("GET /api/token", { token }), 404, "identity_not_found");
  const created = await call("POST /api/user", { token });
  assert.equal(created.status, 201);
  assert.match(created.body.acsUserIdentity, world.identityForm);
  assert.equal((await call("POST /api/user", { token })).status, 200);
  const found = await call("GET /api/user", { token });
  assert.deepEqual([found.status, found.body.acsUserIdentity], [200, created.body.acsUserIdentity]);
  const { status, body: { token: acsToken, expiresOn, user: { communicationUserId } } } = await call("GET /api/token", { token });
  assert.deepEqual([status, communicationUserId], [201, created.body.acsUserIdentity]);
  isJWT(acsToken);
  assert.equal(new Date(expiresOn).toISOString().replace(".000Z", "Z"), expiresOn);
  const teams = await call("GET /api/token/teams", { token, teams: await entraToken("bob", world.scopes.teams) });
  assert.equal(teams.status, 201);
  isJWT(teams.body.token);
  empty(await call("DELETE /api/user", { token }), 204);
});

check("sample: the C# sample's token answer is token, expiresOn and user.id", async () => {
  const token = await forget("bob");
  const { acsUserIdentity } = (await call("POST /api/user", { token })).body;
  const { body } = await call("GET /api/token", { token });
  assert.equal(body.user.id, acsUserIdentity);
  assert.equal(body.user.rawId, acsUserIdentity);
  assert.ok(new Date(body.expiresOn) > new Date());
});

check("sample: the iOS and Android calling samples GET one URL and read token, now and when they refresh", async () => {
  const token = await forget("alice");
  const tokens = [];
  for (let i = 0; i < 2; i++) {
    const { status, body } = await call("GET /getToken", { token });
    assert.equal(status, 200);
    isJWT(body.token);
    tokens.push(world.claims(body.token).skypeid);
  }
  assert.equal(tokens[0], tokens[1]);
});

check("sample: the web calling and chat samples read token, expiresOn and user.communicationUserId, and the endpoint", async () => {
  const token = await forget("alice");
  for (const route of ["GET /getToken", "POST /refreshToken"]) {
    const { body } = await call(route, { token });
    isJWT(body.token);
    assert.match(body.user.communicationUserId, world.identityForm);
    assert.ok(Date.parse(body.expiresOn) > Date.now());
    assert.equal(body.endpoint, world.info.acs);
  }
});

check("sample: a client that sees 401 signs in again and goes on", async () => {
  const stale = await world.mint({ user: "alice", flaw: "expired" });
  const refused = await call("GET /api/token", { token: stale });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate"), /error="invalid_token"/);
  assert.equal((await call("POST /api/user", { token: await entraToken("alice") })).status < 300, true);
  assert.equal((await call("GET /api/token", { token: await entraToken("alice") })).status, 201);
});
