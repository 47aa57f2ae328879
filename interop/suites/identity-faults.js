// @azure/communication-identity: what the SDK makes of an ACS that has a bad moment. The SDK sends a create again when
// its answer was lost, and so makes a second identity: the emulator has to show that, since the real service does.
import assert from "node:assert/strict";
import { CommunicationIdentityClient } from "@azure/communication-identity";
import { refused } from "../lib/expect.js";
import { check, make } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 3, retryDelayInMs: 1, maxRetryDelayInMs: 5 } };
const client = (more) => make("@azure/communication-identity", CommunicationIdentityClient, world.info.connectionString, { ...options, ...more });
const never = { retryOptions: { maxRetries: 0 } };
const count = async () => (await world.identities()).size;

for (const status of [408, 429, 500, 502, 503, 504]) {
  check(`identity: the SDK gets over a ${status} on each call`, async () => {
    const acs = client();
    const calls = {
      create: () => acs.createUser(), issue: () => acs.getToken(user, ["chat"]),
      revoke: () => acs.revokeTokens(user), delete: () => acs.deleteUser(user),
    };
    const user = await acs.createUser();
    for (const [op, call] of Object.entries(calls)) {
      await world.fault(op, { status, retryAfter: status === 429 ? "0" : "" });
      await call();
    }
    assert.deepEqual(await world.admin("/faults"), []);
  });
}

check("identity: without retries a 429 is TooManyRequests, and Retry-After reaches the caller", async () => {
  await world.fault("create", { status: 429, retryAfter: "7" });
  const error = await refused(client(never).createUser(), { name: "RestError", statusCode: 429, code: "TooManyRequests" });
  assert.equal(error.response.headers.get("retry-after"), "7");
});

check("identity: a 500 that stays comes out after four requests", async () => {
  const before = await count();
  await world.fault("create", { status: 500 }, 4);
  await refused(client().createUser(), { name: "RestError", statusCode: 500, code: "InternalServerError" });
  assert.deepEqual(await world.admin("/faults"), [], "all four were used");
  assert.equal(await count(), before);
});

check("identity: the SDK repeats a create whose answer was lost, and one identity too many is left", async () => {
  for (const what of [{ dropAfter: true }, { statusAfter: 503 }]) {
    const before = await count();
    await world.fault("create", what);
    const user = await client().createUser();
    assert.match(user.communicationUserId, world.identityForm);
    assert.equal(await count(), before + 2);
  }
});

check("identity: a create whose connection broke before it took effect leaves nothing behind", async () => {
  const before = await count();
  await world.fault("create", { dropBefore: true });
  await client().createUser();
  assert.equal(await count(), before + 1);
});

check("identity: half an answer is an error, not half a user", async () => {
  await world.fault("create", { badJson: true });
  await refused(client(never).createUser(), { name: "RestError", code: "PARSE_ERROR" });
});

check("identity: a call that is under way can be given up", async () => {
  await world.fault("create", { delay: "10s", status: 503 });
  const abort = new AbortController();
  const call = client(never).createUser({ abortSignal: abort.signal });
  for (let left = 1000; (await world.admin("/faults")).length > 0; left--) assert.ok(left > 0, "the request has not arrived");
  abort.abort();
  await refused(call, { name: "AbortError" });
});
