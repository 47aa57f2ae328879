// Conditional access: a claims challenge goes from the emulator through MSAL to the person, and the token carries the answer.
import assert from "node:assert/strict";
import { choose, open } from "../lib/app.js";
import { click, press } from "../lib/emulatorpage.js";
import { check } from "../lib/ledger.js";
import { collect, looksRight } from "../lib/look.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

const challenge = JSON.stringify({ access_token: { acrs: { essential: true, value: "c1" } } });
const approve = "Approve the sign-in";
const request = { scopes: [world.scopes.api] };

// onBehalfOf is what a server does with the page's token.
async function onBehalfOf(assertion) {
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", requested_token_use: "on_behalf_of", assertion, scope: world.scopes.graph,
    client_id: world.info.apiClientId, client_secret: world.info.env.ACSAUTH_CLIENT_SECRET,
  });
  return (await fetch(`${world.info.authority}/oauth2/v2.0/token`, { method: "POST", body })).json();
}

for (const major of majors) {
  check(`step-up: MSAL ${major}: the challenge that a server meets is answered by the person, and then the server gets its token`, async () => {
    const app = await open(major, "https", { name: "capable", auth: { clientCapabilities: ["CP1"] } });
    const { account, accessToken } = await app.signIn(choose("alice"));
    await world.admin("/entra", { claims: challenge });
    const met = await onBehalfOf(accessToken);
    assert.deepEqual([met.error, met.error_codes, met.claims], ["interaction_required", [50076], challenge], JSON.stringify(met));

    const silent = await app.refused("acquireTokenSilent", { ...request, account, claims: met.claims });
    assert.equal(silent.interaction, true, JSON.stringify(silent));
    await app.leave("acquireTokenRedirect", { ...request, account, claims: met.claims });
    await press(app.page, approve);
    const { value, error } = await app.back();
    assert.ok(value, JSON.stringify(error));
    assert.deepEqual(world.claims(value.accessToken).acrs, ["c1"]);
    assert.equal(typeof (await onBehalfOf(value.accessToken)).access_token, "string");
    assert.equal((await onBehalfOf(accessToken)).error, "interaction_required", "the old token is still not good enough");
    await world.admin("/entra", {});
  });

  check(`step-up: MSAL ${major}: what refreshing meets is thrown with its claims`, async () => {
    const app = await open(major);
    const { account } = await app.signIn(choose("bob"));
    await world.admin("/entra", { claims: challenge, grants: ["refresh_token"], user: "bob" });
    const error = await app.refused("acquireTokenSilent", { ...request, account, forceRefresh: true });
    assert.deepEqual([error.name, error.interaction, error.claims], ["InteractionRequiredAuthError", true, challenge], JSON.stringify(error));
    const { value } = await app.popup("acquireTokenPopup", { ...request, account, claims: error.claims }, (window) => click(window, approve));
    assert.deepEqual(world.claims(value.accessToken).acrs, ["c1"]);
    const fresh = await app.run("acquireTokenSilent", { ...request, account, forceRefresh: true });
    assert.equal(fresh.fromCache, false);
    await world.admin("/entra", {});
  });
}

check("step-up: the page to verify one's identity looks right, and Cancel leads back", async () => {
  const app = await open(5);
  const { account } = await app.signIn(choose("carol"));
  await app.leave("acquireTokenRedirect", { ...request, account, claims: challenge });
  await app.page.getByRole("button", { name: approve }).waitFor();
  await looksRight(app.page, collect(app.page), "the page to verify one's identity");
  await press(app.page, "Cancel");
  assert.equal((await app.back()).error.errorCode, "access_denied");
});

check("step-up: what nobody can do anything about ends on a page that leads back", async () => {
  await world.admin("/entra", { code: 53003, grants: ["authorize"] });
  const app = await open(5);
  await app.leave("loginRedirect", request);
  await choose("carol")(app.page);
  await app.page.getByRole("alert").waitFor();
  assert.match(await app.page.getByRole("alert").innerText(), /AADSTS53003/);
  await looksRight(app.page, collect(app.page), "the page of a blocked sign-in");
  await press(app.page, "Return to the application without access");
  assert.equal((await app.back()).error.errorCode, "access_denied");
  await world.admin("/entra", {});
});
