// What the administration of the real program does with the calls of this package: scenarios, the clock, state.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { after, test } from "node:test";
import { startEmulator } from "../index.js";
import { real } from "./lib/real.js";

const emu = await startEmulator({ binary: real() });
after(() => emu.stop());

// create asks ACS for an identity, signed as its SDKs do.
async function create() {
  const key = /accesskey=(.*)/.exec(emu.connectionString)[1];
  const { host } = new URL(emu.acs);
  const [path, date] = ["/identities?api-version=2023-10-01", (await now()).toUTCString()];
  const hash = createHash("sha256").update("").digest("base64");
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(`POST\n${path}\n${date};${host};${hash}`).digest("base64");
  const headers = { "x-ms-date": date, "x-ms-content-sha256": hash, authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}` };
  return (await fetch(emu.acs + path, { method: "POST", headers })).status;
}
const now = async () => new Date((await emu.get("/clock")).now);
const expiry = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()).exp * 1000;

test("a scenario begins, and ends when told", async () => {
  assert.ok((await emu.rehearsals()).some((one) => one.name === "quota-hit" && one.sees));
  assert.equal(await create(), 201);
  const one = await emu.rehearse("quota-hit", { times: -1 });
  assert.deepEqual([one.name, one.active], ["quota-hit", true]);
  assert.equal(await create(), 429);
  await emu.endRehearsals();
  assert.equal(await create(), 201);
  await assert.rejects(emu.rehearse("no-such-thing"), (error) => error.status >= 400);
});

test("the clock moves for all services, and back", async () => {
  const before = expiry(await emu.token());
  await emu.advance("24h");
  await emu.advance(3_600_000);
  assert.ok(expiry(await emu.token()) - before > 24.5 * 3_600_000);
  assert.equal(await create(), 201);
  await emu.resetClock();
  assert.ok(Math.abs((await now()) - Date.now()) < 60_000);
});

test("state is saved and restored, faults come and go", async () => {
  await emu.reset();
  assert.equal(await create(), 201);
  const saved = await emu.snapshot();
  await emu.reset();
  assert.deepEqual(await emu.identities(), []);
  await emu.restore(saved);
  assert.equal((await emu.identities()).length, 1);
  await emu.fault("create", { status: 503 }, 5);
  assert.equal(await create(), 503);
  await emu.clearFaults();
  assert.equal(await create(), 201);
});
