// The documentation page at /docs, in a browser: how it looks, its links, and that every operation of the contract is there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { check, info, open } from "../lib/world.js";

const axe = readFileSync(new URL("../../../interop/browser/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

// looksRight is that of interop/browser/lib/look.js, which comes with an emulator of its own.
async function looksRight(page) {
  await page.evaluate(axe);
  for (const width of [1280, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      const { faults, wide } = await page.evaluate(async () => ({
        faults: (await axe.run({ resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 300)}`),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      }));
      assert.deepEqual(faults, [], `${colorScheme}, ${width} px`);
      assert.ok(wide <= 0, `${wide} px too wide for ${width} px`);
    }
  }
}

check("docs: the page looks right, and every link in it has its target", async () => {
  const page = await open();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
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
  await looksRight(page);
  assert.deepEqual(errors, [], "console");
});
