// The lines of the README for node:test, run as they are written.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { real } from "./lib/real.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const after = (title) => readme.split(title)[1].split("```js\n")[1].split("```")[0];
const self = new URL("../index.js", import.meta.url).href;
const local = (code) => code.replace('"@acs-solutions/acsauth-emulator"', JSON.stringify(self));

function run(t, name, code, ...args) {
  const folder = mkdtempSync(join(tmpdir(), "acsauth-readme-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), code);
  const env = { ...process.env, ACSAUTH_DEV: real() };
  delete env.NODE_TEST_CONTEXT;
  return spawnSync(process.execPath, [...args, join(folder, name)], { env, encoding: "utf8", timeout: 60_000 });
}

test("node:test", (t) => {
  const code = `import { after, test } from "node:test"; import assert from "node:assert";\n${local(after("node:test, in a test file"))}
    test("a token", async () => assert.match(await emu.token({ user: "bob" }), /^eyJ/));`;
  const { status, stdout, stderr } = run(t, "a.test.mjs", code, "--test");
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /# pass 1\n/);
});

test("Jest's setup leaves the connection string, and nothing that holds it up", (t) => {
  const code = local(after("Jest, in the module")).replace("export default", "const setup =");
  const { status, stdout, stderr } = run(t, "setup.mjs", `${code}\nawait setup(); console.log(process.env.ACS_CONNECTION_STRING);`);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^endpoint=http:/);
});
