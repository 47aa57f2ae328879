// examples/javascript: the program as it is, with the installed SDK, against acsauth-dev emulate.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installed } from "../lib/packages.js";
import { start } from "../lib/program.js";
import { check, record } from "../lib/ledger.js";

const execute = promisify(execFile);
const example = new URL("../../examples/javascript/", import.meta.url);
const place = new URL("../node_modules/.quickstart/", import.meta.url); // where it finds the installed SDK

check("quickstart: the example for JavaScript runs against acsauth-dev emulate, and names what it got", async (t) => {
  const { dependencies } = JSON.parse(await readFile(new URL("package.json", example), "utf8"));
  assert.deepEqual(dependencies, { "@azure/communication-identity": installed("@azure/communication-identity").version });
  await mkdir(place, { recursive: true });
  t.after(() => rm(place, { recursive: true }));
  const program = fileURLToPath(new URL("quickstart.mjs", place));
  await cp(fileURLToPath(new URL("quickstart.mjs", example)), program);

  const emulator = await start("emulate");
  try {
    const env = { ...process.env, COMMUNICATION_CONNECTION_STRING: emulator.info.connectionString };
    record("examples/javascript (command)", "quickstart");
    const { stdout } = await execute(process.execPath, [program], { env, timeout: 30_000 });
    assert.match(stdout, /^user    8:acs:[0-9a-f-]+_[0-9a-f-]+\ntoken   \d+ characters, until [0-9T:.-]+Z\nrefused 400 ValidationError ExpiresInMinutes value 59 .*\ndeleted\n$/);
    const identities = await (await fetch(`${emulator.info.admin}/identities`)).json();
    assert.deepEqual(identities.map((one) => one.deleted), [true]);
    assert.ok((await readFile(program, "utf8")).includes(emulator.info.connectionString.split(";accesskey=")[1]), "the example holds the emulator's key");
  } finally {
    assert.ok(await emulator.stop());
  }
});
