// The page to try the service, as a person uses it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { looksRight } from "../../../interop/browser/lib/look.js";
import { details, press, signedIn, visit } from "../lib/playground.js";
import { later, ownTime } from "../lib/refresher.js";
import { admin, check, info } from "../lib/world.js";

const wholeToken = /eyJ[\w-]{10,}\.[\w-]{10,}/;
const shownTokens = async (page) => wholeToken.test(await page.evaluate(() => document.documentElement.innerText));
const rest = (page) => page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie + location.href);

check("playground: signed out, it looks right and offers the emulator's users", async () => {
  const { page, errors } = await visit();
  assert.deepEqual(await page.getByRole("button").allInnerTexts(), ["Sign in", "as alice", "as bob", "as carol", "as gail", "as otto"]);
  await looksRight(page, errors, "the page, signed out");
});

check("playground: who you are, your identity, your token, after two clicks", async () => {
  const { page, errors } = await signedIn("alice");
  const who = await page.locator("#who").innerText();
  for (const part of ["Alice Adams", "alice@acsauth.example", info.tenantId, info.users[0].oid, "member"]) assert.ok(who.includes(part), who);
  assert.match(await page.locator("#identity").innerText(), /^8:acs:/);
  assert.match(await page.locator("#token-text").innerText(), /^(59|60) minutes left$/);
  assert.equal(await page.getByRole("progressbar", { name: "Life left of the ACS token" }).getAttribute("value"), "100");
  assert.match(await page.locator("#timeline").innerText(), /token received, ends/);
  await looksRight(page, errors, "the page, signed in");
  assert.ok(!(await shownTokens(page)), "a token is on the page");
});

check("playground: every operation, and what its call sent and got", async () => {
  const { page, errors } = await signedIn("alice");
  const steps = [
    ["getUser", "POST /getUser", "200"], ["getToken", "POST /getToken", "200"], ["refreshToken", "POST /refreshToken", "200"], ["exchangeToken", "POST /exchangeToken", "200"],
    ["export", "GET /api/user/export", "200"], ["token exchange (RFC 8693)", "POST /oauth2/token", "200"], ["readyz", "GET /readyz", "200"],
    ["GET /api/user", "GET /api/user", "200"], ["POST /api/user", "POST /api/user", "200"], ["GET /api/token", "GET /api/token", "201"], ["GET /api/token/teams", "GET /api/token/teams", "201"],
    ["revokeTokens", "POST /revokeTokens", "204"],
  ];
  for (const [name, path, status] of steps) {
    const call = await press(page, name, path);
    assert.equal(call.status, status, name);
    const text = await details(call.item);
    assert.ok(text.includes(path) && text.includes("Got, request "), text);
    assert.ok(!wholeToken.test(text), `${name} shows a token: ${text}`);
  }
  assert.equal(await page.locator("#token-text").innerText(), "none yet", "after the revocation");
  await looksRight(page, errors, "the page with many calls");
  assert.ok(!wholeToken.test(await rest(page)), "a token is in a place that stays");
});

check("playground: fewer scopes and a shorter life are asked for", async () => {
  const { page } = await signedIn("bob");
  await page.getByLabel("chat", { exact: true }).check();
  await page.getByLabel("Minutes").fill("60");
  const { item, status } = await press(page, "getToken", "POST /getToken");
  assert.equal(status, "200");
  assert.ok((await details(item)).includes('{"scopes":["chat"],"expiresInMinutes":60}'));
  assert.match(await page.locator("#token").innerText(), /scopes\s+chat\s/);
  await page.getByLabel("Minutes").fill("1440");
  const refused = await press(page, "getToken", "POST /getToken");
  assert.equal(refused.status, "400");
  assert.match(await details(refused.item), /lifetime_invalid[\s\S]*ACSAUTH_TOKEN_LIFETIME/);
});

check("playground: tokens are shown on demand, and copy as curl gives a command that works", async () => {
  const { page } = await signedIn("alice");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: info.server });
  const { item } = await press(page, "exchangeToken", "POST /exchangeToken");
  await details(item);
  await item.getByRole("button", { name: "Show tokens" }).click();
  assert.ok(await shownTokens(page));
  await item.getByRole("button", { name: "Show tokens" }).click();
  assert.ok(!(await shownTokens(page)));
  const token = (...args) => execFileSync(info.binary, ["token", "--authority", info.authority, "--user", "alice", ...args], { encoding: "utf8" }).trim();
  const env = { ...process.env, TOKEN: token(), TEAMS: token("--teams") };
  for (const [name, path] of [["exchangeToken", "POST /exchangeToken"], ["token exchange (RFC 8693)", "POST /oauth2/token"], ["GET /api/user", "GET /api/user"]]) {
    const call = await press(page, name, path);
    await details(call.item);
    await call.item.getByRole("button", { name: "Copy as curl" }).click();
    await page.getByText("The command copied.").waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(!wholeToken.test(command), command);
    const answer = JSON.parse(execFileSync("bash", ["-c", command], { env, encoding: "utf8" }));
    assert.ok(answer.token ?? answer.access_token ?? answer.acsUserIdentity, JSON.stringify(answer));
  }
});

