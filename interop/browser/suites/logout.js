// MSAL's logout: the account is gone from the cache, and the session from the emulator.
import assert from "node:assert/strict";
import { choose, open, ways } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

for (const major of majors) {
  for (const way of Object.keys(ways)) {
    check(`logout: MSAL ${major} over ${way}: logoutRedirect comes back, and ends the session`, async () => {
      const app = await open(major, way);
      const { account } = await app.signIn(choose("carol"));
      await app.leave("logoutRedirect", { account }, (url) => url.pathname.endsWith("/done.html"));
      assert.equal(await app.page.getByRole("heading").innerText(), "Signed out");
      await app.page.goto(app.url);
      assert.deepEqual(await app.run("getAllAccounts"), []);
      const gone = await app.refused("ssoSilent", { scopes: [world.scopes.api], redirectUri: app.bridge });
      assert.deepEqual([gone.errorCode, gone.interaction], ["login_required", true]);
      await app.leave("loginRedirect", { scopes: [world.scopes.api] });
      assert.equal(await app.page.getByRole("heading").innerText(), "Pick an account");
    });
  }
}

check("logout: a post-logout URI that nobody registered is not gone to", async () => {
  const app = await open(5, "https", { name: "stranger", auth: { postLogoutRedirectUri: "https://stranger.example/" } });
  await app.signIn(choose("carol"));
  await app.leave("logoutRedirect", {}, (url) => url.pathname.endsWith("/logout"));
  assert.equal(await app.page.getByRole("heading").innerText(), "You signed out of your account");
});
