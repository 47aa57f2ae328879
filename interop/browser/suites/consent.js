// Consent: the page that asks for it, and what MSAL sees when it is refused, missing, or not the person's to give.
import assert from "node:assert/strict";
import { choose, open, shown } from "../lib/app.js";
import { click, press } from "../lib/emulatorpage.js";
import { check } from "../lib/ledger.js";
import { collect, looksRight } from "../lib/look.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

const more = { scopes: ["https://graph.microsoft.com/User.ReadWrite"] };
const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

for (const major of majors) {
  check(`consent: MSAL ${major}: a new permission is asked for, refused by Cancel, and kept by Accept`, async () => {
    const app = await open(major);
    const { account } = await app.signIn(choose("carol"));
    const silent = await app.refused("acquireTokenSilent", { ...more, account });
    assert.deepEqual([silent.interaction, silent.subError], [true, "consent_required"], JSON.stringify(silent));
    const frame = await app.refused("ssoSilent", { ...more, redirectUri: app.bridge });
    assert.deepEqual([frame.errorCode, frame.interaction], ["consent_required", true], JSON.stringify(frame));

    await app.leave("acquireTokenRedirect", { ...more, account });
    await heading(app.page, "Permissions requested");
    await press(app.page, "Cancel");
    const { error } = await app.back();
    assert.equal(error.errorCode, "access_denied");
    assert.match(error.errorMessage, /AADSTS65004/);

    await app.leave("acquireTokenRedirect", { ...more, account });
    await press(app.page, "Accept");
    const { value } = await app.back();
    assert.ok(world.claims(value.accessToken).scp.split(" ").includes("User.ReadWrite"));
    const kept = await app.run("acquireTokenSilent", { ...more, account, forceRefresh: true });
    assert.ok(world.claims(kept.accessToken).scp.split(" ").includes("User.ReadWrite"));
    const next = await app.bounce("acquireTokenRedirect", { ...more, account });
    assert.ok(next.value, "the person is asked again");
    await world.admin("/reset", {}); // takes the consent back
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

check("consent: a permission for administrators ends on a page that leads back without access", async () => {
  const app = await open(5);
  await app.leave("loginRedirect", { scopes: ["https://graph.microsoft.com/User.ReadWrite.All"], loginHint: world.user.alice.upn });
  await click(app.page, shown.alice);
  await heading(app.page, "Need admin approval");
  assert.match(await app.page.getByRole("alert").innerText(), /^AADSTS90094/);
  await looksRight(app.page, collect(app.page), "the page that needs an administrator");
  await press(app.page, "Return to the application without access");
  assert.equal((await app.back()).error.errorCode, "access_denied");
});
