// Silent renewal in a frame: ssoSilent, and acquireTokenSilent without a refresh token.
import assert from "node:assert/strict";
import { choose, open, ways } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

for (const major of majors) {
  for (const way of Object.keys(ways)) {
    check(`silent: MSAL ${major} over ${way}: ssoSilent in a frame needs a session at the emulator`, async () => {
      const first = await open(major, way);
      const request = { scopes: [world.scopes.api], redirectUri: first.bridge };
      const before = await first.refused("ssoSilent", request);
      assert.deepEqual([before.errorCode, before.interaction], ["login_required", true], JSON.stringify(before));
      assert.match(before.errorMessage, /AADSTS50058/);
      await first.signIn(choose("bob"));

      const second = await first.again();
      assert.deepEqual(await second.run("getAllAccounts"), []);
      const found = await second.run("ssoSilent", request);
      assert.equal(found.account.username, world.user.bob.upn);
      assert.equal(world.claims(found.accessToken).oid, world.user.bob.oid);
      const hinted = await second.run("ssoSilent", { ...request, loginHint: world.user.bob.upn });
      assert.equal(hinted.account.username, world.user.bob.upn);
    });
  }
}
