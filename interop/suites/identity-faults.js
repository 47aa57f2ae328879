// @azure/communication-identity: what the SDK makes of an ACS that has a bad moment. The SDK sends a create again when
// its answer was lost, and so makes a second identity: the emulator has to show that, since the real service does.
import assert from "node:assert/strict";
import { refused } from "../lib/expect.js";
import { plain } from "../lib/identity.js";
import { check } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const retries = { retryOptions: { maxRetries: 3, retryDelayInMs: 1, maxRetryDelayInMs: 5 } };
const never = { retryOptions: { maxRetries: 0 } };
const count = async () => (await world.identities()).size;

// faultsSuite checks a version of the package.
export function faultsSuite(pkg) {
  statuses(pkg);
  lostAnswers(pkg);

  check(`${pkg.label}: half an answer is an error, not half a user`, async () => {
    await world.fault("create", { badJson: true });
    await refused(plain(pkg, never).createUser(), { name: "RestError", code: "PARSE_ERROR" });
  });

  check(`${pkg.label}: a call that is under way can be given up`, async () => {
    await world.fault("create", { delay: "10s", status: 503 });
    const abort = new AbortController();
    const call = plain(pkg, never).createUser({ abortSignal: abort.signal });
    for (let left = 1000; (await world.admin("/faults")).length > 0; left--) assert.ok(left > 0, "the request has not arrived");
    abort.abort();
    await refused(call, { name: "AbortError" });
  });
}

function statuses(pkg) {
  const requests = pkg.coreHttp ? 3 : 4; // core-http counts the first one as a try, too

  for (const status of [408, 429, 500, 502, 503, 504]) {
    if (pkg.coreHttp && status === 429) continue; // core-http waits for no Retry-After of zero
    check(`${pkg.label}: the SDK gets over a ${status} on each call`, async () => {
      const acs = plain(pkg, retries);
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

  check(`${pkg.label}: without retries a 429 is TooManyRequests, and Retry-After reaches the caller`, async () => {
    await world.fault("create", { status: 429, retryAfter: pkg.coreHttp ? "0" : "7" }); // core-http always waits for it
    const error = await refused(plain(pkg, never).createUser(), { name: "RestError", statusCode: 429, code: "TooManyRequests" });
    assert.equal(error.response.headers.get("retry-after"), pkg.coreHttp ? "0" : "7");
  });

  check(`${pkg.label}: a 500 that stays comes out after ${requests} requests`, async () => {
    const before = await count();
    await world.fault("create", { status: 500 }, requests);
    await refused(plain(pkg, retries).createUser(), { name: "RestError", statusCode: 500, code: "InternalServerError" });
    assert.deepEqual(await world.admin("/faults"), [], "all were used");
    assert.equal(await count(), before);
  });
}

function lostAnswers(pkg) {
  check(`${pkg.label}: the SDK repeats a create whose answer was lost, and one identity too many is left`, async () => {
    for (const what of [{ dropAfter: true }, { statusAfter: 503 }]) {
      const before = await count();
      await world.fault("create", what);
      const user = await plain(pkg, retries).createUser();
      assert.match(user.communicationUserId, world.identityForm);
      assert.equal(await count(), before + 2);
    }
  });

  check(`${pkg.label}: a create whose connection broke before it took effect leaves nothing behind`, async () => {
    const before = await count();
    await world.fault("create", { dropBefore: true });
    await plain(pkg, retries).createUser();
    assert.equal(await count(), before + 1);
  });
}
