// The pages of the emulator that a person sees while signing in.
import assert from "node:assert/strict";
import { choose, open } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import { collect, looksRight, watch } from "../lib/look.js";
import * as world from "../lib/world.js";

const request = { scopes: [world.scopes.api] };

check("looks: the account picker", async () => {
  const app = await open(5);
  const errors = collect(app.page);
  await app.leave("loginRedirect", request);
  await looksRight(app.page, errors, "the picker");
});

check("looks: the page with an error", async () => {
  const app = await open(5, "https", { name: "wrong-uri", auth: { redirectUri: "https://app.example/" } });
  const errors = collect(app.page);
  await app.leave("loginRedirect", request);
  await looksRight(app.page, errors, "the error page");
});

check("looks: the signed-out page", async () => {
  const app = await open(5, "https", { name: "stranger", auth: { postLogoutRedirectUri: "https://stranger.example/" } });
  await app.signIn(choose("carol"));
  const errors = collect(app.page);
  await app.leave("logoutRedirect", {}, (url) => url.pathname.endsWith("/logout"));
  await looksRight(app.page, errors, "the signed-out page");
});

check("looks: the page that posts the answer to the application", async () => {
  const { page, errors } = await watch();
  const redirect = "http://localhost/signin-oidc";
  let posted = "";
  await page.route(redirect, (route) => { // 204 keeps the page where it is
    posted = route.request().postData() ?? "";
    return route.fulfill({ status: 204 });
  });
  const query = new URLSearchParams({ client_id: world.info.apiClientId, redirect_uri: redirect, response_type: "code", response_mode: "form_post", scope: "openid", state: "s1" });
  await page.goto(`${world.secure}/${world.tenant}/oauth2/v2.0/authorize?${query}`);
  const posting = page.waitForRequest(redirect);
  await choose("alice")(page);
  await posting;
  await page.locator(`form[action="${redirect}"]`).waitFor({ state: "attached" });
  await looksRight(page, errors, "the page that posts");
  assert.equal(new URLSearchParams(posted).get("state"), "s1");
});
