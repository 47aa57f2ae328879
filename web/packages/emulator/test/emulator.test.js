// The real program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { request } from "node:https";
import { fileURLToPath } from "node:url";
import { startEmulator } from "../index.js";
import { gone } from "./lib/gone.js";
import { real } from "./lib/real.js";

const binary = real();
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());

test("it starts, answers, is reset and ends", async () => {
  const emu = await startEmulator({ binary });
  assert.match(emu.connectionString, /^endpoint=http:\/\/127\.0\.0\.1:\d+\/;accesskey=/);
  assert.equal(claims(await emu.token()).oid, emu.users.find((user) => user.name === "alice").oid);
  assert.equal(claims(await emu.token({ user: "bob", version: "1.0" })).ver, "1.0");
  await assert.rejects(emu.token({ user: "nobody" }), (error) => error.name === "EmulatorError" && error.status === 400 && /nobody/.test(error.message));

  const discovery = await fetch(`${emu.authority}/v2.0/.well-known/openid-configuration`).then((answer) => answer.json());
  assert.equal(discovery.issuer, `${emu.authority}/v2.0`);
  assert.ok((await emu.counters()).entra.discovery >= 1);
  assert.ok((await emu.requests()).length >= 1);
  await emu.reset();
  assert.deepEqual(await emu.identities(), []);

  await Promise.all([emu.stop(), emu.stop()]);
  assert.ok(await gone(emu.admin));
  await assert.rejects(emu.token(), /no answer of the emulator/);
});

test("await using ends it", async () => {
  const emu = await startEmulator({ binary, args: ["--tls-listen", "off"] });
  assert.equal(emu.tls, undefined);
  await emu[Symbol.asyncDispose]();
  assert.ok(await gone(emu.admin));
});

test("it speaks TLS to those who trust its certificate", async (t) => {
  const emu = await startEmulator({ binary });
  t.after(() => emu.stop());
  const status = (options) => new Promise((resolve, reject) => {
    request(`${emu.tls.authority}/v2.0/.well-known/openid-configuration`, options, (res) => resolve(res.resume().statusCode)).on("error", reject).end();
  });
  assert.equal(await status({ ca: emu.tls.ca }), 200);
  await assert.rejects(status({}), /certificate/);
});

test("what the program refuses is shown", async () => {
  await assert.rejects(startEmulator({ binary, listen: "0.0.0.0:0" }), /loopback/);
  await assert.rejects(startEmulator({ binary, args: ["--no-such-flag"] }), /no-such-flag/);
});

const script = fileURLToPath(new URL("lib/holder.js", import.meta.url));

// hold starts a process that starts an emulator, and waits until it says where.
async function hold(...args) {
  const child = spawn(process.execPath, [script, binary, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { child, ended, admin: line };
}

test("it ends when the process that started it is killed", async () => {
  const { child, ended, admin } = await hold("wait");
  child.kill("SIGKILL");
  await ended;
  assert.ok(await gone(admin));
});

test("it holds nobody up who forgot to stop it, and ends with them", async () => {
  const { ended, admin } = await hold("forget");
  assert.deepEqual(await ended, [0, null]);
  assert.ok(await gone(admin));
});

test("it ends when the process that started it crashes", async () => {
  const { ended, admin } = await hold("crash");
  assert.notDeepEqual(await ended, [0, null]);
  assert.ok(await gone(admin));
});
