import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { findBinary, install } from "../lib/binary.js";
import { startEmulator } from "../index.js";

const folder = mkdtempSync(join(tmpdir(), "acsauth-path-"));
const file = join(folder, process.platform === "win32" ? "acsauth-dev.exe" : "acsauth-dev");
writeFileSync(file, "");
chmodSync(file, 0o755);
mkdirSync(join(folder, "empty"));
test.after(() => rmSync(folder, { recursive: true }));

test("the option wins, then ACSAUTH_DEV, then PATH", () => {
  const other = join(folder, "other");
  writeFileSync(other, "");
  chmodSync(other, 0o755);
  assert.equal(findBinary(other, { ACSAUTH_DEV: file, PATH: folder }), other);
  assert.equal(findBinary(undefined, { ACSAUTH_DEV: other, PATH: folder }), other);
  assert.equal(findBinary(undefined, { PATH: [join(folder, "empty"), folder].join(delimiter) }), file);
});

test("a place that was named and is wrong is an error, not a reason to look elsewhere", () => {
  for (const wrong of [join(folder, "no"), folder, "", 7]) {
    assert.throws(() => findBinary(wrong, { ACSAUTH_DEV: file, PATH: folder }), /the option binary is .*no program is there/);
  }
  assert.throws(() => findBinary(undefined, { ACSAUTH_DEV: folder, PATH: folder }), /ACSAUTH_DEV is .*no program is there/);
});

test("a relative folder of PATH is not searched", () => {
  assert.throws(() => findBinary(undefined, { PATH: [".", "", "bin"].join(delimiter) }), /not in PATH/);
});

test("without the program, the error names the one command that installs it", async () => {
  const before = { ...process.env };
  delete process.env.ACSAUTH_DEV;
  process.env.PATH = join(folder, "empty");
  try {
    await assert.rejects(startEmulator(), (error) => error.name === "EmulatorError" && error.message.includes(install));
  } finally {
    Object.assign(process.env, before);
  }
  assert.match(install, /^go install github\.com\/acs-solutions\/acsauth\/cmd\/acsauth-dev@/);
});
