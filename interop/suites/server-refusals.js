// Our server: what it refuses, by status, problem code and challenge.
import assert from "node:assert/strict";
import { request } from "node:http";
import { check, record } from "../lib/ledger.js";
import { confidential, publicClient, signIn, ways } from "../lib/msal.js";
import { call, challenges, entraToken, forget, problem } from "../lib/server.js";
import * as world from "../lib/world.js";

const userRoutes = [
  "GET /getUser", "POST /getUser", "GET /getToken", "POST /getToken", "GET /refreshToken", "POST /refreshToken", "GET /exchangeToken",
  "POST /exchangeToken", "POST /revokeTokens", "GET /api/user", "POST /api/user", "DELETE /api/user", "GET /api/token", "POST /api/token",
  "GET /api/token/teams", "POST /api/token/teams",
];

const flaws = {
  expired: [401, "token_expired"], notYetValid: [401, "token_not_yet_valid"], longLived: [401, "token_lifetime"],
  audience: [401, "token_audience"], issuer: [401, "token_issuer"], tenant: [401, "token_tenant"], noTenantID: [401, "token_tenant"],
  noObjectID: [401, "token_subject"], idToken: [401, "token_is_id_token"], graph: [401, "token_for_graph"],
  unknownKey: [401, "token_key_unknown"], foreignKey: [401, "token_signature"], signature: [401, "token_signature"],
  algNone: [401, "token_invalid"], algHS256: [401, "token_invalid"], noKeyID: [401, "token_invalid"],
};

for (const [flaw, [status, code]] of Object.entries(flaws)) {
  check(`refusal: a token with the flaw ${flaw} is ${code}, v1 or v2`, async () => {
    const before = await world.identities();
    for (const version of ["1.0", "2.0"]) {
      problem(await call("POST /getToken", { token: await world.mint({ flaw, version }) }), status, code, challenges.token);
    }
    assert.deepEqual(await world.identities(), before, "nothing was done");
  });
}

check("refusal: no token, on every route", async () => {
  for (const route of userRoutes) problem(await call(route), 401, "token_missing", challenges.plain);
});

check("refusal: an expired token, on every route", async () => {
  const token = await world.mint({ flaw: "expired" });
  for (const route of userRoutes) problem(await call(route, { token }), 401, "token_expired", challenges.token);
});

check("refusal: a token without the scope access_as_user, on every route", async () => {
  for (const scopes of [["access_as_users"], ["not_access_as_user"], ["Access_As_User"]]) {
    const token = await world.mint({ scopes });
    for (const route of userRoutes) problem(await call(route, { token }), 403, "token_scope", challenges.scope);
  }
});

check("refusal: a daemon's token from MSAL has no user, on every route", async () => {
  const app = confidential(ways.https, world.daemon);
  const { accessToken } = await app.acquireTokenByClientCredential({ scopes: [`api://${world.api.id}/.default`] });
  for (const route of userRoutes) problem(await call(route, { token: accessToken }), 403, "token_app_only", challenges.scope);
});

check("refusal: the other tokens that MSAL gives out are not tokens for this server", async () => {
  const app = publicClient();
  const signedIn = await signIn(app, "alice");
  problem(await call("GET /getUser", { token: signedIn.idToken }), 401, "token_is_id_token", challenges.token);
  const graph = await app.acquireTokenSilent({ scopes: [world.scopes.graph], account: signedIn.account });
  problem(await call("GET /getUser", { token: graph.accessToken }), 401, "token_for_graph", challenges.token);
  const teams = await app.acquireTokenSilent({ scopes: world.scopes.teams, account: signedIn.account });
  problem(await call("GET /getUser", { token: teams.accessToken }), 401, "token_kind", challenges.token);
});

check("refusal: the ACS token that this server gave out is not a token for it", async () => {
  const own = await call("POST /getToken", { token: await entraToken("alice") });
  problem(await call("GET /getUser", { token: own.body.token }), 401, "token_kind", challenges.token);
});

check("refusal: a client application that is not on the list", async () => {
  const token = await world.mint({ client: "11111111-2222-4333-8444-555555555555" });
  problem(await call("GET /getUser", { token }), 403, "token_client", challenges.none);
});

check("refusal: an Authorization header that is malformed, or is there twice", async () => {
  const token = await entraToken("alice");
  for (const authorization of ["Bearer", `Basic ${token}`, token, `Bearer ${token}, Bearer ${token}`, `Bearer  ${token}`, `Bearer "${token}"`, `Bearer ${token} x`]) {
    problem(await call("GET /getUser", { headers: { authorization } }), 400, "token_malformed", challenges.request);
  }
  const twice = await rawGet("/getUser", ["Authorization", `Bearer ${token}`, "Authorization", `Bearer ${token}`]);
  assert.deepEqual([twice.status, JSON.parse(twice.text).code], [400, "token_malformed"]);
  problem(await call(`GET /getUser?access_token=${token}`), 400, "token_malformed", challenges.request);
  assert.equal((await call("GET /getUser", { headers: { authorization: `bearer ${token}` } })).status < 300, true, "the scheme has no case");
});

// rawGet sends header lines that fetch would join.
function rawGet(path, headers) {
  record("acsauth (HTTP)", `GET ${path}`);
  return new Promise((resolve, reject) => {
    const ask = request(world.info.server + path, { headers: ["Host", new URL(world.info.server).host, ...headers], agent: false }, async (answer) => {
      let text = "";
      for await (const part of answer) text += part;
      resolve({ status: answer.statusCode, text });
    });
    ask.on("error", reject).end();
  });
}

