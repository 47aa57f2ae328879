// @azure/msal-node beyond the first tenant: another workforce tenant, guests, customers of External ID and of Azure AD B2C.
import assert from "node:assert/strict";
import { Browser } from "../lib/browser.js";
import { refused } from "../lib/expect.js";
import { check } from "../lib/ledger.js";
import { msalOf, refreshTokens, signInRequest, ways } from "../lib/msal.js";
import * as world from "../lib/world.js";

const { external, b2c, elsewhere } = world;
const at = (path) => ({ ...ways.https, authority: `${world.secure}/${path}` });
const other = at(world.otherTenant);
const scopes = [world.scopes.api];

// account asserts whose account MSAL has: the id and tenant where the person is at home, and those of the sign-in.
function account(got, [oid, tid], [homeOid, homeTid] = [oid, tid]) {
  const { homeAccountId, localAccountId, tenantId } = got.account;
  assert.deepEqual([homeAccountId, localAccountId, tenantId], [`${homeOid}.${homeTid}`, oid, tid]);
  assert.deepEqual([got.uniqueId, got.tenantId], [oid, tid]);
}

// claim asserts claims of an access token.
function claim(token, want) {
  const payload = world.claims(token);
  assert.deepEqual(Object.fromEntries(Object.keys(want).map((name) => [name, payload[name]])), want);
}

// kept asserts that MSAL finds a token in its cache, and gets another one past it, in silence and by the refresh token.
async function kept(app, got, request, want) {
  const cached = await app.acquireTokenSilent({ ...request, account: got.account });
  assert.deepEqual([cached.fromCache, cached.accessToken], [true, got.accessToken]);
  const fresh = await app.acquireTokenSilent({ ...request, account: got.account, forceRefresh: true });
  assert.equal(fresh.fromCache, false);
  assert.notEqual(fresh.accessToken, got.accessToken);
  claim(fresh.accessToken, want);
  const [refreshToken] = refreshTokens(app);
  claim((await app.acquireTokenByRefreshToken({ ...request, refreshToken })).accessToken, want);
}

// tenantsSuite checks a version of the package.
export function tenantsSuite(pkg) {
  const msal = msalOf(pkg);
  organizations(pkg, msal);
  guests(pkg, msal);
  strangers(pkg, msal);
  applications(pkg, msal);
  customers(pkg, msal);
  consumers(pkg, msal);
  otherPolicies(pkg, msal);
}

function organizations(pkg, { publicClient, signIn }) {
  check(`${pkg.label}: fred of the other tenant at organizations, common, and his own: sign-in, silent, refresh, Graph`, async () => {
    for (const authority of [at("organizations"), at("common"), at(world.otherDomain), other]) {
      const app = publicClient(authority);
      const got = await signIn(app, "fred");
      account(got, [elsewhere.fred, world.otherTenant]);
      assert.equal(got.account.username, `fred@${world.otherDomain}`);
      const want = { oid: elsewhere.fred, tid: world.otherTenant, aud: world.api.id, iss: `${world.plain}/${world.otherTenant}/v2.0` };
      claim(got.accessToken, want);
      await kept(app, got, { scopes }, want);
      const graph = await app.acquireTokenSilent({ scopes: [world.scopes.graph], account: got.account });
      const me = await fetch(`${world.info.graph}/v1.0/me`, { headers: { authorization: `Bearer ${graph.accessToken}` } });
      assert.deepEqual([me.status, (await me.json()).id], [200, elsewhere.fred]);
    }
  });

  check(`${pkg.label}: when fred's sessions are revoked, acquireTokenSilent wants him to sign in again, by AADSTS50173`, async () => {
    const app = publicClient(at("organizations"));
    const got = await signIn(app, "fred");
    await world.admin("/sessions/revoke", { user: "fred" });
    const call = app.acquireTokenSilent({ scopes, account: got.account, forceRefresh: true });
    const error = await refused(call, { name: pkg.badToken ? "InteractionRequiredAuthError" : "ServerError", errorCode: "invalid_grant", subError: "bad_token" });
    assert.match(error.message, /AADSTS50173: /);
    account(await signIn(app, "fred"), [elsewhere.fred, world.otherTenant]);
  });
}

