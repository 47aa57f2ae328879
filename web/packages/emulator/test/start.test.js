// What goes wrong at the start, shown with programs that are not acsauth-dev.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startEmulator } from "../index.js";
import { fake, recording } from "./lib/fake.js";
import { gone } from "./lib/gone.js";

const rejects = (t, text, pattern, options = {}) =>
  assert.rejects(startEmulator({ binary: fake(t, text), ...options }), (error) => error.name === "EmulatorError" && pattern.test(error.message));

test("a program that ends at once is quoted", async (t) => {
  await rejects(t, `console.error("the port is taken"); process.exit(3)`, /ended by itself with code 3\. It said:\nthe port is taken$/);
});

test("a program that cannot be started", async (t) => {
  await assert.rejects(startEmulator({ binary: fake(t, "").replace(/[^/]+$/, ".") }), /no program is there/);
  const file = fake(t, "");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(file, "#!/nowhere/interpreter\n");
  await assert.rejects(startEmulator({ binary: file }), /cannot be started: .*ENOENT/);
});

test("another program of that name", async (t) => {
  await rejects(t, `console.log("hello"); setInterval(() => {}, 1000)`, /something else than its JSON line/);
  await rejects(t, `console.log("{}"); setInterval(() => {}, 1000)`, /does not say authority/);
  await rejects(t, `process.stdout.write("x".repeat(2 ** 21)); setInterval(() => {}, 1000)`, /a line of more than 1048576 bytes/);
});

test("a program that is not ready in time is ended", async (t) => {
  const text = `
    const s = require("node:net").createServer().listen(0, "127.0.0.1", () => console.error("http://127.0.0.1:" + s.address().port));`;
  let url;
  await rejects(t, text, /not ready within 2000 ms/, { timeout: 2_000, log: (line) => (url = line) });
  assert.ok(url, "the program did not get as far as to listen");
  assert.ok(await gone(url));
});

test("a parent that leaves at once leaves nothing behind", async (t) => {
  const binary = fake(t, `console.log(process.pid); setInterval(() => {}, 1000)`);
  for (let round = 0; round < 8; round++) {
    const keeper = fork(fileURLToPath(new URL("../lib/keeper.js", import.meta.url)), [binary], { execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
    let said = "";
    keeper.stderr.on("data", (text) => (said += text));
    const ends = Promise.all([keeper.stdout, keeper.stderr].map((stream) => once(stream, "close"))); // the emulator holds them, too
    keeper.stdout.resume();
    if (round % 2) await once(keeper, "spawn");
    keeper.disconnect();
    await ends;
    assert.equal(said, "");
  }
});

test("options are checked", async () => {
  await assert.rejects(startEmulator({ lose: true }), /there is no option lose; there are binary, /);
  for (const timeout of [0, 1.5, -1, 600_001, "5"]) await assert.rejects(startEmulator({ timeout }), /timeout has to be/);
});

test("options become flags", async (t) => {
  const binary = fake(t, recording);
  const plain = await startEmulator({ binary });
  assert.deepEqual(plain.info.args, ["emulate", "--json", "--listen", "127.0.0.1:0", "--log-level", "warn"]);
  await plain.stop();
  const full = await startEmulator({ binary, data: "d", loose: true, listen: "127.0.0.1:8", logLevel: "debug", args: ["--tls-listen", "off"] });
  assert.deepEqual(full.info.args, ["emulate", "--json", "--listen", "127.0.0.1:8", "--log-level", "debug", "--data", "d", "--loose", "--tls-listen", "off"]);
  await full.stop();
});

test("the program gets no secret of the tests", async (t) => {
  const before = { ...process.env };
  Object.assign(process.env, { AZURE_CLIENT_SECRET: "s3cret", NODE_OPTIONS: "--no-warnings", CONTAINER_APP_NAME: "a cloud" });
  t.after(() => (process.env = before));
  const emu = await startEmulator({ binary: fake(t, recording), env: { MINE: "yes" } });
  t.after(() => emu.stop());
  const names = Object.keys(emu.info.env);
  assert.ok(!names.includes("AZURE_CLIENT_SECRET") && !names.includes("NODE_OPTIONS") && !names.includes("NODE_CHANNEL_FD"), names.join());
  assert.equal(emu.info.env.CONTAINER_APP_NAME, "a cloud"); // so that the program can refuse
  assert.equal(emu.info.env.MINE, "yes");
});

test("methods become calls of the administration", async (t) => {
  const emu = await startEmulator({ binary: fake(t, recording) });
  t.after(() => emu.stop());
  const seen = [
    [await emu.rehearse("quota-hit", { times: 3 }), "POST", "/rehearsals/quota-hit", { times: 3 }],
    [await emu.rehearse("a/b?c"), "POST", "/rehearsals/a%2Fb%3Fc", ""],
    [await emu.rehearsals(), "GET", "/rehearsals", ""],
    [await emu.snapshot(), "GET", "/snapshot", ""],
    [await emu.get("/tokens"), "GET", "/tokens", ""],
    [await emu.delete("/faults"), "DELETE", "/faults", ""],
  ];
  for (const [got, method, url, body] of seen) assert.deepEqual([got.method, got.url, got.body], [method, url, body]);
  assert.equal(await emu.token({ user: "bob" }), '{"user":"bob"}');
  await assert.rejects(emu.get("/unknown?secret=1"), (error) =>
    error.status === 404 && error.message === "the emulator refuses GET /unknown: there is nothing here (this acsauth-dev may be too old for it)");
  for (const done of [emu.endRehearsals(), emu.advance("24h"), emu.advance(1500), emu.resetClock(), emu.reset(), emu.restore({}), emu.seed({})]) assert.equal(await done, undefined);
});
