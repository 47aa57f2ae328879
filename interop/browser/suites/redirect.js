// MSAL's redirect flow: sign-in by keyboard and by mouse, the account, tokens for three APIs, and an ACS token for one of them.
import assert from "node:assert/strict";
import { choose, open, shown, ways } from "../lib/app.js";
import { exchange } from "../lib/acs.js";
import { press } from "../lib/emulatorpage.js";
import { check } from "../lib/ledger.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

const byKeyboard = (user) => (page) => press(page, shown[user]);

// happened is how often Entra ID was asked for what so far.
const happened = async () => (await world.admin("/counters")).entra;

function isAlice(account, way) {
  const { oid, upn } = world.user.alice;
  assert.deepEqual([account.username, account.name, account.localAccountId, account.tenantId], [upn, "Alice Adams", oid, world.tenant]);
  assert.equal(account.homeAccountId, `${oid}.${world.tenant}`);
  assert.equal(account.environment, new URL(ways[way].auth.authority).host);
  assert.equal(account.idTokenClaims.aud, world.client);
}

for (const major of majors) {
  for (const way of Object.keys(ways)) {
    check(`redirect: MSAL ${major} over ${way}: sign-in by keyboard, tokens for three APIs by one refresh token, cache and renewal`, async () => {
      const app = await open(major, way);
      assert.equal((await app.started()).value, null);
      const result = await app.signIn(byKeyboard("alice"));
      isAlice(result.account, way);
      assert.deepEqual(result.scopes.includes(world.scopes.api), true, result.scopes.join(" "));
      const access = world.claims(result.accessToken);
      assert.deepEqual([access.aud, access.scp, access.oid, access.azp], [world.info.apiClientId, "access_as_user", world.user.alice.oid, world.client]);
      const account = result.account;

      const cached = await app.run("acquireTokenSilent", { scopes: [world.scopes.api], account });
      assert.deepEqual([cached.fromCache, cached.accessToken], [true, result.accessToken]);
      const before = await happened();
      const fresh = await app.run("acquireTokenSilent", { scopes: [world.scopes.api], account, forceRefresh: true });
      assert.equal(fresh.fromCache, false);
      assert.notEqual(fresh.accessToken, result.accessToken);

      const teams = await app.run("acquireTokenSilent", { scopes: world.scopes.teams, account });
      assert.deepEqual(world.claims(teams.accessToken).scp.split(" ").sort(), ["Teams.ManageCalls", "Teams.ManageChats"]);
      await app.run("acquireTokenSilent", { scopes: [world.scopes.graph], account });
      const more = await happened();
      assert.deepEqual([more["token.refresh_token"] - (before["token.refresh_token"] ?? 0), more.authorize - before.authorize], [3, 0], "three tokens by one sign-in");
      for (const scopes of [world.scopes.teams, [world.scopes.graph]]) {
        assert.equal((await app.run("acquireTokenSilent", { scopes, account })).fromCache, true, `${scopes} is not found in the cache`);
      }
      await usedAtACS(teams.accessToken);
    });
  }
}

// usedAtACS exchanges the token for one of ACS, as a server does.
async function usedAtACS(token) {
  const { status, body } = await exchange({ token, appId: world.client, userId: world.user.alice.oid });
  assert.equal(status, 200, JSON.stringify(body));
  const acs = world.claims(body.token);
  assert.deepEqual([acs.skypeid, acs.exp], [`orgid:${world.user.alice.oid}`, world.claims(token).exp]);
  const wrong = await exchange({ token, appId: world.client, userId: world.user.bob.oid });
  assert.deepEqual([wrong.status, wrong.body.error.code], [401, "InvalidAccessToken"]);
}