function guests(pkg, { publicClient, signIn }) {
  const home = [elsewhere.gail, world.otherTenant];
  const guest = [world.objectID.gail, world.tenant];

  check(`${pkg.label}: gail is one account with two profiles: at home at organizations, a guest where the tenant is named`, async () => {
    for (const [authority, who] of [[at("organizations"), home], [other, home], [ways.https, guest]]) {
      const app = publicClient(authority);
      const got = await signIn(app, "gail");
      account(got, who, home);
      claim(got.accessToken, { oid: who[0], tid: who[1] });
      await kept(app, got, { scopes }, { oid: who[0], tid: who[1] });
    }
  });

  check(`${pkg.label}: acquireTokenSilent with the other tenant as the authority switches gail from guest to home, and back`, async () => {
    const app = publicClient();
    const got = await signIn(app, "gail");
    const request = { scopes, account: got.account, forceRefresh: true }; // the cache goes by the tenant of the account
    const there = await app.acquireTokenSilent({ ...request, authority: other.authority });
    claim(there.accessToken, { oid: home[0], tid: home[1] });
    const back = await app.acquireTokenSilent({ ...request, authority: ways.https.authority });
    claim(back.accessToken, { oid: guest[0], tid: guest[1] });
  });
}

function strangers(pkg, { publicClient, pkce, signIn }) {
  // opened opens the sign-in page of an authority.
  async function opened(authority, more) {
    const browser = new Browser();
    return { browser, page: await browser.open(await publicClient(authority).getAuthCodeUrl({ ...signInRequest(await pkce()), ...more })) };
  }

  check(`${pkg.label}: a user of another tenant at a single-tenant authority is AADSTS50020 on a page, and not offered`, async () => {
    for (const [authority, user] of [[ways.https, "fred"], [other, "alice"]]) {
      const { browser, page } = await opened(authority);
      assert.equal(page.status, 200);
      assert.ok(!page.buttons.includes(user), page.html);
      const end = await browser.submit(page, { user });
      assert.deepEqual([end.redirect, end.status], [undefined, 400]);
      assert.match(end.html, /AADSTS50020/);
    }
    const { page } = await opened(ways.https, { loginHint: `fred@${world.otherDomain}` });
    assert.deepEqual([page.redirect, page.status, page.buttons.includes("fred")], [undefined, 200, false]);
  });

  check(`${pkg.label}: a refresh token gets nothing in a tenant where its user is not: AADSTS50020`, async () => {
    const app = publicClient(at("organizations"));
    const got = await signIn(app, "fred");
    const call = app.acquireTokenSilent({ scopes, account: got.account, authority: ways.https.authority, forceRefresh: true });
    const error = await refused(call, { errorCode: "invalid_grant" });
    assert.match(error.message, /AADSTS50020: /);
  });
}

function applications(pkg, { confidential }) {
  check(`${pkg.label}: the API acts for users of the other tenant, with minted tokens of fred and of gail at home`, async () => {
    const app = confidential(other, world.api);
    for (const [request, oid] of [[{ user: "fred" }, elsewhere.fred], [{ user: "gail", tenant: world.otherTenant }, elsewhere.gail]]) {
      const got = await app.acquireTokenOnBehalfOf({ oboAssertion: await world.mint(request), scopes: [world.scopes.graph] });
      claim(got.accessToken, { oid, tid: world.otherTenant, aud: "https://graph.microsoft.com" });
    }
  });

  check(`${pkg.label}: an application of one tenant is unknown in the other, and one that acts for itself names its tenant`, async () => {
    const graphDefault = "https://graph.microsoft.com/.default";
    const byItself = (authority, app) => confidential(authority, app).acquireTokenByClientCredential({ scopes: [graphDefault] });
    claim((await byItself(other, world.api)).accessToken, { tid: world.otherTenant, appid: world.api.id });
    assert.match((await refused(byItself(other, world.daemon), { errorCode: "unauthorized_client" })).message, /AADSTS700016: /);
    for (const segment of ["organizations", "common"]) await assert.rejects(byItself(at(segment), world.api), /AADSTS50059|missing_tenant_id_error/);
  });
}

