// The inspect page as a tool: snapshots, filters, focus, faults, and what it says when it is refused.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createIdentity } from "../lib/acs.js";
import { check } from "../lib/ledger.js";
import { looksRight, watch } from "../lib/look.js";
import * as world from "../lib/world.js";

// show opens the page at one of its lists.
async function show(list) {
  const watched = await watch();
  await watched.page.goto(`${world.info.admin}/ui#${list}`);
  await watched.page.locator("#view > *").first().waitFor();
  return watched;
}

const says = (page, text) => page.getByRole("status").getByText(text).waitFor();
const heading = (page, name) => page.getByRole("heading", { level: 2, name, exact: true }).waitFor();
const focused = (page) => page.evaluate(() => ({ name: document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText, outline: getComputedStyle(document.activeElement).outlineStyle }));
const json = (text, name = "state.json") => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });

// upload gives a file to the button, by the keyboard.
async function upload(page, file) {
  const choosing = page.waitForEvent("filechooser"); // first: Chromium has to know that nobody sees the dialogue
  await page.getByRole("button", { name: "Restore snapshot" }).focus();
  await page.keyboard.press("Enter");
  await (await choosing).setFiles(file);
}

check("ui: a snapshot is downloaded, and brings its state back", async () => {
  await world.admin("/reset", {});
  const { page, errors } = await show("identities");
  await createIdentity(["chat"], 60);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download snapshot" }).click();
  const file = await downloading;
  assert.match(file.suggestedFilename(), /^acsauth-emulator-[\dT-]+\.json$/);
  const text = readFileSync(await file.path(), "utf8");
  assert.ok(JSON.parse(text).version > 0);
  const [{ id }] = await world.admin("/identities");

  await page.getByRole("button", { name: "Reset everything" }).click();
  await page.getByText("Nothing yet.").waitFor();
  await upload(page, json(text));
  await says(page, "state.json is restored");
  await page.getByRole("cell", { name: id }).waitFor();
  assert.deepEqual((await world.admin("/identities")).map((one) => one.id), [id]);
  assert.deepEqual(errors, []);
});

check("ui: a bad file is refused in words, and changes nothing", async () => {
  await createIdentity(["chat"], 60);
  const before = await world.admin("/identities");
  const version = { ...await world.admin("/snapshot"), version: 99 };
  const { page, errors } = await show("identities");
  for (const [text, words] of [["{}", /no snapshot/], ["not JSON", /JSON/], ["", /./], [JSON.stringify(version), /version 99/]]) {
    await page.evaluate(() => { document.getElementById("status").className = ""; });
    await upload(page, json(text));
    await page.locator("#status.bad").getByText(words).waitFor();
  }
  assert.deepEqual(await world.admin("/identities"), before);
  assert.deepEqual(errors, []);
});

check("ui: the filter of each list", async () => {
  await world.admin("/reset", {});
  await createIdentity(["chat"], 60);
  await world.admin("/token", { user: "alice" });
  await world.admin("/faults", { op: "create", times: 1, fault: { status: 503 } });
  const { page, errors } = await show("requests");
  await page.getByLabel("Refresh every 2 s").uncheck();
  const rows = page.locator("tbody tr");
  for (const [title, wanted] of [["Requests", "/IDENTITIES"], ["Tokens", "chat"], ["Identities", "8:acs:"], ["Users", "alice adams"], ["Apps", "daemon"], ["Faults", "503"]]) {
    await page.getByRole("link", { name: title, exact: true }).click();
    await heading(page, title);
    await rows.first().waitFor();
    const filter = page.getByRole("searchbox", { name: "Filter" });
    assert.equal(await filter.inputValue(), "", "the filter of the list before");
    await filter.fill("fits nothing at all");
    await page.getByText("Nothing fits the filter.").waitFor();
    await filter.fill(wanted);
    await rows.first().waitFor();
  }
  await world.admin("/faults", undefined, "DELETE");
  assert.deepEqual(errors, []);
});

