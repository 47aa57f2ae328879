// MSAL in other kinds of tenants: External ID, Azure AD B2C with a policy in its authority, and /organizations.
import assert from "node:assert/strict";
import { open } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const id = (end) => `ac5a0000-0000-4000-a000-0000000000${end}`;
const host = new URL(world.secure).host;
const tenants = {
  external: { path: "ac5a0000-0000-4000-a000-000000000003", clientId: id("e2"), scope: `api://${id("e1")}/access_as_user`, person: "Cora", oid: world.info.users.find((one) => one.name === "cora").oid, issuer: `${world.plain}/ac5a0000-0000-4000-a000-000000000003/v2.0` },
  b2c: { path: "acsauthb2c.onmicrosoft.example/B2C_1_susi", clientId: id("b2"), scope: `https://acsauthb2c.onmicrosoft.example/${id("b1")}/access_as_user`, person: "Bea", oid: world.info.users.find((one) => one.name === "bea").oid, issuer: `${world.plain}/ac5a0000-0000-4000-a000-000000000004/v2.0/`, policy: "B2C_1_susi" },
  organizations: { path: "organizations", clientId: world.client, scope: world.scopes.api, person: "Fred", oid: world.info.users.find((one) => one.name === "fred").oid, tenant: world.otherTenant, issuer: `${world.plain}/${world.otherTenant}/v2.0` },
};
const pick = (person) => (page) => page.getByRole("button", { name: new RegExp(`^${person}`) }).first().click();

for (const major of [5, 4]) {
  for (const [name, { path, clientId, scope, person, oid, tenant, issuer, policy }] of Object.entries(tenants)) {
    check(`tenants: MSAL ${major} in ${name}: redirect, silent, logout`, async () => {
      const auth = { clientId, authority: `${world.secure}/${path}`, knownAuthorities: [host] };
      const app = await open(major, "https", { name, auth });
      const result = await app.signIn(pick(person), { scopes: [scope] });
      assert.match(result.account.name, new RegExp(`^${person}`));
      if (tenant) assert.equal(result.account.tenantId, tenant);
      const fresh = await app.run("acquireTokenSilent", { scopes: [scope], account: result.account, forceRefresh: true });
      assert.equal(fresh.fromCache, false);
      const access = world.claims(fresh.accessToken);
      assert.deepEqual([access.scp, access.iss, access.tfp, access.oid], ["access_as_user", issuer, policy, oid]);
      const { iss, tfp, aud } = result.idTokenClaims;
      assert.deepEqual([iss, tfp, aud], [issuer, policy, clientId]);
      await app.leave("logoutRedirect", { account: result.account }, (url) => url.pathname.endsWith("/done.html"));
      await app.page.goto(app.url);
      assert.deepEqual(await app.run("getAllAccounts"), []);
      const gone = await app.refused("ssoSilent", { scopes: [scope], redirectUri: app.bridge });
      assert.equal(gone.errorCode, policy ? "interaction_required" : "login_required"); // AADB2C90077
    });
  }
}
