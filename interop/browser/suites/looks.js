// The pages of the emulator that a person sees while signing in.
import { choose, open } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import { collect, looksRight } from "../lib/look.js";
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
