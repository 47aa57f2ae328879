// What a page has to do for everybody: no fault for axe-core in light and dark, on a wide and a narrow screen, nothing to
// scroll sideways, no error on the console, no breach of its own policy.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const widths = [1280, 390]; // pixels
const schemes = ["light", "dark"];
const expected = /the server responded with a status of 4\d\d/; // the browser's own note on a page with an error

// watch opens a page and collects what its console says of errors, and what breaks its policy.
export async function watch() {
  const { profile } = await import("./world.js"); // not above: it would start a world for those who have their own
  const page = await profile.newPage();
  page.setDefaultTimeout(15_000);
  return { page, errors: collect(page) };
}

// collect collects the errors of a page from now on.
export function collect(page) {
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error" && !expected.test(message.text())) errors.push(message.text()); });
  return errors;
}

// looksRight asserts all of it for a page as it is now.
export async function looksRight(page, errors, what) {
  await page.evaluate(axe);
  for (const width of widths) {
    for (const colorScheme of schemes) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      const { faults, wide } = await page.evaluate(async () => ({
        faults: (await axe.run({ resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ").slice(0, 300)}`),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      }));
      assert.deepEqual(faults, [], `${what}, ${colorScheme}, ${width} px`);
      assert.ok(wide <= 0, `${what} is ${wide} px too wide for ${width} px`);
    }
  }
  assert.deepEqual(errors, [], `console of ${what}`);
}
