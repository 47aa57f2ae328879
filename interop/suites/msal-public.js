// @azure/msal-node, PublicClientApplication: signing in as browser clients do, with PKCE and the picker page.
import assert from "node:assert/strict";
import { Browser } from "../lib/browser.js";
import { near, refused } from "../lib/expect.js";
import { check } from "../lib/ledger.js";
import { msalOf, redeemRequest, redirectUri, refreshTokens, signInRequest, ways, waysOf } from "../lib/msal.js";
import * as world from "../lib/world.js";

const everyone = ["alice", "bob", "carol", "gail"];
const aadsts = async (promise, errorCode, number, name = "ServerError") =>
  assert.match((await refused(promise, { name, errorCode })).message, new RegExp(`AADSTS${number}: `));

// publicSuite checks a version of the package.
export function publicSuite(pkg) {
  const msal = msalOf(pkg);
  for (const [way, auth] of waysOf(pkg)) {
    const label = `${pkg.label} (${way})`;
    const open = () => msal.publicClient(auth);
    signingIn(label, open, msal);
    silent(label, open, msal);
  }
  accounts(pkg, msal);
  answers(pkg, msal);
  sessions(pkg, msal);
  redirects(pkg, msal);
}

function signingIn(label, open, { pkce }) {
  check(`${label}: getAuthCodeUrl leads to a picker page, and each user can be picked`, async () => {
    for (const user of everyone) {
      const app = open();
      const secret = await pkce();
      const browser = new Browser();
      const page = await browser.open(await app.getAuthCodeUrl(signInRequest(secret)));
      assert.equal(page.status, 200);
      assert.deepEqual(page.buttons.filter((name) => everyone.includes(name)), everyone);
      const { redirect } = await browser.submit(page, { user });
      assert.equal(redirect.href.split("?")[0], redirectUri);
      assert.deepEqual([...redirect.searchParams.keys()].sort(), ["client_info", "code", "session_state", "state"]);
      assert.equal(redirect.searchParams.get("state"), secret.state);
      signedIn(await app.acquireTokenByCode(redeemRequest(secret, redirect)), user, secret.nonce);
    }
  });

  check(`${label}: acquireTokenInteractive, with a browser of one's own`, async () => {
    const app = open();
    const openBrowser = async (url) => {
      const browser = new Browser();
      let answer = await browser.submit(await browser.open(url), { user: "carol" });
      if (answer.form) answer = await browser.submit(answer); // the newest versions want the answer by a form
      while (answer.redirect) answer = await browser.open(answer.redirect);
      assert.deepEqual([answer.status, answer.html], [200, "signed in"]);
    };
    const got = await app.acquireTokenInteractive({ scopes: [world.scopes.api], openBrowser, successTemplate: "signed in" });
    signedIn(got, "carol");
  });

  check(`${label}: a code is good once, for its verifier, its redirect URI and its client`, async () => {
    const app = open();
    const start = async () => {
      const secret = await pkce();
      return { secret, redirect: await new Browser().signIn(await app.getAuthCodeUrl(signInRequest(secret)), "alice") };
    };
    const { secret, redirect } = await start();
    await aadsts(app.acquireTokenByCode({ ...redeemRequest(secret, redirect), codeVerifier: (await pkce()).verifier }), "invalid_grant", 501481);
    await aadsts(app.acquireTokenByCode({ ...redeemRequest(secret, redirect), redirectUri: `${redirectUri}/other` }), "invalid_grant", 500112);
    signedIn(await app.acquireTokenByCode(redeemRequest(secret, redirect)), "alice", secret.nonce);
    await aadsts(app.acquireTokenByCode(redeemRequest(secret, redirect)), "invalid_grant", 54005);
    await aadsts(app.acquireTokenByCode({ ...redeemRequest(secret, redirect), code: "1.Aanobody" }), "invalid_grant", 9002313);
  });
}

