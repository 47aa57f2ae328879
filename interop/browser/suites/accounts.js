// Several accounts at once, and a guest.
import assert from "node:assert/strict";
import { choose, open } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

for (const major of majors) {
  check(`accounts: MSAL ${major}: alice and bob at once, each with tokens of their own`, async () => {
    const app = await open(major);
    const alice = (await app.signIn(choose("alice"))).account;
    const bob = (await app.signIn(choose("bob"))).account;
    assert.deepEqual((await app.run("getAllAccounts")).map(({ username }) => username).sort(), [world.user.alice.upn, world.user.bob.upn]);
    for (const account of [alice, bob]) {
      for (const scopes of [[world.scopes.api], world.scopes.teams]) {
        const { accessToken } = await app.run("acquireTokenSilent", { scopes, account });
        assert.equal(world.claims(accessToken).oid, account.localAccountId);
      }
    }
    await app.leave("logoutRedirect", { account: bob }, (url) => url.pathname.endsWith("/done.html"));
    await app.page.goto(app.url);
    assert.deepEqual((await app.run("getAllAccounts")).map(({ username }) => username), [world.user.alice.upn]);
    const still = await app.run("acquireTokenSilent", { scopes: [world.scopes.api], account: alice, forceRefresh: true });
    assert.equal(world.claims(still.accessToken).oid, alice.localAccountId);
  });

  check(`accounts: MSAL ${major}: the guest gail has one id here and another at home`, async () => {
    const app = await open(major);
    const { account, accessToken } = await app.signIn(choose("gail"));
    assert.deepEqual([account.localAccountId, account.tenantId, account.username], [world.user.gail.oid, world.tenant, "gail@fabrikam.example"]);
    assert.equal(account.homeAccountId, `${world.gailHome}.${world.otherTenant}`);
    const claims = world.claims(accessToken);
    assert.deepEqual([claims.oid, claims.tid, claims.acct], [world.user.gail.oid, world.tenant, 1]);
    assert.ok(claims.idp.includes(world.otherTenant), claims.idp);
    const cached = await app.run("acquireTokenSilent", { scopes: [world.scopes.api], account });
    assert.equal(cached.fromCache, true);
  });

  check(`accounts: MSAL ${major}: a login hint takes the person straight to the account`, async () => {
    const app = await open(major);
    await app.signIn(choose("alice"));
    const { value } = await app.bounce("loginRedirect", { scopes: [world.scopes.api], loginHint: world.user.alice.upn });
    assert.equal(value.account.username, world.user.alice.upn);
  });
}
