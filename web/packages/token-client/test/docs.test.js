// The manual shows the examples word for word, and they are type-checked by npm run check.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../../../", import.meta.url);
const text = (path) => readFileSync(new URL(path, root), "utf8");

test("docs/token-client.md has the examples as they are", () => {
  const blocks = [...text("docs/token-client.md").matchAll(/<!-- (\S+) -->\n```tsx?\n([\s\S]*?)```/g)];
  assert.equal(blocks.length, 2);
  for (const [, path, block] of blocks) assert.equal(block, text(path), path);
});
