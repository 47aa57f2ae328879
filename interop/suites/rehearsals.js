// Rehearsals of the emulator, met by the SDKs: one call of the administration, and what comes out of an official client.
import assert from "node:assert/strict";
import { refusals, refused } from "../lib/expect.js";
import { newest } from "../lib/identity.js";
import { check } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const never = { retryOptions: { maxRetries: 0 } };
const soon = { retryOptions: { maxRetries: 3, retryDelayInMs: 1, maxRetryDelayInMs: 5 } };

// rehearsed begins a rehearsal that ends with the test.
async function rehearsed(t, name, options = {}) {
  t.after(async () => assert.ok((await fetch(`${world.info.admin}/rehearsals`, { method: "DELETE" })).ok));
  return world.admin(`/rehearsals/${name}`, options);
}

check("rehearsal quota-hit: the SDK gets over it when it may repeat, and shows TooManyRequests when it may not", async (t) => {
  await rehearsed(t, "quota-hit", { times: 2, retryAfter: "0" });
  assert.match((await newest(soon).createUser()).communicationUserId, world.identityForm);
  await rehearsed(t, "quota-hit", { times: 1 });
  const error = await refused(newest(never).createUser(), { name: "RestError", statusCode: 429, code: "TooManyRequests" });
  assert.equal(error.response.headers.get("retry-after"), "2");
});

check("rehearsal lost-reply: a create that the SDK repeats leaves one identity too many", async (t) => {
  const before = (await world.identities()).size;
  await rehearsed(t, "lost-reply");
  await newest(soon).createUser();
  assert.equal((await world.identities()).size, before + 2);
});

check("rehearsal key-rotated: the old key is Denied, and is good again when it is over", async (t) => {
  await rehearsed(t, "key-rotated");
  await refusals.denied(newest(never).createUser());
  assert.ok((await fetch(`${world.info.admin}/rehearsals`, { method: "DELETE" })).ok);
  assert.match((await newest(never).createUser()).communicationUserId, world.identityForm);
});

check("rehearsal foreign-identity: an identity of another resource is IdentityNotOwned", async (t) => {
  const user = await newest(never).createUser();
  await rehearsed(t, "foreign-identity", { times: 1 });
  await refusals.notOwned(newest(never).getToken(user, ["chat"]));
  assert.ok((await newest(never).getToken(user, ["chat"])).token);
});

check("rehearsal acs-down: everything of ACS is refused until it is over", async (t) => {
  await rehearsed(t, "acs-down");
  await refused(newest(never).createUser(), { name: "RestError", statusCode: 503 });
  assert.ok((await fetch(`${world.info.admin}/rehearsals`, { method: "DELETE" })).ok);
  assert.match((await newest(never).createUser()).communicationUserId, world.identityForm);
});

check("rehearsal bad-json: half an answer is an error of the SDK", async (t) => {
  await rehearsed(t, "bad-json");
  await refused(newest(never).createUser(), { name: "RestError", code: "PARSE_ERROR" });
});
