// Consent: the page that asks for it, and what MSAL sees when it is refused, missing, or not the person's to give.
import assert from "node:assert/strict";
import { choose, open, shown } from "../lib/app.js";
import { click, press } from "../lib/emulatorpage.js";
import { check } from "../lib/ledger.js";
import { collect, looksRight } from "../lib/look.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

const request = { scopes: [world.scopes.api] };
const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

for (const major of majors) {
  check(`consent: MSAL ${major}: withdrawn, it is asked for again; refused by Cancel, and kept by Accept`, async () => {
    const app = await open(major);
    const { account } = await app.signIn(choose("carol"));
    await world.admin("/entra", { consentWithdrawn: true, grants: ["authorize", "refresh_token"], user: "carol" });
    const silent = await app.refused("acquireTokenSilent", { ...request, account, forceRefresh: true });
    assert.deepEqual([silent.interaction, silent.subError], [true, "consent_required"], JSON.stringify(silent));
    const frame = await app.refused("ssoSilent", { ...request, redirectUri: app.bridge });
    assert.deepEqual([frame.errorCode, frame.interaction], ["consent_required", true], JSON.stringify(frame));

    await app.leave("acquireTokenRedirect", { ...request, account });
    await heading(app.page, "Permissions requested");
    await press(app.page, "Cancel");
    const { error } = await app.back();
    assert.equal(error.errorCode, "access_denied");
    assert.match(error.errorMessage, /AADSTS65004/);

    await app.leave("acquireTokenRedirect", { ...request, account });
    await press(app.page, "Accept");
    const { value } = await app.back();
    assert.equal(world.claims(value.accessToken).oid, world.user.carol.oid);
    const fresh = await app.run("acquireTokenSilent", { ...request, account, forceRefresh: true });
    assert.equal(fresh.fromCache, false);
    const next = await app.bounce("acquireTokenRedirect", { ...request, account });
    assert.ok(next.value, "the person is asked again");
    await world.admin("/entra", {});
  });
}

check("consent: prompt=consent asks again, and the page looks right", async () => {
  const app = await open(5);
  await app.leave("loginRedirect", { scopes: [world.scopes.api], prompt: "consent" });
  await choose("alice")(app.page);
  await heading(app.page, "Permissions requested");
  await looksRight(app.page, collect(app.page), "the consent page");
  await click(app.page, "Accept");
  assert.equal((await app.back()).value.account.username, world.user.alice.upn);
});

check("consent: what only an administrator can consent to ends on a page that leads back without access", async () => {
  await world.admin("/entra", { code: 90094, grants: ["authorize"] });
  const app = await open(5);
  await app.leave("loginRedirect", request);
  await click(app.page, shown.alice);
  await heading(app.page, "Need admin approval");
  assert.match(await app.page.getByRole("alert").innerText(), /^AADSTS90094/);
  await looksRight(app.page, collect(app.page), "the page that needs an administrator");
  await press(app.page, "Return to the application without access");
  assert.equal((await app.back()).error.errorCode, "access_denied");
  await world.admin("/entra", {});
});