function silent(label, open, { signIn }) {
  check(`${label}: acquireTokenSilent, from the cache, by force, and for other resources`, async () => {
    const app = open();
    const { account, accessToken } = await signIn(app, "alice");
    const cached = await app.acquireTokenSilent({ scopes: [world.scopes.api], account });
    assert.deepEqual([cached.fromCache, cached.accessToken], [true, accessToken]);
    const fresh = await app.acquireTokenSilent({ scopes: [world.scopes.api], account, forceRefresh: true });
    assert.equal(fresh.fromCache, false);
    assert.notEqual(fresh.accessToken, accessToken);
    for (const [scopes, audience] of [[world.scopes.teams, "https://auth.msft.communication.azure.com"], [[world.scopes.graph], "https://graph.microsoft.com"]]) {
      const other = await app.acquireTokenSilent({ scopes, account });
      const payload = world.claims(other.accessToken);
      assert.deepEqual([other.fromCache, payload.aud, payload.oid], [false, audience, world.objectID.alice]);
      for (const scope of scopes) assert.ok(other.scopes.includes(scope), other.scopes.join(" "));
      assert.equal((await app.acquireTokenSilent({ scopes, account })).fromCache, true);
    }
  });

  check(`${label}: acquireTokenByRefreshToken, again and again`, async () => {
    const app = open();
    await signIn(app, "bob");
    const [refreshToken] = refreshTokens(app);
    for (let i = 0; i < 3; i++) {
      const got = await app.acquireTokenByRefreshToken({ scopes: [world.scopes.api], refreshToken });
      assert.equal(world.claims(got.accessToken).oid, world.objectID.bob);
    }
    await aadsts(app.acquireTokenByRefreshToken({ scopes: [world.scopes.api], refreshToken: "1.AXnobody" }), "invalid_grant", 9002313);
  });
}

// signedIn asserts what MSAL understood of a sign-in for the API.
function signedIn(got, user, nonce) {
  const objectID = world.objectID[user];
  const payload = world.claims(got.accessToken);
  assert.deepEqual([payload.ver, payload.aud, payload.azp, payload.oid, payload.scp], ["2.0", world.api.id, world.spa.id, objectID, "access_as_user"]);
  assert.deepEqual([got.tokenType, got.fromCache, got.tenantId, got.uniqueId], ["Bearer", false, world.tenant, objectID]);
  assert.ok(got.scopes.includes(world.scopes.api), got.scopes.join(" "));
  near(got.expiresOn, payload.exp * 1000, "expiresOn");
  const { account } = got;
  const home = user === "gail" ? `ac5a0000-0000-4000-a000-00000000f6a1.${world.otherTenant}` : `${objectID}.${world.tenant}`;
  const mail = user === "gail" ? "gail@fabrikam.example" : `${user}@${world.domain}`;
  assert.deepEqual([account.homeAccountId, account.localAccountId, account.tenantId, account.username], [home, objectID, world.tenant, mail]);
  if (nonce) assert.equal(got.idTokenClaims.nonce, nonce);
}

function accounts(pkg, { publicClient, pkce, signIn }) {
  check(`${pkg.label}: an id_token with another nonce than the one sent is ${pkg.checksNonce ? "refused by MSAL" : "not noticed"}`, async () => {
    const app = publicClient();
    const secret = await pkce();
    const redirect = await new Browser().signIn(await app.getAuthCodeUrl(signInRequest(secret)), "alice");
    const call = app.acquireTokenByCode({ ...redeemRequest(secret, redirect), nonce: "another" });
    if (pkg.checksNonce) await refused(call, { name: "ClientAuthError", errorCode: "nonce_mismatch" });
    else assert.equal((await call).idTokenClaims.nonce, secret.nonce);
  });

  check(`${pkg.label}: the authority may be common, organizations, or the tenant's domain`, async () => {
    for (const segment of ["common", "organizations", world.domain, world.tenant.toUpperCase()]) {
      const app = publicClient({ ...ways.https, authority: `${world.secure}/${segment}` });
      signedIn(await signIn(app, "bob"), "bob");
    }
  });

  check(`${pkg.label}: several accounts, signOut of one`, async () => {
    const app = publicClient();
    for (const user of everyone) await signIn(app, user);
    const accounts = await app.getAllAccounts();
    assert.deepEqual(accounts.map((account) => account.localAccountId).sort(), Object.values(world.objectID).sort());
    const alice = accounts.find((account) => account.localAccountId === world.objectID.alice);
    await app.signOut({ account: alice });
    assert.equal((await app.getAllAccounts()).length, everyone.length - 1);
    await refused(app.acquireTokenSilent({ scopes: [world.scopes.api], account: alice }), { errorCode: "no_tokens_found" });
    app.clearCache();
    assert.deepEqual(await app.getAllAccounts(), []);
  });
}

