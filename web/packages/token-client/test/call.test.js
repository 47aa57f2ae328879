// One call: errors, retries, challenges, bad answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AcsauthError, createTokenRefresher } from "../dist/index.js";
import { hanging, json, minute, now, options, pass, problem, server, settle, token, withClock } from "./fake.js";

const good = () => json(200, token());

// outcome waits for a call while time passes in steps.
async function outcome(call, step = 250, most = 200) {
  let done;
  call.then((value) => (done = { value }), (error) => (done = { error }));
  await settle();
  for (let i = 0; !done && i < most; i++) await pass(step);
  return done ?? { error: new Error("it never ended") };
}

test("a failure that may pass is repeated, Retry-After is kept exactly", withClock(async () => {
  const seen = [];
  const s = server(() => Promise.reject(new TypeError("Failed to fetch")), () => problem(502, "acs_rejected"), () => problem(429, "acs_throttled", { "retry-after": "7" }), good);
  const { value } = await outcome(createTokenRefresher(options(s.fetch, { onEvent: (e) => seen.push(e) }))());
  assert.ok(value);
  const gaps = s.requests.map((r, i) => (i ? r.at - s.requests[i - 1].at : 0)).slice(1);
  assert.ok(gaps[0] <= 750 && gaps[1] <= 1250 && gaps[2] >= 7000 && gaps[2] < 7500, `${gaps}`);
  assert.deepEqual(seen.map((e) => [e.type, e.error?.code]), [["retry", "network"], ["retry", "acs_rejected"], ["retry", "acs_throttled"], ["refreshed", undefined]]);
}));

test("a date in Retry-After", withClock(async () => {
  const s = server(() => problem(503, "shutting_down", { "retry-after": new Date(now() + 5000).toUTCString() }), good);
  await outcome(createTokenRefresher(options(s.fetch))());
  assert.ok(s.requests[1].at - s.requests[0].at >= 5000);
}));

test("retries end, and a Retry-After of more than a minute is not waited for", withClock(async () => {
  const s = server(() => problem(503, "acs_unavailable"));
  const { error } = await outcome(createTokenRefresher(options(s.fetch, { retries: 2 }))());
  assert.equal(error.code, "acs_unavailable");
  assert.equal(s.requests.length, 3);
  const long = server(() => problem(429, "user_limit", { "retry-after": "3600" }));
  const { error: later } = await outcome(createTokenRefresher(options(long.fetch))());
  assert.equal(later.retryAfter, 3600);
  assert.equal(long.requests.length, 1);
}));

test("what the caller did wrong is not repeated", withClock(async () => {
  const s = server(() => problem(403, "policy_denied"));
  const { error } = await outcome(createTokenRefresher(options(s.fetch))());
  assert.ok(error instanceof AcsauthError);
  assert.deepEqual({ ...error, name: error.name }, { name: "AcsauthError", status: 403, code: "policy_denied", detail: "It happened.", hint: "Change it.", requestId: "req-1", retryAfter: undefined });
  assert.equal(error.message, "policy_denied: It happened. Change it.");
  assert.equal(s.requests.length, 1);
}));

test("a claims challenge goes to getAccessToken once, other 401 ask for a fresh token once", withClock(async () => {
  const wanted = JSON.stringify({ access_token: { acrs: { essential: true, value: "c1" } } });
  const challenge = { "www-authenticate": `Bearer realm="t", authorization_uri="https://login.example/t", error="insufficient_claims", claims="${btoa(wanted)}"` };
  for (const [headers, ask] of [[challenge, { claims: wanted }], [{}, { forceRefresh: true }], [{ "www-authenticate": 'Bearer claims="bm90IGpzb24="' }, { forceRefresh: true }]]) {
    const asked = [];
    const events = [];
    const getAccessToken = async ({ claims, forceRefresh, kind, signal }) => {
      assert.ok(kind === "user" && signal instanceof AbortSignal);
      asked.push({ ...(claims && { claims }), ...(forceRefresh && { forceRefresh }) });
      return `n${asked.length}.token.x`;
    };
    const s = server(() => problem(401, "step_up_required", headers), good);
    await createTokenRefresher(options(s.fetch, { getAccessToken, onEvent: (e) => events.push(e.type) }))();
    assert.deepEqual(asked, [{}, ask]);
    assert.equal(s.requests[1].authorization, "Bearer n2.token.x");
    assert.deepEqual(events, ask.claims ? ["challenged", "refreshed"] : ["refreshed"]);
    const always = server(() => problem(401, "token_invalid", headers));
    await assert.rejects(createTokenRefresher(options(always.fetch))(), { code: "token_invalid", status: 401 });
    assert.equal(always.requests.length, 2);
  }
}));

test("getAccessToken that fails, or gives no token", withClock(async () => {
  const s = server(good);
  const cause = new Error("interaction_required");
  await assert.rejects(createTokenRefresher(options(s.fetch, { getAccessToken: () => Promise.reject(cause) }))(), { code: "access_token", cause });
  for (const nothing of [undefined, "", {}, "two words", "a\r\nb"]) await assert.rejects(createTokenRefresher(options(s.fetch, { getAccessToken: async () => nothing }))(), { code: "access_token" });
  assert.equal(s.requests.length, 0);
}));

test("one try is bounded in time", withClock(async () => {
  const s = server(hanging().handler);
  const { error } = await outcome(createTokenRefresher(options(s.fetch, { timeout: 2000, retries: 0 }))());
  assert.equal(error.code, "timeout");
  assert.ok(s.requests[0].init.signal.aborted);
}));

test("answers are not trusted", withClock(async () => {
  const bad = {
    "no JSON": "<html>", "an array": "[]", "too long": "x".repeat(70_000), "another kind": { ...token(), kind: "teamsUser" }, "no token": { ...token(), token: "" }, "a token of two lines": { ...token(), token: "a\nb" },
    "times that differ": { ...token(), expiresOn: "2026-01-31T12:00:00Z" }, "refreshAfter after the end": { ...token(), refreshAfter: "2030-01-01T00:00:00Z" }, "no user": { ...token(), user: {} }, "no endpoint": { ...token(), endpoint: 1 },
  };
  for (const [what, body] of Object.entries(bad)) {
    const s = server(() => json(200, body));
    await assert.rejects(createTokenRefresher(options(s.fetch))(), { code: "answer_invalid" }, what);
  }
  await assert.rejects(createTokenRefresher(options(server(() => json(404, "<html>not here</html>")).fetch))(), { code: "answer_invalid", status: 404 });
}));

test("a clock that is wrong is named", withClock(async () => {
  const s = server(() => json(200, token({ life: -5 * minute })));
  await assert.rejects(createTokenRefresher(options(s.fetch))(), { code: "clock_wrong" });
}));

test("endpoints", () => {
  const make = (endpoint) => createTokenRefresher({ endpoint, getAccessToken: async () => "x" });
  for (const fine of ["https://a.example", "https://a.example/base/", "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:1", new URL("https://a.example")]) make(fine);
  for (const bad of ["http://a.example", "ftp://a.example", "https://u:p@a.example", "https://a.example/?q", "https://a.example/#f", "a.example"]) assert.throws(() => make(bad), TypeError, bad);
});
