// @azure/msal-node, ConfidentialClientApplication: a daemon, an API that acts for its user, and a web application.
import assert from "node:assert/strict";
import { Browser } from "../lib/browser.js";
import { near, refused } from "../lib/expect.js";
import { check } from "../lib/ledger.js";
import { msalOf, refreshTokens, ways, waysOf } from "../lib/msal.js";
import * as world from "../lib/world.js";

const apiDefault = `api://${world.api.id}/.default`;
const graphDefault = "https://graph.microsoft.com/.default";

// refusedByEntra asserts an error of the token endpoint: OAuth error, AADSTS number, and the class that MSAL makes of it.
async function refusedByEntra(promise, errorCode, number, name = "ServerError") {
  const error = await refused(promise, { name, errorCode });
  assert.match(error.message, new RegExp(`AADSTS${number}: `));
  return error;
}

// confidentialSuite checks a version of the package.
export function confidentialSuite(pkg) {
  const msal = msalOf(pkg);
  for (const [way, auth] of waysOf(pkg)) {
    const label = `${pkg.label} (${way})`;
    daemon(label, (app) => msal.confidential(auth, app));
    onBehalfOf(label, () => msal.confidential(auth, world.api));
    webApplication(label, () => msal.confidential(auth, world.api));
    refusedAssertions(label, () => msal.confidential(auth, world.api));
    refusedClients(pkg, label, (app) => msal.confidential(auth, app));
  }
  tokens(pkg, msal);
}

function daemon(label, confidential) {
  check(`${label}: acquireTokenByClientCredential, then from the cache, then past it`, async () => {
    const app = confidential(world.daemon);
    for (const [scope, audience] of [[world.scopes.acs, "https://communication.azure.com/"], [graphDefault, "https://graph.microsoft.com"], [apiDefault, world.api.id]]) {
      const first = await app.acquireTokenByClientCredential({ scopes: [scope] });
      assert.deepEqual([first.tokenType, first.fromCache, first.account, first.scopes], ["Bearer", false, null, [scope]]);
      const payload = world.claims(first.accessToken);
      assert.deepEqual([payload.aud, payload.idtyp, payload.tid], [audience, "app", world.tenant]);
      near(first.expiresOn, payload.exp * 1000, "expiresOn");
      const second = await app.acquireTokenByClientCredential({ scopes: [scope] });
      assert.deepEqual([second.fromCache, second.accessToken], [true, first.accessToken]);
      const third = await app.acquireTokenByClientCredential({ scopes: [scope], skipCache: true });
      assert.equal(third.fromCache, false);
      assert.notEqual(third.accessToken, first.accessToken);
    }
  });
}

function onBehalfOf(label, open) {
  check(`${label}: acquireTokenOnBehalfOf gets a Graph token for the caller, that Graph takes`, async () => {
    const app = open();
    for (const version of ["1.0", "2.0"]) {
      for (const scope of [world.scopes.graph, "https://graph.microsoft.com/User.ReadWrite", graphDefault]) {
        const oboAssertion = await world.mint({ user: "bob", version });
        const got = await app.acquireTokenOnBehalfOf({ oboAssertion, scopes: [scope] });
        assert.equal(got.fromCache, false);
        assert.ok(got.scopes.includes(scope), got.scopes.join(" "));
        assert.deepEqual([got.uniqueId, got.tenantId], [world.objectID.bob, world.tenant]);
        const me = await fetch(`${world.info.graph}/v1.0/me`, { headers: { authorization: `Bearer ${got.accessToken}` } });
        assert.equal(me.status, 200);
        assert.equal((await me.json()).id, world.objectID.bob);
        const again = await app.acquireTokenOnBehalfOf({ oboAssertion, scopes: [scope] });
        assert.deepEqual([again.fromCache, again.accessToken], [true, got.accessToken]);
      }
    }
  });

  check(`${label}: acquireTokenOnBehalfOf keeps users apart`, async () => {
    const app = open();
    for (const user of ["alice", "carol", "gail"]) {
      const got = await app.acquireTokenOnBehalfOf({ oboAssertion: await world.mint({ user }), scopes: [world.scopes.graph] });
      assert.equal(world.claims(got.accessToken).oid, world.objectID[user]);
    }
  });
}

function webApplication(label, open) {
  check(`${label}: a web application signs a user in with its secret: code, silent, refresh`, async () => {
    const app = open();
    const redirectUri = world.api.redirect;
    const scopes = ["https://graph.microsoft.com/User.Read"];
    const url = await app.getAuthCodeUrl({ scopes, redirectUri, state: "kept", nonce: "once" });
    const redirect = await new Browser().signIn(url, "carol");
    assert.equal(redirect.href.split("?")[0], redirectUri);
    const got = await app.acquireTokenByCode({ scopes, redirectUri, code: redirect.searchParams.get("code"), nonce: "once" });
    assert.deepEqual([got.account.username, got.fromCache], ["carol@acsauth.example", false]);
    const silent = await app.acquireTokenSilent({ scopes, account: got.account });
    assert.deepEqual([silent.fromCache, silent.accessToken], [true, got.accessToken]);
    const [refreshToken] = refreshTokens(app);
    const fresh = await app.acquireTokenByRefreshToken({ scopes, refreshToken });
    assert.equal(fresh.fromCache, false);
    assert.equal(world.claims(fresh.accessToken).oid, world.objectID.carol);
    app.clearCache();
    assert.deepEqual(JSON.parse(app.getTokenCache().serialize()).AccessToken, {});
  });
}

