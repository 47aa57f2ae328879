// Our server and the official SDK at one ACS resource: what the one makes the other can use. And our server when ACS has a bad moment.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { refusals } from "../lib/expect.js";
import { newest as sdk } from "../lib/identity.js";
import { check } from "../lib/ledger.js";
import { call, challenges, empty, forget, problem, token, user } from "../lib/server.js";
import * as world from "../lib/world.js";

check("server and SDK: the SDK issues and revokes tokens for an identity that our server made, until it is deleted", async () => {
  const entra = await forget("alice");
  const communicationUserId = user(await call("POST /getUser", { token: entra }), 201);
  const got = await sdk().getToken({ communicationUserId }, ["chat", "voip"]);
  const ours = token(await call("POST /getToken", { token: entra }), 200, 60);
  assert.equal(world.claims(got.token).skypeid, world.claims(ours.token).skypeid);
  await sdk().revokeTokens({ communicationUserId });
  empty(await call("DELETE /api/user", { token: entra }), 204);
  await refusals.notOwned(sdk().getToken({ communicationUserId }, ["chat"]));
  await refusals.notOwned(sdk().revokeTokens({ communicationUserId }));
});

check("server and SDK: an identity that is deleted behind our server's back is identity_lost, and DELETE mends it", async () => {
  const entra = await forget("alice");
  const communicationUserId = user(await call("POST /getUser", { token: entra }), 201);
  await sdk().deleteUser({ communicationUserId });
  for (const route of ["POST /getToken", "POST /refreshToken", "GET /api/token"]) problem(await call(route, { token: entra }), 409, "identity_lost", challenges.none);
  empty(await call("DELETE /api/user", { token: entra }), 204);
  assert.notEqual(user(await call("POST /getUser", { token: entra }), 201), communicationUserId);
  token(await call("POST /getToken", { token: entra }), 200, 60);
});

check("server and SDK: a Teams exchange of both gives the same user", async () => {
  const teams = await world.mint({ user: "alice", teams: true });
  const got = await sdk().getTokenForTeamsUser({ teamsUserAadToken: teams, clientId: world.spa.id, userObjectId: world.objectID.alice });
  const ours = await call("POST /exchangeToken", { token: await world.mint({ user: "alice" }), teams });
  assert.equal(world.claims(ours.body.token).skypeid, world.claims(got.token).skypeid);
  assert.equal(Date.parse(ours.body.expiresOn), got.expiresOn.getTime());
});

check("server: one bad answer of ACS to a call that may be repeated is not seen by the caller", async () => {
  const entra = await forget("alice");
  user(await call("POST /getUser", { token: entra }), 201);
  for (const what of [...[408, 429, 500, 502, 503, 504].map((status) => ({ status })), { dropBefore: true }, { dropAfter: true }]) {
    await world.fault("issue", what);
    token(await call("POST /refreshToken", { token: entra }), 200, 60);
  }
  assert.deepEqual(await world.admin("/faults"), []);
});

// How ACS fails, how often our server asks, and what the caller gets.
const lasting = [
  [{ status: 429, retryAfter: "7" }, 1, 429, "acs_throttled", "7"], // too long to wait for
  [{ status: 401 }, 1, 502, "acs_denied", null],
  [{ status: 403 }, 1, 502, "acs_denied", null],
  [{ status: 400 }, 1, 502, "acs_rejected", null],
  [{ status: 500 }, 3, 503, "acs_unavailable", "1"],
  [{ dropBefore: true }, 3, 503, "acs_unavailable", "1"],
];

for (const [what, tries, status, code, retryAfter] of lasting) {
  check(`server: ${JSON.stringify(what)} of ACS is ${code} after ${tries} tries`, async () => {
    const entra = await forget("alice");
    user(await call("POST /getUser", { token: entra }), 201);
    await world.fault("issue", what, tries);
    const answer = await call("POST /getToken", { token: entra });
    problem(answer, status, code, challenges.none);
    assert.equal(answer.headers.get("retry-after"), retryAfter);
    assert.deepEqual(await world.admin("/faults"), [], "as many tries as expected");
    token(await call("POST /getToken", { token: entra }), 200, 60);
  });
}

for (const what of [{ dropAfter: true }, { statusAfter: 503 }]) {
  check(`server: one create whose answer was lost (${JSON.stringify(what)}) is made good under a new attempt; one identity is shown, one is left over`, async () => {
    const entra = await forget("alice");
    const before = (await world.identities()).size;
    await world.fault("create", what);
    const id = user(await call("POST /getUser", { token: entra }), 201);
    assert.equal(user(await call("GET /getUser", { token: entra }), 200), id);
    assert.equal((await world.identities()).size, before + 2);
  });
}

for (const [what, times] of [[{ dropAfter: true }, 2], [{ badJson: true }, 1]]) {
  check(`server: a create whose outcome stays unknown (${JSON.stringify(what)}) is told, and the caller's repeat gives one identity`, async () => {
    const entra = await forget("alice");
    const before = await world.identities();
    await world.fault("create", what, times);
    const answer = await call("POST /getUser", { token: entra });
    problem(answer, 503, "create_outcome_unknown", challenges.none);
    assert.equal(answer.headers.get("retry-after"), "2");
    assert.equal((await world.identities()).size, before.size + times);
    problem(await call("GET /api/user", { token: entra }), 404, "identity_not_found");
    const id = user(await call("POST /getUser", { token: entra }), 201);
    assert.equal(before.has(id), false);
    assert.equal((await world.identities()).size, before.size + times + 1);
    assert.equal(user(await call("GET /getUser", { token: entra }), 200), id);
  });
}

check("server: a throttled create makes nothing; creates rest for the time that ACS asked for, tokens go on; then it works", async () => {
  const known = await forget("bob");
  user(await call("POST /getUser", { token: known }), 201);
  const entra = await forget("alice");
  const before = (await world.identities()).size;
  await world.fault("create", { status: 429, retryAfter: "1" });
  for (let i = 0; i < 2; i++) { // the second is not sent
    const answer = await call("POST /getUser", { token: entra });
    problem(answer, 429, "acs_throttled", challenges.none);
    assert.equal(answer.headers.get("retry-after"), "1");
  }
  token(await call("POST /getToken", { token: known }), 200, 60);
  assert.equal((await world.identities()).size, before);
  const deadline = Date.now() + 10_000;
  let answer = await call("POST /getUser", { token: entra });
  for (; answer.status === 429 && Date.now() < deadline; answer = await call("POST /getUser", { token: entra })) await delay(100);
  user(answer, 201);
  assert.equal((await world.identities()).size, before + 1);
});
