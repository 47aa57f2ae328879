// The inspect page of the administration: by keyboard, its lists, and that its buttons do what they say.
import assert from "node:assert/strict";
import { createIdentity } from "../lib/acs.js";
import { choose, open } from "../lib/app.js";
import { check } from "../lib/ledger.js";
import { looksRight, watch } from "../lib/look.js";
import * as world from "../lib/world.js";

const url = `${world.info.admin}/ui`;

// show opens the page at one of its lists.
async function show(list = "") {
  const watched = await watch();
  await watched.page.goto(url + (list && `#${list}`));
  await watched.page.getByRole("navigation").getByRole("link").first().waitFor();
  return watched;
}

const says = (page, text) => page.getByRole("status").getByText(text).waitFor();

check("inspect: every list looks right, with something in it", async () => {
  const app = await open(5);
  const { account } = await app.signIn(choose("alice"));
  await app.run("acquireTokenSilent", { scopes: world.scopes.teams, account });
  assert.equal((await createIdentity(["chat"], 60)).status, 201);
  await app.refused("acquireTokenSilent", { scopes: ["https://graph.microsoft.com/User.ReadWrite.All"], account });

  const { page, errors } = await show();
  const titles = await page.getByRole("navigation").getByRole("link").allInnerTexts();
  for (const title of ["Requests", "Identities", "Users", "Rehearsals", "Faults"]) assert.ok(titles.includes(title), titles.join());
  await page.getByLabel("Refresh every 2 s").uncheck();
  for (const title of titles) {
    await page.evaluate((name) => { for (const link of document.querySelectorAll("nav a")) if (link.innerText === name) location.hash = link.hash; }, title);
    await page.getByRole("heading", { level: 2, name: title, exact: true }).waitFor();
    await page.locator("#view > *").first().waitFor();
    await looksRight(page, errors, `the list ${title}`);
  }
});

check("inspect: what happens is seen, and no token of it", async () => {
  const { page, errors } = await show("requests");
  const app = await open(5);
  const { accessToken } = await app.signIn(choose("bob"));
  await page.bringToFront();
  await page.getByRole("searchbox").fill("/oauth2/v2.0/token");
  await page.getByRole("cell", { name: /POST .*\/oauth2\/v2\.0\/token/ }).first().waitFor();
  const html = await page.content();
  for (const secret of [accessToken, accessToken.split(".")[2], "code_verifier", "eyJ"]) assert.ok(!html.includes(secret), "a secret is shown");
  assert.deepEqual(errors, []);
});

check("inspect: everything by the keyboard alone: a list, the clock, a rehearsal, and back", async () => {
  const { page, errors } = await show();
  const offset = async () => (await world.admin("/clock")).offset;
  await tabTo(page, "Skip to the list");
  await tabTo(page, "+24 h");
  await page.keyboard.press("Enter");
  await says(page, /24 hours/);
  assert.equal(await offset(), "24h0m0s");
  await tabTo(page, "Real time");
  await page.keyboard.press("Space");
  await says(page, /real time/);
  assert.equal(await offset(), "0s");
  await tabTo(page, "Rehearsals");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 2, name: "Rehearsals" }).waitFor();
  const active = async () => (await world.admin("/rehearsals")).filter((one) => one.active).map((one) => one.name);
  await tabTo(page, "Begin quota-hit");
  await page.keyboard.press("Enter");
  await says(page, /quota-hit has begun/);
  assert.deepEqual(await active(), ["quota-hit"]);
  await tabTo(page, "End quota-hit");
  await page.keyboard.press("Enter");
  await says(page, /quota-hit has ended/);
  assert.deepEqual(await active(), []);
  assert.deepEqual(errors, []);
});

// tabTo walks to a control by the Tab key alone, and sees that its focus is visible.
async function tabTo(page, name) {
  const focus = () => page.evaluate(() => {
    const control = document.activeElement;
    return { name: control.getAttribute("aria-label") ?? (control.matches("body, main") ? "" : control.innerText), outline: getComputedStyle(control).outlineStyle };
  });
  for (let i = 0; i < 100; i++) {
    await page.keyboard.press("Tab");
    const now = await focus();
    if (now.name !== name) continue;
    assert.notEqual(now.outline, "none", `the focus on ${name} is not visible`);
    return;
  }
  throw new Error(`the Tab key does not lead to ${name}`);
}

check("inspect: buttons do what they say", async () => {
  const { page, errors } = await show("identities");
  const press = (name) => page.getByRole("button", { name }).click();
  const keys = async () => (await (await fetch(`${world.info.authority}/discovery/v2.0/keys`)).json()).keys.map((key) => key.kid).join();

  await createIdentity(["chat"], 60);
  await page.getByRole("cell", { name: "live" }).first().waitFor();
  const before = await keys();
  await press("Rotate Entra keys");
  await says(page, /next key/);
  assert.notEqual(await keys(), before, "the key set is the same");
  await press("+1 h");
  await says(page, /1 hour/);
  assert.equal((await world.admin("/clock")).offset, "1h0m0s");
  await press("Regenerate primary access key");
  await says(page, /access key is/);
  assert.equal((await createIdentity(["chat"], 60)).status, 401, "the old key is still good");
  await press("Reset everything");
  await says(page, /start/);
  await page.getByText("Nothing yet.").waitFor();
  assert.deepEqual([await world.admin("/identities"), (await world.admin("/clock")).offset], [[], "0s"]);
  assert.equal((await createIdentity(["chat"], 60)).status, 201, "the key of the start is not back");
  assert.deepEqual(errors, []);
});
