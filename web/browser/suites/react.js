// The React example of the token client.
import assert from "node:assert/strict";
import { mounted } from "../lib/react.js";
import { check } from "../lib/world.js";

check("react: mounted twice by StrictMode, the hook makes one call, and none after it is gone", async () => {
  const { page, calls } = await mounted();
  assert.deepEqual(calls, ["/getToken"]);
  assert.match(await page.locator("#root").innerText(), /there/);
  await page.evaluate(() => leave());
  assert.equal(await page.locator("#root").innerText(), "");
  assert.deepEqual(calls, ["/getToken"]);
});