check("playground: an error says what to change, and 429 counts down", async () => {
  const { page, errors } = await signedIn("carol");
  const refused = await press(page, "exchangeToken", "POST /exchangeToken");
  assert.equal(refused.status, "403");
  assert.match(await details(refused.item), /Teams token refused by ACS[\s\S]*Check that the user has a Teams licence/);
  assert.match(await page.getByRole("status").innerText(), /ACS does not accept this Teams user token/);
  await looksRight(page, errors, "the page with an error");
  await admin("/rehearsals/quota-hit", undefined, "POST");
  const limited = await press(page, "refreshToken", "POST /refreshToken");
  assert.equal(limited.status, "429");
  const seconds = async () => Number(/Wait (\d+) s/.exec(await page.getByRole("status").innerText())?.[1]);
  const first = await seconds();
  assert.ok(first > 0);
  await page.waitForFunction((n) => !document.querySelector("#status").textContent.includes(`Wait ${n} s`), first);
});

check("playground: deleting asks first, by keyboard", async () => {
  const { page } = await signedIn("bob");
  const identity = await page.locator("#identity").innerText();
  await page.getByRole("button", { name: "delete", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Delete your ACS identity?" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Nothing was deleted.").waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#calls > li").filter({ hasText: "DELETE /api/user" }).waitFor();
  assert.equal(await page.locator("#identity").innerText(), "none yet");
  await press(page, "getUser", "POST /getUser");
  assert.notEqual(await page.locator("#identity").innerText(), identity);
});

check("playground: a token is refreshed by itself when its time comes", async (t) => {
  const context = await ownTime(t);
  const { page } = await signedIn("bob", context);
  await later(30, context);
  assert.match(await page.locator("#token-text").innerText(), /^(29|30) minutes left$/);
  assert.match(await page.getByRole("progressbar").getAttribute("value"), /^(49|50)$/);
  await later(18, context);
  let asked = false;
  page.on("request", (request) => { asked ||= request.url().endsWith("/refreshToken"); });
  for (let step = 0; step < 60 && !asked; step++) await later(1 / 20, context); // small steps: no clock may run ahead of the call
  await page.waitForFunction(() => document.querySelectorAll("#timeline li").length === 2);
  assert.match(await page.locator("#token-text").innerText(), /^(5\d|60) minutes left$/);
  await page.getByLabel("Refresh by itself").uncheck();
  await later(70, context);
  assert.equal(await page.locator("#token-text").innerText(), "It has ended.");
});

check("playground: a server that is gone, another account, signing out", async () => {
  const { page } = await signedIn("alice");
  await page.route(`${info.server}/getUser`, (route) => route.abort());
  assert.equal((await press(page, "getUser", "POST /getUser")).status, "—");
  assert.match(await page.getByRole("status").innerText(), /The server cannot be reached|Failed to fetch/);
  await page.getByRole("button", { name: "Another account" }).click();
  await page.getByRole("button", { name: "Gail Guest" }).click();
  await page.getByText("minutes left").waitFor();
  assert.match(await page.locator("#who").innerText(), /kind\s+guest/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are not signed in.").waitFor();
});

check("playground: a claims challenge goes to the sign-in page", async () => {
  const { page } = await signedIn("bob");
  const claims = Buffer.from('{"access_token":{"acrs":{"essential":true,"value":"c1"}}}').toString("base64url");
  await page.route(`${info.server}/getUser`, (route) => route.fulfill({ status: 401, headers: { "www-authenticate": `Bearer error="insufficient_claims", claims="${claims}"` }, body: "{}" }), { times: 1 });
  await page.getByRole("button", { name: "getUser", exact: true }).click();
  await page.waitForURL((url) => url.pathname.endsWith("/authorize"));
  assert.match(decodeURIComponent(page.url()), /"acrs":\{"essential":true,"value":"c1"/);
  await page.getByRole("button", { name: "Approve the sign-in" }).click();
  await page.locator("#calls > li").filter({ hasText: "POST /getUser" }).waitFor(); // it goes on by itself
  assert.equal(await page.locator("#calls > li .status").first().textContent(), "200");
});