check("refusal: what is no JWT, and what is too long for one", async () => {
  for (const token of ["nonsense", "a.b.c", "e30.e30.e30", `${await entraToken("alice")}.x`]) {
    problem(await call("GET /getUser", { token }), 401, "token_invalid", challenges.token);
  }
  problem(await call("GET /getUser", { token: "x".repeat(20 << 10) }), 400, "token_too_large", challenges.request);
});

const teamsCases = {
  "none": [async () => undefined, 400, "teams_token_missing"],
  "nonsense": [async () => "nonsense", 400, "teams_token_invalid"],
  "an unsigned one": [() => world.mint({ teams: true, flaw: "algNone" }), 400, "teams_token_invalid"],
  "an expired one": [() => world.mint({ teams: true, flaw: "expired" }), 403, "teams_token_expired"],
  "one with 30 seconds left": [() => world.mint({ teams: true, expiresInSeconds: 30 }), 403, "teams_token_expired"],
  "another user's": [() => entraToken("bob", world.scopes.teams), 403, "teams_token_user"],
  "another tenant's": [() => world.mint({ teams: true, flaw: "tenant" }), 403, "teams_token_tenant"],
  "another client's": [() => world.mint({ teams: true, client: world.daemon.id }), 403, "teams_token_client"],
  "one without the calls scope": [() => world.mint({ teams: true, scopes: ["Teams.ManageChats"] }), 403, "teams_token_scope"],
  "one without the chats scope": [() => world.mint({ teams: true, scopes: ["Teams.ManageCalls"] }), 403, "teams_token_scope"],
  "the token for this server": [() => entraToken("alice"), 403, "teams_token_audience"],
  "a Graph token": [() => entraToken("alice", [world.scopes.graph]), 403, "teams_token_audience"],
  "a forged one": [() => world.mint({ teams: true, flaw: "foreignKey" }), 403, "teams_token_rejected"],
};

for (const [which, [get, status, code]] of Object.entries(teamsCases)) {
  check(`refusal: exchanging for a Teams token ${which} is ${code}`, async () => {
    const token = await entraToken("alice");
    const teams = await get();
    for (const route of ["POST /exchangeToken", "GET /exchangeToken", "POST /api/token/teams", "GET /api/token/teams"]) {
      problem(await call(route, { token, teams }), status, code, challenges.none);
    }
    const body = teams === undefined ? {} : { teamsUserAadToken: teams };
    problem(await call("POST /exchangeToken", { token, body }), status, code, challenges.none);
  });
}

check("refusal: two different Teams tokens", async () => {
  const token = await entraToken("alice");
  const teams = await entraToken("alice", world.scopes.teams);
  problem(await call("POST /exchangeToken", { token, teams, body: { teamsUserAadToken: `${teams}x` } }), 400, "request_malformed", challenges.none);
});

check("refusal: scopes that ACS does not have, and lifetimes out of range", async () => {
  const token = await forget("alice");
  const before = (await world.identities()).size;
  for (const scopes of [["voice"], ["CHAT"], ["chat", ""], []]) {
    problem(await call("POST /getToken", { token, body: { scopes } }), 400, "scope_invalid", challenges.none);
  }
  for (const query of ["voice", "chat,,voip", "", "chat%20voip"]) problem(await call(`GET /getToken?scopes=${query}`, { token }), 400, "scope_invalid", challenges.none);
  for (const minutes of [59, 61, 1441, 0, -60]) problem(await call("POST /getToken", { token, body: { expiresInMinutes: minutes } }), 400, "lifetime_invalid", challenges.none);
  for (const minutes of [59, 1441]) problem(await call(`GET /api/token?expiresInMinutes=${minutes}`, { token }), 400, "lifetime_invalid", challenges.none);
  problem(await call("GET /getToken?expiresInMinutes=1e2", { token }), 400, "request_malformed", challenges.none);
  assert.equal((await world.identities()).size, before, "no identity was made for a refused request");
});

check("refusal: bodies that are not the JSON object that belongs there", async () => {
  const token = await entraToken("alice");
  const json = { "content-type": "application/json" };
  for (const body of ["{", "[]", "null", '"x"', "{}{}", '{"scopes":"chat"}', '{"Scopes":["chat"]}', '{"scopes":["chat"],"scopes":["voip"]}', '{"user":"bob"}', '{"expiresInMinutes":"60"}', '{"expiresInMinutes":60.5}']) {
    problem(await call("POST /getToken", { token, body, headers: json }), 400, "body_invalid", challenges.none);
  }
  problem(await call("POST /getToken", { token, body: "{}", headers: { "content-type": "text/plain" } }), 415, "media_type_unsupported", challenges.none);
  problem(await call("POST /getToken", { token, body: `{"scopes":["${"x".repeat(20 << 10)}"]}`, headers: json }), 413, "body_too_large", challenges.none);
  problem(await call("POST /getUser", { token, body: { user: "bob" } }), 400, "body_invalid", challenges.none);
});

check("refusal: unknown routes, methods and query parameters", async () => {
  const token = await entraToken("alice");
  for (const route of ["GET /playground", "GET /getuser", "GET /getUser/", "POST /refreshToken/8:acs:x_y", "GET /metrics", "GET /identities"]) {
    problem(await call(route, { token }), 404, "route_not_found", challenges.none);
  }
  for (const [route, allow] of [["DELETE /getUser", "GET, POST"], ["GET /revokeTokens", "POST"], ["PUT /api/user", "DELETE, GET, POST"], ["POST /livez", "GET, HEAD"]]) {
    const answer = await call(route, { token });
    problem(answer, 405, "method_not_allowed", challenges.none);
    assert.equal(answer.headers.get("allow"), allow);
  }
  for (const route of ["GET /getUser?user=bob", "POST /getToken?scopes=chat", "GET /getToken?scopes=chat&scopes=voip"]) {
    problem(await call(route, { token }), 400, "request_malformed", challenges.none);
  }
});
