// Assertions that several suites need.
import assert from "node:assert/strict";

const clockSlack = 10_000; // milliseconds between making a token and looking at it

// refused asserts that an SDK call rejects with an error that has exactly the given members, and returns the error.
export async function refused(promise, want) {
  let caught;
  await assert.rejects(promise, (error) => ((caught = error), true));
  const got = Object.fromEntries(Object.keys(want).map((name) => [name, caught[name]]));
  assert.deepEqual(got, want, caught.message);
  return caught;
}

// refusedByACS asserts an error answer of ACS: status, code, message, and target when there is one.
export async function refusedByACS(promise, statusCode, code, message, target) {
  const error = await refused(promise, { name: "RestError", statusCode, code });
  const body = { code, message: message ?? error.details.error.message };
  assert.deepEqual(error.details, { error: target ? { ...body, target } : body });
  return error;
}

export const refusals = {
  denied: (promise) => refusedByACS(promise, 401, "Denied", "Denied by the resource provider."),
  notOwned: (promise) => refusedByACS(promise, 401, "IdentityNotOwned", "Provided identity doesn't belong to the resource."),
  badTeamsToken: (promise) => refusedByACS(promise, 401, "InvalidAccessToken", "Provided access token is not valid."),
  lifetime: (promise, minutes) => refusedByACS(promise, 400, "ValidationError",
    `ExpiresInMinutes value ${minutes} is invalid. Value must be within the [60, 1440] interval.`, "ExpiresInMinutes"),
  version: async (promise, version) => {
    const error = await refusedByACS(promise, 400, "UnsupportedApiVersion");
    assert.ok(error.message.includes(`does not support the API version '${version}'.`), error.message);
  },
};

// near asserts that two times are the same but for the time that a call takes.
export function near(got, want, what) {
  assert.ok(Math.abs(Number(got) - Number(want)) < clockSlack, `${what}: ${new Date(got).toISOString()}, want ${new Date(want).toISOString()}`);
}

// inMinutes is the time that many minutes from now.
export const inMinutes = (minutes) => Date.now() + minutes * 60_000;