check("ui: focus is never lost: a list, the skip link, the end of a rehearsal", async () => {
  const { page, errors } = await show("users");
  await page.getByRole("link", { name: "Rehearsals" }).focus();
  await page.keyboard.press("Enter");
  await heading(page, "Rehearsals");
  assert.deepEqual(await focused(page), { name: "Rehearsals", outline: "solid" });
  await page.getByRole("link", { name: "Skip to the list" }).focus();
  await page.keyboard.press("Enter");
  assert.deepEqual(await focused(page), { name: "Rehearsals", outline: "solid" });
  assert.equal(new URL(page.url()).hash, "#rehearsals", "the skip link chose another list");
  await page.getByRole("button", { name: "Begin acs-down" }).focus();
  await page.keyboard.press("Enter");
  await says(page, "acs-down has begun");
  await page.getByRole("button", { name: "End acs-down", disabled: false }).focus();
  await page.keyboard.press("Enter");
  await says(page, "acs-down has ended");
  await page.locator("[aria-label='End acs-down']:disabled").waitFor();
  assert.deepEqual(await focused(page), { name: "Begin acs-down", outline: "solid" });
  assert.deepEqual(errors, []);
});

check("ui: a list chosen by hash on a narrow screen, with the bar scrolled to its end", async () => {
  const { page, errors } = await show("faults");
  await page.setViewportSize({ width: 390, height: 800 });
  await page.getByLabel("Refresh every 2 s").uncheck();
  for (const list of ["Requests", "Faults"]) {
    await page.evaluate((name) => { location.hash = name.toLowerCase(); }, list);
    await heading(page, list);
    const seen = await page.locator("nav a[aria-current]").evaluate((a) => { const { left, right } = a.getBoundingClientRect(); return left >= 0 && right <= innerWidth; });
    assert.ok(seen, `the tab of ${list} is out of sight`);
    assert.equal(await page.evaluate(() => scrollY), 0);
    await page.evaluate(() => { const bar = document.querySelector("nav"); bar.scrollLeft = bar.scrollWidth; });
    await page.locator("#view > *").first().waitFor();
    await looksRight(page, errors, `${list}, with the bar at its end`);
    await page.setViewportSize({ width: 390, height: 800 });
  }
});

check("ui: a fault is shown and ended", async () => {
  await world.admin("/faults", { op: "create", times: 3, fault: { status: 503 } });
  const { page, errors } = await show("faults");
  await page.getByRole("row", { name: /create 3 .*503/ }).waitFor();
  await page.getByRole("button", { name: "End all faults" }).focus();
  await page.keyboard.press("Enter");
  await says(page, "Faults: all ended");
  await page.getByText("Nothing yet.").waitFor();
  assert.deepEqual(await world.admin("/faults"), []);
  assert.equal((await createIdentity(["chat"], 60)).status, 201);
  assert.deepEqual(errors, []);
});

check("ui: a refusal is shown with its text", async () => {
  const { page, errors } = await show("rehearsals");
  const card = page.getByRole("article", { name: "slow-upstream" });
  for (const [options, words] of [['{"delay":"soon"}', "delay has to be a duration"], ["{", /JSON/], ['{"colour":"red"}', /colour/]]) {
    await card.getByRole("textbox").fill(options);
    await card.getByRole("button", { name: "Begin" }).click();
    await page.locator("#status.bad").getByText(words).waitFor();
  }
  assert.deepEqual((await world.admin("/rehearsals")).filter((one) => one.active), []);
  await page.route("**/rehearsals/slow-upstream", (route) => route.fulfill({ status: 413, contentType: "text/plain", body: "no" }));
  await card.getByRole("button", { name: "Begin" }).click();
  await page.locator("#status.bad").getByText("413").waitFor();
  assert.deepEqual(errors, []);
});
