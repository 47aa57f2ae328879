// The token exchange of RFC 8693 by a client library that knows the standards and nothing of acsauth.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import * as client from "openid-client";
import { start } from "../../interop/lib/program.js";

const program = await start();
const { info } = program;
after(async () => assert.ok(await program.stop()));

const issuer = "https://acsauth.example"; // as interop/lib/program.js tells the service; requests go to where it is
const grant = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const locally = (url, options) => fetch(url.replace(issuer, info.server), options);
const discover = (clientId, authentication) =>
  client.discovery(new URL(issuer), clientId, undefined, authentication, { algorithm: "oauth2", [client.customFetch]: locally });
const entraToken = (...args) => execFileSync(info.binary, ["token", "--authority", info.authority, ...args], { encoding: "utf8" }).trim();
const form = (token, more) => ({ subject_token: token, subject_token_type: accessToken, ...more });

test("discovery, exchange, narrower scopes", async () => {
  const config = await discover(info.clientId, client.None());
  assert.deepEqual(config.serverMetadata().grant_types_supported, [grant]);
  const token = entraToken("--user", "alice");
  const whole = await client.genericGrantRequest(config, grant, form(token));
  assert.equal(whole.token_type, "bearer");
  assert.equal(whole.issued_token_type, accessToken);
  assert.ok(whole.expiresIn() > 3500, `${whole.expiresIn()} s`);
  const user = await (await fetch(`${info.server}/getUser`, { headers: { authorization: `Bearer ${token}` } })).json();
  assert.equal(whole.user.id, user.id);
  const narrow = await client.genericGrantRequest(config, grant, form(token, { scope: "chat", resource: whole.endpoint }));
  assert.equal(narrow.scope, "chat");
});

// refusal is the error of the library for an exchange.
const refusal = async (promise) => {
  const error = await promise.then(() => assert.fail("the exchange was not refused"), (reason) => reason);
  return { name: error.name, error: error.error, status: error.status, code: error.cause?.code };
};

test("refusals are errors of the library, with our reason beside them", async () => {
  const config = await discover(info.clientId, client.None());
  const exchange = (token, more) => refusal(client.genericGrantRequest(config, grant, form(token, more)));
  const good = entraToken("--user", "alice");
  const refused = { name: "ResponseBodyError", status: 400 };
  assert.deepEqual(await exchange(entraToken("--user", "alice", "--flaw", "audience")), { ...refused, error: "invalid_request", code: "token_audience" });
  assert.deepEqual(await exchange(good, { scope: "mail" }), { ...refused, error: "invalid_scope", code: "scope_invalid" });
  assert.deepEqual(await exchange(good, { audience: "https://elsewhere.example" }), { ...refused, error: "invalid_target", code: "target_invalid" });
  const other = await discover("11111111-1111-4111-8111-111111111111", client.None());
  assert.deepEqual(await refusal(client.genericGrantRequest(other, grant, form(good))), { ...refused, error: "invalid_client", code: "client_invalid" });
});

test("a client that authenticates is told not to", async () => {
  const config = await discover(info.clientId, client.ClientSecretPost("of no use"));
  const got = await refusal(client.genericGrantRequest(config, grant, form(entraToken("--user", "alice"))));
  assert.deepEqual(got, { name: "ResponseBodyError", error: "invalid_client", status: 401, code: "client_authentication" });
});