function customers(pkg, { publicClient, confidential, signIn }) {
  check(`${pkg.label}: a customer of External ID: sign-in, silent, refresh, and the API for her`, async () => {
    const app = publicClient(at(external.tenant), { clientId: external.spa });
    const got = await signIn(app, "cora", [external.scope]);
    account(got, [external.cora, external.tenant]);
    const want = { oid: external.cora, tid: external.tenant, aud: external.api.id, azp: external.spa, scp: "access_as_user" };
    claim(got.accessToken, want);
    await kept(app, got, { scopes: [external.scope] }, want);
    const api = confidential(at(external.tenant), external.api);
    for (const oboAssertion of [got.accessToken, await world.mint({ user: "cora" })]) {
      const graph = await api.acquireTokenOnBehalfOf({ oboAssertion, scopes: [world.scopes.graph] });
      claim(graph.accessToken, { oid: external.cora, tid: external.tenant });
    }
  });

  check(`${pkg.label}: clients and users of the workforce tenant are unknown to the tenant of customers`, async () => {
    const secret = { challenge: "x".repeat(43), state: "s", nonce: "n" };
    const opened = async (app, scope) => new Browser().open(await app.getAuthCodeUrl(signInRequest(secret, [scope])));
    const page = await opened(publicClient(at(external.tenant)), world.scopes.api);
    assert.equal(page.status, 400);
    assert.match(page.html, /AADSTS700016/);
    const picker = await opened(publicClient(at(external.tenant), { clientId: external.spa }), external.scope);
    assert.deepEqual(picker.buttons.sort(), ["carl", "cora"]);
  });
}

const policy = (name) => at(`${b2c.tenant}/${name}`);

function consumers(pkg, { publicClient, pkce, signIn }) {
  check(`${pkg.label}: a consumer of B2C, by the policy in the authority: sign-in, silent, refresh`, async () => {
    for (const name of [b2c.policy, b2c.otherPolicy]) {
      const app = publicClient(policy(name), { clientId: b2c.spa });
      const got = await signIn(app, "bea", [b2c.scope]);
      assert.deepEqual([got.account.localAccountId, got.uniqueId, got.idTokenClaims.tfp], [b2c.bea, b2c.bea, name]);
      const want = { sub: b2c.bea, tfp: name, aud: b2c.api.id, scp: "access_as_user", iss: `${world.plain}/${b2c.tenant}/v2.0/` };
      claim(got.accessToken, want);
      await kept(app, got, { scopes: [b2c.scope] }, want);
      claim(await world.mint({ user: "bea", tenant: b2c.tenant, policy: name }), want);
    }
  });

  check(`${pkg.label}: what B2C answers has its own codes: cancelling, no session, an unknown scope`, async () => {
    const app = publicClient(policy(b2c.policy), { clientId: b2c.spa });
    const secret = await pkce();
    const browser = new Browser();
    const open = async (more) => browser.open(await app.getAuthCodeUrl({ ...signInRequest(secret, [b2c.scope]), ...more }));
    const answer = ({ redirect }) => [redirect.searchParams.get("error"), redirect.searchParams.get("error_description").split(":")[0]];
    assert.deepEqual(answer(await browser.submit(await open(), { action: "cancel" })), ["access_denied", "AADB2C90091"]);
    assert.deepEqual(answer(await open({ prompt: "none" })), ["interaction_required", "AADB2C90077"]);
    assert.match(answer(await open({ scopes: [`${b2c.scope}_not`] }))[1], /^AADB2C(90117|90205)$/);
  });
}

function otherPolicies(pkg, { publicClient, confidential, signIn }) {
  check(`${pkg.label}: a refresh token of one policy is refused at another, and B2C has no On-Behalf-Of`, async () => {
    const app = publicClient(policy(b2c.policy), { clientId: b2c.spa });
    const got = await signIn(app, "bea", [b2c.scope]);
    const [refreshToken] = refreshTokens(app);
    const elsewhereToo = publicClient(policy(b2c.otherPolicy), { clientId: b2c.spa });
    const error = await refused(elsewhereToo.acquireTokenByRefreshToken({ scopes: [b2c.scope], refreshToken }), { errorCode: "invalid_grant" });
    assert.match(error.message, /AADB2C90088: /);
    const obo = confidential(policy(b2c.policy), b2c.api).acquireTokenOnBehalfOf({ oboAssertion: got.accessToken, scopes: [b2c.scope] });
    assert.match((await refused(obo, { name: "ServerError" })).message, /AADB2C90086: /);
  });
}
