// Calls of our own server, as its clients make them, and what is the same in all of its answers.
import assert from "node:assert/strict";
import { record } from "./ledger.js";
import { publicClient, signIn } from "./msal.js";
import * as world from "./world.js";

const name = "acsauth (HTTP)";
const errorsURL = "https://github.com/acs-solutions/acsauth/blob/main/docs/errors.md";
export const metadataURL = "https://acsauth.example/.well-known/oauth-protected-resource";

// call sends a request: "POST /getToken?x=y". A body that is an object is sent as JSON. The answer has the JSON of its body.
export async function call(what, { token, teams, body, headers = {}, anyCache } = {}) {
  const [method, target] = what.split(" ");
  const send = new Headers(headers);
  if (token !== undefined) send.set("authorization", `Bearer ${token}`);
  if (teams !== undefined) send.set("teams-user-aad-token", teams);
  const json = body !== undefined && typeof body !== "string";
  if (json) send.set("content-type", "application/json");
  const answer = await fetch(world.info.server + target, { method, headers: send, body: json ? JSON.stringify(body) : body });
  const text = await answer.text();
  const parsed = text !== "" && isJSON(answer) ? JSON.parse(text) : undefined;
  record(name, beyondContract[parsed?.code] ?? `${method} ${target.split("?")[0]}`);
  if (!anyCache) assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.match(answer.headers.get("x-request-id"), /^[A-Za-z0-9._-]{1,64}$/);
  return { status: answer.status, headers: answer.headers, text, body: parsed };
}

const beyondContract = { route_not_found: "(unknown routes)", method_not_allowed: "(unknown methods)" };

const isJSON = (answer) => /^application\/(problem\+)?json$/.test(answer.headers.get("content-type") ?? "");

// ok asserts the status and the exact names of the members of an answer in JSON, and returns its body.
export function ok(answer, status, members) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.deepEqual(Object.keys(answer.body).sort(), [...members].sort());
  return answer.body;
}

// empty asserts an answer without a body.
export function empty(answer, status) {
  assert.deepEqual([answer.status, answer.text, answer.headers.get("content-type")], [status, "", null]);
}

export const members = {
  user: ["acsUserIdentity", "communicationUserId", "id", "rawId"],
  token: ["endpoint", "expiresOn", "expiresOnTimestamp", "kind", "refreshAfter", "scopes", "token", "user"],
  teamsToken: ["endpoint", "expiresOn", "expiresOnTimestamp", "kind", "refreshAfter", "token", "user"],
};

// user asserts an answer that names an identity, and returns the identity.
export function user(answer, status) {
  const body = ok(answer, status, members.user);
  assert.match(body.rawId, world.identityForm);
  assert.equal(new Set(Object.values(body)).size, 1);
  return body.rawId;
}

// token asserts an answer with a token of an ACS identity for some minutes, and returns its body.
export function token(answer, status, minutes, scopes = ["chat", "voip"]) {
  const body = ok(answer, status, members.token);
  assert.deepEqual([body.kind, body.scopes, body.endpoint], ["communicationUser", scopes, world.info.acs]);
  assert.deepEqual(Object.keys(body.user).sort(), ["communicationUserId", "id", "rawId"]);
  assert.equal(new Set(Object.values(body.user)).size, 1);
  const payload = world.claims(body.token);
  assert.equal(`8:${payload.skypeid}`, body.user.rawId);
  assert.deepEqual(payload.acsScope.split(","), scopes);
  assert.equal(payload.exp - payload.iat, minutes * 60);
  times(body, payload.exp);
  return body;
}

// teamsToken asserts an answer with a token of a Teams user that ends with the Entra token, and returns its body.
export function teamsToken(answer, status, oid, entraToken) {
  const body = ok(answer, status, members.teamsToken);
  const rawId = `8:orgid:${oid}`;
  assert.deepEqual([body.kind, body.user], ["teamsUser", { id: rawId, microsoftTeamsUserId: oid, rawId }]);
  assert.equal(world.claims(body.token).skypeid, `orgid:${oid}`);
  times(body, world.claims(entraToken).exp);
  return body;
}

// times asserts that all times of a token answer mean the same moment, and that refreshing starts before the clients of ACS do.
function times(body, exp) {
  assert.match(body.expiresOn, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(Date.parse(body.expiresOn), exp * 1000);
  assert.equal(Math.floor(body.expiresOnTimestamp / 1000), exp);
  const lead = Date.parse(body.expiresOn) - Date.parse(body.refreshAfter);
  assert.ok(lead >= 10 * 60_000 && lead < 15 * 60_000, `refreshAfter is ${lead} ms before the end`);
}

// problem asserts a problem document, its challenge, and returns the body.
export function problem(answer, status, code, challenge) {
  const { body } = answer;
  assert.equal(answer.headers.get("content-type"), "application/problem+json", answer.text);
  assert.deepEqual([answer.status, body.code], [status, code], answer.text);
  const sides = "expected" in body ? ["expected", "found"] : []; // of the one rule that failed, always together
  assert.deepEqual(Object.keys(body).sort(), ["code", "detail", ...sides, "hint", "instance", "status", "title", "type"].sort());
  if (body.status === 401 || body.status === 403) assert.ok(body.expected && body.found, `a refusal without its two sides: ${body.code}`);
  assert.deepEqual([body.type, body.status, body.instance], [`${errorsURL}#${code}`, status, answer.headers.get("x-request-id")]);
  for (const member of ["title", "detail", "hint"]) assert.ok(body[member].length > 5, `${member}: ${body[member]}`);
  assert.deepEqual(challengeOf(answer), challenge);
  return body;
}

// challengeOf reads the parameters of WWW-Authenticate, without the text for people and what is the same in all.
function challengeOf(answer) {
  const value = answer.headers.get("www-authenticate");
  if (value === null) return undefined;
  assert.match(value, /^Bearer [a-z_]+="[^"\\]*"(, [a-z_]+="[^"\\]*")*$/);
  const { realm, resource_metadata, error_description, ...rest } = Object.fromEntries([...value.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key, text]) => [key, text]));
  assert.deepEqual([realm, resource_metadata], ["acsauth", metadataURL]);
  assert.equal(error_description !== undefined, rest.error !== undefined, "an error has a description");
  return rest;
}

export const challenges = {
  none: undefined,
  plain: {},
  request: { error: "invalid_request" },
  token: { error: "invalid_token" },
  scope: { error: "insufficient_scope", scope: "access_as_user" },
};

const apps = new Map(); // user -> Promise of MSAL's application and account

// session signs a user in by MSAL, once in a run.
async function session(user) {
  const app = publicClient();
  return { app, account: (await signIn(app, user)).account };
}

// entraToken returns a user's token for our server, or for other scopes, as a client gets it from MSAL.
export async function entraToken(user, scopes = [world.scopes.api]) {
  if (!apps.has(user)) apps.set(user, session(user));
  const { app, account } = await apps.get(user);
  return (await app.acquireTokenSilent({ scopes, account })).accessToken;
}

// forget deletes the user's identity, so that a test can begin from nothing, and returns the user's token.
export async function forget(user) {
  const token = await entraToken(user);
  empty(await call("DELETE /api/user", { token }), 204);
  return token;
}
