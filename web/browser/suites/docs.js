// The documentation page at /docs, in a browser: how it looks, its links, and that every operation of the contract is there.
import assert from "node:assert/strict";
import { collect, looksRight } from "../../../interop/browser/lib/look.js";
import { check, info, open } from "../lib/world.js";

check("docs: the page looks right, and every link in it has its target", async () => {
  const page = await open();
  const errors = collect(page);
  const answer = await page.goto(`${info.server}/docs`);
  assert.equal(answer.status(), 200);
  assert.ok((await answer.body()).length < 400 * 1024, "the page is over 400 KB");
  const lost = await page.evaluate(() =>
    [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id)));
  assert.deepEqual(lost, []);
  const contract = await (await fetch(`${info.server}/openapi.yaml`)).text();
  const names = [...contract.matchAll(/operationId: (\w+)/g)].map((found) => found[1]).filter((name) => !name.endsWith("Head"));
  assert.ok(names.length > 25, `${names.length} operations`);
  for (const name of names) assert.equal(await page.locator(`article#${name}`).count(), 1, name);
  await looksRight(page, errors, "the documentation page");
});
