// Applications of one's own, added by POST /seed: one with permissions that nobody consented to yet, and one that is told
// when the session ends.
import assert from "node:assert/strict";
import { choose, open } from "../lib/app.js";
import { press } from "../lib/emulatorpage.js";
import { check } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const graph = "00000003-0000-0000-c000-000000000000";
const request = { scopes: [world.scopes.graph] };
const id = (n) => `ac5a0000-0000-4000-b000-00000000000${n}`;
const seed = (app) => world.admin("/seed", { version: 1, apps: [{ tenantId: world.tenant, public: true, loopback: true, ...app }] });
const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

for (const major of [5, 4]) {
  check(`seeded: MSAL ${major}: what nobody consented to yet is asked for once, by a page; Cancel and a frame are refused`, async () => {
    const clientId = id(major);
    await seed({ id: clientId, name: `app with wishes ${major}`, requested: { [graph]: ["User.Read"] } });
    const app = await open(major, "https", { name: "wishes", auth: { clientId } });
    await app.leave("loginRedirect", { ...request, prompt: "select_account" });
    await choose("bob")(app.page);
    await heading(app.page, "Permissions requested");
    const frame = await (await app.again()).refused("ssoSilent", { ...request, loginHint: world.user.bob.upn, redirectUri: app.bridge });
    assert.deepEqual([frame.interaction, frame.subError ?? frame.errorCode], [true, "consent_required"], JSON.stringify(frame));

    await press(app.page, "Cancel");
    const { error } = await app.back();
    assert.equal(error.errorCode, "access_denied");
    assert.match(error.errorMessage, /AADSTS65004/);

    await app.leave("loginRedirect", { ...request, prompt: "select_account" });
    await choose("bob")(app.page);
    await press(app.page, "Accept");
    const { value } = await app.back();
    assert.equal(value.account.username, world.user.bob.upn);
    const again = await app.signIn(choose("bob"), { ...request, prompt: "select_account" }); // no page in between
    assert.equal(again.account.username, world.user.bob.upn);
  });
}

check("seeded: logout tells an application by its front channel, then goes on; the session is gone", async () => {
  const clientId = id(1);
  const other = await open(5, "https", { name: "told", auth: { clientId } });
  await seed({ id: clientId, name: "app that is told", delegated: { [graph]: ["User.Read"] }, frontChannelLogoutUri: `${other.url}done.html` });
  const session = (await other.signIn(choose("alice"), { ...request, prompt: "select_account" })).idTokenClaims.sid;
  assert.match(session, /^[0-9a-f-]{36}$/);
  const app = await open(5, "https", { name: "teller" });
  const { account } = await app.signIn(choose("alice"), { scopes: [world.scopes.api], prompt: "select_account" });

  const told = app.page.waitForRequest((one) => one.url().startsWith(`${other.url}done.html?`));
  await app.leave("logoutRedirect", { account }, (url) => url.href.startsWith(`${app.url}done.html`));
  const asked = await told;
  assert.ok(asked.frame().parentFrame(), "it was not a frame that asked");
  const { searchParams } = new URL(asked.url());
  assert.deepEqual([searchParams.get("sid"), searchParams.get("iss")], [session, `${world.plain}/${world.tenant}/v2.0`]);
  await app.page.goto(app.url);
  const gone = await app.refused("ssoSilent", { scopes: [world.scopes.api], redirectUri: app.bridge });
  assert.equal(gone.errorCode, "login_required");
});
