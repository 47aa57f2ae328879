// When a refresh is made, who shares it, and what is handed out meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTeamsTokenRefresher, createTokenRefresher } from "../dist/index.js";
import { hanging, json, minute, now, options, pass, problem, server, settle, token, withClock } from "./fake.js";

const good = () => json(200, token());

test("the token in hand is handed out until shortly before refreshAfter", withClock(async () => {
  const s = server(good);
  const refresher = createTokenRefresher(options(s.fetch));
  const first = await refresher();
  await pass(47.9 * minute); // refreshAfter is at 49, and the spread is a minute
  assert.equal(await refresher(), first);
  assert.equal(s.requests.length, 1);
  await pass(1.2 * minute);
  assert.notEqual(await refresher(), first);
  assert.deepEqual(s.requests.map((r) => r.path), ["/base/getToken", "/base/refreshToken"]);
  assert.equal(s.requests[0].authorization, "Bearer entra.token.x");
  assert.equal(s.requests[0].init.body, undefined);
  for (const [member, value] of Object.entries({ method: "POST", redirect: "error", credentials: "omit", cache: "no-store" })) assert.equal(s.requests[0].init[member], value);
}));

test("the moment of a refresh differs from instance to instance", withClock(async () => {
  const moments = new Set();
  for (let i = 0; i < 20; i++) {
    const s = server(good);
    const refresher = createTokenRefresher(options(s.fetch));
    await refresher();
    const from = now();
    for (let second = 0; s.requests.length === 1; second++) {
      await pass(second === 0 ? 47.9 * minute : 1000);
      await refresher();
    }
    const after = (now() - from) / minute;
    assert.ok(after > 47.9 && after <= 49.1, `${after} minutes`);
    moments.add(now() - from);
  }
  assert.ok(moments.size > 5, `${moments.size} different moments`);
}));

test("all callers share one refresh, and an abort ends only its own wait", withClock(async () => {
  const gate = hanging();
  const s = server(gate.handler, good);
  const refresher = createTokenRefresher(options(s.fetch));
  const control = new AbortController();
  const left = refresher(control.signal);
  const rest = [refresher(), refresher.get(), refresher()];
  await settle();
  control.abort();
  await assert.rejects(left, { name: "AcsauthError", code: "aborted" });
  gate.release(good());
  const [one, two, three] = await Promise.all(rest);
  assert.equal(one, three);
  assert.equal(two.token, one);
  assert.equal(refresher.current, two);
  assert.equal(s.requests.length, 1);
  await assert.rejects(refresher(AbortSignal.abort()), { code: "aborted" });
}));

test("a request that nobody waits for any more is aborted, and the next caller makes another", withClock(async () => {
  const s = server(hanging().handler, good);
  const refresher = createTokenRefresher(options(s.fetch));
  const control = new AbortController();
  const call = refresher(control.signal);
  await settle();
  control.abort();
  await assert.rejects(call, { code: "aborted" });
  assert.ok(s.requests[0].init.signal.aborted);
  await refresher();
  assert.equal(s.requests.length, 2);
}));

test("while the token in hand is alive, a failure does not reach the caller, and the server is left alone for a while", withClock(async () => {
  const seen = [];
  const s = server(good, () => problem(503, "acs_unavailable", { "retry-after": "20" }), good);
  const refresher = createTokenRefresher(options(s.fetch, { onEvent: (event) => seen.push(event) }));
  const first = await refresher();
  await pass(50 * minute);
  for (let i = 0; i < 5; i++) assert.equal(await refresher(), first);
  assert.equal(s.requests.length, 2);
  await pass(19_000);
  assert.equal(await refresher(), first);
  await pass(2_000);
  assert.notEqual(await refresher(), first);
  assert.equal(s.requests.length, 3);
  assert.deepEqual(seen.map((e) => e.type), ["refreshed", "failed", "refreshed"]);
  assert.equal(seen[1].error.code, "acs_unavailable");
  assert.ok(!JSON.stringify(seen).includes(first));
}));