function answers(pkg, { publicClient, pkce }) {
  check(`${pkg.label}: cancelling comes back as access_denied, and prompt=none without a session as login_required`, async () => {
    const app = publicClient();
    const secret = await pkce();
    const browser = new Browser();
    const page = await browser.open(await app.getAuthCodeUrl(signInRequest(secret)));
    const cancelled = await browser.submit(page, { action: "cancel" });
    assert.deepEqual(answerOf(cancelled.redirect), ["access_denied", "AADSTS65004", secret.state]);
    const silent = await browser.open(await app.getAuthCodeUrl({ ...signInRequest(secret), prompt: "none" }));
    assert.deepEqual(answerOf(silent.redirect), ["login_required", "AADSTS50058", secret.state]);
  });

  check(`${pkg.label}: the answer can come by fragment or by a form`, async () => {
    const app = publicClient();
    const secret = await pkce();
    const fragment = await new Browser().signIn(await app.getAuthCodeUrl({ ...signInRequest(secret), responseMode: "fragment" }), "alice");
    const inFragment = { searchParams: new URLSearchParams(fragment.hash.slice(1)) };
    signedIn(await app.acquireTokenByCode(redeemRequest(secret, inFragment)), "alice", secret.nonce);
    const browser = new Browser();
    const again = await pkce();
    const page = await browser.open(await app.getAuthCodeUrl({ ...signInRequest(again), responseMode: "form_post" }));
    const post = await browser.submit(page, { user: "bob" });
    assert.equal(post.form.action.href, redirectUri);
    assert.equal(post.form.fields.state, again.state);
    signedIn(await app.acquireTokenByCode(redeemRequest(again, { searchParams: new URLSearchParams(post.form.fields) })), "bob", again.nonce);
  });
}

// answerOf reads an error that came back by redirect.
function answerOf(redirect) {
  const get = (name) => redirect.searchParams.get(name);
  return [get("error"), get("error_description").split(":")[0], get("state")];
}

function sessions(pkg, { publicClient, pkce }) {
  check(`${pkg.label}: passwords are not taken from a public client either`, async () => {
    const request = { scopes: [world.scopes.api], username: "alice@acsauth.example", password: "any" };
    await aadsts(publicClient().acquireTokenByUsernamePassword(request), "unsupported_grant_type", 70003);
  });

  check(`${pkg.label}: a session signs in again without the page, for the user who has it or the one hinted at`, async () => {
    const app = publicClient();
    const browser = new Browser();
    const open = async (more) => {
      const secret = await pkce();
      return { secret, page: await browser.open(await app.getAuthCodeUrl({ ...signInRequest(secret), ...more })) };
    };
    await browser.signIn(await app.getAuthCodeUrl(signInRequest(await pkce())), "alice");
    for (const [more, user] of [[{}, "alice"], [{ prompt: "none" }, "alice"], [{ loginHint: "bob@acsauth.example" }, "bob"], [{ prompt: "none", loginHint: "carol@acsauth.example" }, "carol"]]) {
      const { secret, page } = await open(more);
      assert.ok(page.redirect, page.html);
      signedIn(await app.acquireTokenByCode(redeemRequest(secret, page.redirect)), user, secret.nonce);
    }
    for (const prompt of ["login", "select_account", "consent"]) assert.equal((await open({ prompt })).page.status, 200);
  });
}

function redirects(pkg, { publicClient, pkce }) {
  check(`${pkg.label}: sign-ins that cannot be trusted end on a page, never at the redirect URI`, async () => {
    const secret = await pkce();
    const url = async (request, auth) => publicClient(ways.https, auth).getAuthCodeUrl({ ...signInRequest(secret), ...request });
    for (const uri of ["https://evil.example/", "http://localhost.evil.example/", "http://user@localhost/", "urn:ietf:wg:oauth:2.0:oob"]) {
      await onPage(await url({ redirectUri: uri }), "AADSTS50011");
    }
    await onPage(await url({}, { clientId: "11111111-2222-4333-8444-555555555555" }), "AADSTS700016");
  });

  check(`${pkg.label}: a public client without PKCE, with plain PKCE, or asking for what it has no consent for, is sent back with an error`, async () => {
    const app = publicClient();
    const secret = await pkce();
    const sent = async (more) => (await new Browser().open(await app.getAuthCodeUrl({ ...signInRequest(secret), ...more }))).redirect;
    const cases = [
      [{ codeChallenge: undefined, codeChallengeMethod: undefined }, "invalid_request", "AADSTS9002325"],
      [{ codeChallengeMethod: "plain" }, "invalid_request", "AADSTS9002325"],
      [{ scopes: ["https://graph.microsoft.com/User.ReadWrite.All"] }, "consent_required", "AADSTS65001"],
      [{ scopes: ["https://nobody.example/x"] }, "invalid_resource", "AADSTS500011"],
    ];
    for (const [more, error, code] of cases) assert.deepEqual(answerOf(await sent(more)), [error, code, secret.state]);
  });
}

async function onPage(url, code) {
  const page = await new Browser().open(url);
  assert.equal(page.status, 400);
  assert.ok(page.html.includes(code), page.html);
}
