// Microsoft Graph called from the page itself, across origins, with a token of MSAL.
import assert from "node:assert/strict";
import { choose, open } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import * as world from "../lib/world.js";

// ask calls Graph in the page, and returns what a script of the page can see of the answer.
const ask = (page, path, token, init = {}) => page.evaluate(async ([url, bearer, more]) => {
  const answer = await fetch(url, { ...more, headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" } });
  return { status: answer.status, body: await answer.json(), id: answer.headers.get("request-id") };
}, [`${world.info.graph}/v1.0${path}`, token, init]);

check("graph: a page reads /me with its token, and sees refusals", async () => {
  const app = await open(5);
  const { account } = await app.signIn(choose("alice"));
  const { accessToken } = await app.run("acquireTokenSilent", { scopes: [world.scopes.graph], account });
  const me = await ask(app.page, "/me", accessToken);
  assert.deepEqual([me.status, me.body.id, me.body.userPrincipalName], [200, world.user.alice.oid, world.user.alice.upn]);
  assert.match(me.id, /^[0-9a-f-]{36}$/, "request-id is not exposed to the page");

  const foreign = await app.run("acquireTokenSilent", { scopes: [world.scopes.api], account });
  const refused = await ask(app.page, "/me", foreign.accessToken);
  assert.deepEqual([refused.status, refused.body.error.code], [401, "InvalidAuthenticationToken"]);
  const forbidden = await ask(app.page, "/me/extensions", accessToken, { method: "POST", body: JSON.stringify({ extensionName: "com.example.page" }) });
  assert.deepEqual([forbidden.status, forbidden.body.error.code], [403, "Authorization_RequestDenied"]);
});