test("a Teams token that ends with its Entra token is not asked for in a loop", withClock(async () => {
  const asked = [];
  let life = 8 * minute; // less than the 11 minutes that are wanted
  const s = server(() => json(200, token({ kind: "teamsUser", life })));
  const refresher = createTeamsTokenRefresher(options(s.fetch, { getAccessToken: async (request) => { asked.push(request); return `${request.kind}.token.x`; } }));
  const first = await refresher();
  assert.deepEqual(asked.map((a) => [a.kind, a.forceRefresh]), [["user", undefined], ["teams", undefined], ["user", true], ["teams", true]]);
  assert.equal(s.requests[0].path, "/base/exchangeToken");
  assert.equal(s.requests[0].init.headers["teams-user-aad-token"], "teams.token.x");
  for (let i = 0; i < 10; i++) assert.equal(await refresher(), first);
  assert.equal(s.requests.length, 2);
  life = 70 * minute;
  await pass(31_000);
  await refresher();
  assert.equal(s.requests.length, 3);
  assert.equal(refresher.current.kind, "teamsUser");
}));

test("invalidate brings a token made afterwards; dispose ends everything", withClock(async () => {
  const s = server(good, good, hanging().handler);
  const refresher = createTokenRefresher(options(s.fetch, { scopes: ["chat"], expiresInMinutes: 60 }));
  await refresher();
  refresher.invalidate();
  assert.equal(refresher.current, undefined);
  await refresher();
  assert.deepEqual(s.requests.map((r) => r.path), ["/base/getToken", "/base/refreshToken"]);
  assert.deepEqual(JSON.parse(s.requests[1].init.body), { scopes: ["chat"], expiresInMinutes: 60 });
  refresher.invalidate();
  const call = refresher();
  await settle();
  refresher.dispose();
  await assert.rejects(call, { code: "disposed" });
  await assert.rejects(refresher(), { code: "disposed" });
  assert.ok(s.requests[2].init.signal.aborted);
}));

test("a token under way when everything is invalidated is not kept", withClock(async () => {
  const gate = hanging();
  const s = server(gate.handler, good);
  const refresher = createTokenRefresher(options(s.fetch));
  const early = refresher();
  await settle();
  refresher.invalidate(); // as after a sign-out everywhere
  const late = refresher();
  await settle();
  gate.release(json(200, token({ name: "old" })));
  assert.match(await early, /^old/);
  assert.doesNotMatch(await late, /^old/);
  assert.doesNotMatch(refresher.current.token, /^old/);
  assert.deepEqual(s.requests.map((r) => r.path), ["/base/getToken", "/base/refreshToken"]);
}));

test("a token that is short but alive is better than none", withClock(async () => {
  const s = server(() => json(200, token({ life: 5 * minute })), () => problem(403, "policy_denied"));
  assert.ok(await createTokenRefresher(options(s.fetch))());
  assert.equal(s.requests.length, 2);
}));

// 26 hours with several callers at random moments: every token handed out lives for 10 minutes more if the server gives one, and for one if a fifth of the calls fails.
for (const [seed, failing, floor] of [[1, 0, 10], [2, 0, 10], [3, 0.2, 1], [4, 0.2, 1], [5, 0.2, 1]]) {
  test(`26 hours, seed ${seed}, ${failing * 100} % of the calls fail`, withClock(async () => {
    let state = seed;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const s = server(() => (random() < failing ? problem(503, "acs_unavailable") : good()));
    const refresher = createTokenRefresher(options(s.fetch));
    let least = Infinity;
    for (const end = now() + 26 * 60 * minute; now() < end; await pass(Math.round(random() * 4 * minute), minute / 2)) {
      const callers = Promise.all(Array.from({ length: 1 + Math.floor(random() * 4) }, () => refresher.get()));
      let given;
      callers.then((tokens) => (given = tokens));
      for (await settle(); !given; ) await pass(250);
      for (const one of given) least = Math.min(least, one.expiresOnTimestamp - now());
    }
    assert.ok(least >= floor * minute, `a token with ${least / minute} minutes was handed out`);
    assert.ok(s.requests.length >= 31 && s.requests.length <= 75, `${s.requests.length} calls`);
  }));
}
