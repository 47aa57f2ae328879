// Device code: a program asks for a code, a person types it into the page in this browser.
import assert from "node:assert/strict";
import { shown } from "../lib/app.js";
import { press } from "../lib/emulatorpage.js";
import { check } from "../lib/ledger.js";
import { looksRight, watch } from "../lib/look.js";
import * as world from "../lib/world.js";

async function post(path, fields) {
  const answer = await fetch(`${world.info.authority}/oauth2/v2.0/${path}`, { method: "POST", body: new URLSearchParams({ client_id: world.client, ...fields }) });
  return answer.json();
}

const begin = () => post("devicecode", { scope: `${world.scopes.api} openid profile offline_access` });
const poll = ({ device_code }) => post("token", { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code });

// enter opens the page and types the code.
async function enter({ verification_uri: uri, user_code: code }) {
  const { page, errors } = await watch();
  await page.goto(uri);
  await page.getByRole("textbox").waitFor();
  assert.ok(await page.getByRole("textbox").evaluate((box) => box === document.activeElement), "the box for the code has the focus");
  await page.keyboard.type(code.toLowerCase());
  await page.keyboard.press("Enter");
  return { page, errors };
}

check("device: a person enters the code and picks an account by keyboard, the program gets its tokens", async () => {
  const asked = await begin();
  assert.equal((await poll(asked)).error, "authorization_pending");
  const { page, errors } = await enter(asked);
  await press(page, shown.alice);
  await page.getByText("You may now close this window").waitFor();
  await looksRight(page, errors, "the page of a device that is signed in");
  const got = await poll(asked);
  assert.equal(world.claims(got.access_token).oid, world.user.alice.oid, JSON.stringify(got));
});

check("device: a person declines, and the program is told", async () => {
  const asked = await begin();
  const { page } = await enter(asked);
  await press(page, "Cancel");
  await page.getByText("declined").waitFor();
  assert.equal((await poll(asked)).error, "authorization_declined");
});

check("device: a wrong code is asked for again, and the page looks right", async () => {
  const { verification_uri: uri } = await begin();
  const { page, errors } = await enter({ verification_uri: uri, user_code: "WRONG1234" });
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /code didn't work/);
  await looksRight(page, errors, "the page for the code");
});