function refusedAssertions(label, open) {
  check(`${label}: acquireTokenOnBehalfOf refuses a wrong assertion by the right AADSTS code`, async () => {
    const app = open();
    const obo = (oboAssertion, scope = world.scopes.graph) => app.acquireTokenOnBehalfOf({ oboAssertion, scopes: [scope], skipCache: true });
    await refusedByEntra(obo(await world.mint({ flaw: "expired" })), "invalid_grant", 500133);
    await refusedByEntra(obo(await world.mint({ teams: true })), "invalid_grant", 500131);
    await refusedByEntra(obo(await world.mint({ flaw: "audience" })), "invalid_grant", 500131);
    for (const flaw of ["signature", "unknownKey", "foreignKey", "algNone", "algHS256"]) await refusedByEntra(obo(await world.mint({ flaw })), "invalid_grant", 50013);
    await refusedByEntra(obo("nonsense"), "invalid_grant", 50013);
    await refusedByEntra(obo(await world.mint({ appOnly: true })), "invalid_grant", 7000114);
  });

  check(`${label}: scopes without consent, unknown scopes and unknown resources are refused`, async () => {
    const app = open();
    const obo = async (scope) => app.acquireTokenOnBehalfOf({ oboAssertion: await world.mint(), scopes: [scope] });
    const consent = await refusedByEntra(obo("https://graph.microsoft.com/User.ReadWrite.All"), "invalid_grant", 65001, "InteractionRequiredAuthError");
    assert.equal(consent.subError, "consent_required");
    await refusedByEntra(obo("https://graph.microsoft.com/Cars.Drive"), "invalid_scope", 70011);
    await refusedByEntra(obo("https://nobody.example/.default"), "invalid_resource", 500011);
    await refusedByEntra(obo(world.scopes.teams[0]), "invalid_resource", 650057);
  });
}

function refusedClients(pkg, label, confidential) {
  check(`${label}: acquireTokenByClientCredential wants .default of one known resource`, async () => {
    const app = confidential(world.daemon);
    await refusedByEntra(app.acquireTokenByClientCredential({ scopes: [world.scopes.api] }), "invalid_scope", 1002012);
    await refusedByEntra(app.acquireTokenByClientCredential({ scopes: ["https://nobody.example/.default"] }), "invalid_resource", 500011);
  });

  check(`${label}: a wrong secret, another application's secret and an unknown application are refused`, async () => {
    const request = { scopes: [world.scopes.acs] };
    for (const secret of ["wrong", world.api.secret]) {
      const error = await refusedByEntra(confidential({ id: world.daemon.id, secret }).acquireTokenByClientCredential(request), "invalid_client", 7000215);
      if (pkg.errorNumbers) assert.equal(Number(error.errorNo), 7000215);
    }
    const oboAssertion = await world.mint();
    await refusedByEntra(confidential({ id: world.api.id, secret: "wrong" }).acquireTokenOnBehalfOf({ oboAssertion, scopes: [world.scopes.graph] }), "invalid_client", 7000215);
    const stranger = { id: "11111111-2222-4333-8444-555555555555", secret: "any" };
    await refusedByEntra(confidential(stranger).acquireTokenByClientCredential(request), "unauthorized_client", 700016);
    await refusedByEntra(confidential({ id: world.spa.id, secret: "any" }).acquireTokenByClientCredential(request), "invalid_client", 700025);
  });

  check(`${label}: passwords are not taken`, async () => {
    const request = { scopes: [world.scopes.graph], username: "alice@acsauth.example", password: "any" };
    await refusedByEntra(confidential(world.api).acquireTokenByUsernamePassword(request), "unsupported_grant_type", 70003);
  });
}

function tokens(pkg, { confidential, publicClient, signIn }) {
  check(`${pkg.label}: a token that a user got by signing in can be used on behalf of that user`, async () => {
    const { accessToken } = await signIn(publicClient(), "alice");
    const got = await confidential(ways.https, world.api).acquireTokenOnBehalfOf({ oboAssertion: accessToken, scopes: [graphDefault] });
    const payload = world.claims(got.accessToken);
    assert.deepEqual([payload.oid, payload.appid, payload.aud], [world.objectID.alice, world.api.id, "https://graph.microsoft.com"]);
    assert.deepEqual(payload.scp.split(" ").filter((scope) => scope.includes(".")).sort(), ["User.Read", "User.ReadWrite"]);
  });

  check(`${pkg.label}: clientCapabilities arrive as xms_cc in a token for the API`, async () => {
    const plainToken = await signIn(publicClient(), "alice");
    assert.equal(world.claims(plainToken.accessToken).xms_cc, undefined);
    const capable = await signIn(publicClient(ways.https, { clientCapabilities: ["CP1"] }), "alice");
    assert.deepEqual(world.claims(capable.accessToken).xms_cc, ["cp1"]);
  });

  check(`${pkg.label}: a tenant that does not exist cannot be discovered`, async () => {
    const app = confidential({ ...ways.https, authority: `${world.secure}/ac5a0000-0000-4000-a000-0000000000ff` }, world.daemon);
    await refused(app.acquireTokenByClientCredential({ scopes: [world.scopes.acs] }), { name: "ClientAuthError", errorCode: "endpoints_resolution_error" });
  });
}
