// All suites, in their order.
import { check, info, open } from "../lib/world.js";
import assert from "node:assert/strict";

check("the service answers a page", async () => {
  const page = await open();
  const answer = await page.goto(`${info.server}/livez`);
  assert.equal(answer.status(), 200);
});
await import("./dropin.js");
