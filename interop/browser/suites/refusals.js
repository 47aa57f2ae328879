// What is wrong, and how the emulator and MSAL show it.
import assert from "node:assert/strict";
import { choose, open } from "../lib/app.js";
import { press } from "../lib/emulatorpage.js";
import { check } from "../lib/ledger.js";
import { majors } from "../lib/site.js";
import * as world from "../lib/world.js";

const stranger = "11111111-2222-4333-8444-555555555555"; // nobody's id
const request = { scopes: [world.scopes.api] };

// pageShows is the error that must not go to a redirect URI that is not to be trusted.
async function pageShows(app, code) {
  await app.leave("loginRedirect", request);
  const alert = await app.page.getByRole("alert").innerText();
  assert.match(alert, code);
  assert.equal(await app.page.getByRole("button").count(), 0, "a page with nothing to go on with");
}

for (const major of majors) {
  check(`refusals: MSAL ${major}: a redirect URI or client that is not registered ends on a page of the emulator`, async () => {
    const uri = await open(major, "https", { name: "wrong-uri", auth: { redirectUri: "https://app.example/" } });
    await pageShows(uri, /^AADSTS50011: .*https:\/\/app\.example\//);
    const unknown = await open(major, "https", { name: "unknown", auth: { clientId: stranger } });
    await pageShows(unknown, /^AADSTS700016: .*11111111-2222-4333-8444-555555555555/);
  });

  check(`refusals: MSAL ${major}: what the person cancels is access_denied`, async () => {
    const app = await open(major);
    await app.leave("loginRedirect", request);
    await press(app.page, "Cancel");
    shows((await app.back()).error, "access_denied", /AADSTS65004/, false);
    assert.deepEqual(await app.run("getAllAccounts"), []);
  });

  check(`refusals: MSAL ${major}: scopes that are not there, of two APIs at once, or without consent`, async () => {
    const app = await open(major);
    const missing = world.scopes.api.replace("access_as_user", "no_such_scope");
    for (const [scope, code, text] of [[missing, "invalid_scope", /AADSTS70011/], [`api://${stranger}/x`, "invalid_resource", /AADSTS500011/]]) {
      const { error } = await app.bounce("loginRedirect", { scopes: [scope] });
      shows(error, code, text, false);
    }
    await app.leave("loginRedirect", { scopes: [world.scopes.api, world.scopes.graph] }); // both may be consented to at once, a token is for one
    await choose("alice")(app.page);
    shows((await app.back()).error, "invalid_scope", /AADSTS28000/, false);

    const { account } = await app.signIn(choose("alice"));
    const scopes = ["https://graph.microsoft.com/User.ReadWrite.All"];
    shows(await app.refused("acquireTokenSilent", { scopes, account }), "invalid_grant", /AADSTS65001/, true, "consent_required");
  });
}

// shows asserts what MSAL makes of an error: whether the application can do something about it by asking the person.
function shows(error, code, text, interaction, suberror = "") {
  assert.deepEqual([error?.errorCode, error?.interaction, error?.subError], [code, interaction, suberror], JSON.stringify(error));
  assert.match(error.errorMessage, text);
}

check("refusals: MSAL 5: an authority that is not there, or not known", async () => {
  const none = await open(5, "https", { name: "no-tenant", auth: { authority: `${world.secure}/${stranger}` } });
  assert.equal((await none.refused("ssoSilent", { ...request, redirectUri: none.bridge })).errorCode, "endpoints_resolution_error");
  const plain = await open(5, "https", { name: "plain", auth: { authority: `${world.plain}/${world.tenant}`, knownAuthorities: [new URL(world.plain).host] } });
  assert.equal((await plain.refused("ssoSilent", { ...request, redirectUri: plain.bridge })).errorCode, "authority_uri_insecure");
});
