// The token client in a real browser: MSAL, the credential of ACS and the service, over 26 hours of all clocks.
import assert from "node:assert/strict";
import { later, ownTime, signedIn } from "../lib/refresher.js";
import { check, info } from "../lib/world.js";

const minutes = (ms) => ms / 60_000;
const look = (page) => page.evaluate(() => app.look());
const stored = (page) => page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie + location.href);

for (const [user, teams, path] of [["bob", false, "/refreshToken"], ["alice", true, "/exchangeToken"]]) {
  check(`refresher: 26 hours of ${teams ? "a Teams user" : "a user"}, with the credential that refreshes by itself`, async (t) => {
    const context = await ownTime(t);
    const { page, requests } = await signedIn(user, context);
    await page.evaluate((options) => app.make(options), { teams });
    let least = Infinity;
    let given = 0;
    for (let passed = 0; passed < 26 * 60; passed += 5) {
      const { token, left, inHand } = await look(page);
      least = Math.min(least, left, inHand);
      given++;
      assert.ok(!(await stored(page)).includes(token.slice(-40)), "the token is in a place that stays");
      await later(5, context);
    }
    const refreshed = (await page.evaluate(() => app.events)).filter((event) => event.type === "refreshed").length;
    t.diagnostic(`${given} tokens handed out, ${refreshed} refreshes, ${requests.length} calls to the service, the least life left ${minutes(least).toFixed(1)} minutes`);
    assert.ok(least >= 5 * 60_000, `${minutes(least)} minutes`);
    assert.ok(refreshed >= 18 && refreshed <= 40, `${refreshed} refreshes`);
    assert.equal(requests.at(-1), path);
    assert.ok(requests.length <= refreshed + 4, `${requests.length} calls for ${refreshed} refreshes`);
  });
}

for (const count of [2, 5]) {
  check(`refresher: ${count} tabs refresh once together`, async (t) => {
    const context = await ownTime(t);
    const tabs = [];
    for (let i = 0; i < count; i++) tabs.push(await signedIn("bob", context));
    const pages = tabs.map((tab) => tab.page);
    await Promise.all(pages.map((page) => page.evaluate(() => app.make({ share: "bob", proactive: false }))));
    const rounds = 5;
    for (let i = 0; i < rounds; i++) {
      const tokens = new Set((await Promise.all(pages.map(look))).map((one) => one.token));
      assert.equal(tokens.size, 1, `${tokens.size} tokens`);
      await later(61, context);
    }
    const calls = tabs.flatMap((tab) => tab.requests).length;
    t.diagnostic(`${count * rounds} tokens handed out in ${count} tabs for ${calls} calls to the service`);
    assert.equal(calls, rounds);
  });
}

check("refresher: a tab that is closed in mid-refresh does not hold up the others", async () => {
  const first = await signedIn("bob");
  const second = await signedIn("bob");
  let arrived;
  const arrival = new Promise((resolve) => (arrived = resolve));
  await first.page.route(`${info.server}/**`, () => arrived()); // and never answered
  for (const { page } of [first, second]) await page.evaluate(() => app.make({ share: "bob", proactive: false }));
  first.page.evaluate(() => app.look()).catch(() => {}); // ends with its page
  await arrival;
  const other = look(second.page);
  await first.page.close();
  const { left } = await other;
  assert.ok(left > 10 * 60_000);
  assert.equal(second.requests.length, 1);
});

check("refresher: a claims challenge goes to MSAL and comes back with another token", async () => {
  const { page } = await signedIn("bob");
  const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: "c1" } } });
  const sent = [];
  await page.route(`${info.server}/getToken`, async (route) => {
    const request = route.request();
    if (request.method() === "OPTIONS") return route.continue();
    sent.push((await request.allHeaders()).authorization);
    if (sent.length > 1) return route.continue();
    return route.fulfill({ // as internal/server/challenge.go writes it
      status: 401, contentType: "application/problem+json", body: JSON.stringify({ type: "x", title: "T", status: 401, detail: "D.", code: "step_up_required", instance: "i" }),
      headers: { "access-control-allow-origin": "*", "access-control-expose-headers": "WWW-Authenticate, Retry-After, X-Request-Id",
        "www-authenticate": `Bearer realm="t", authorization_uri="https://login.example/t/oauth2/v2.0/authorize", error="insufficient_claims", claims="${Buffer.from(claims).toString("base64")}"` },
    });
  });
  await page.evaluate(() => app.make({ proactive: false }));
  const { left } = await look(page);
  assert.ok(left > 50 * 60_000);
  const asked = await page.evaluate(() => app.calls.claims);
  assert.equal(asked.length, 1);
  assert.deepEqual(JSON.parse(asked[0]), JSON.parse(claims));
  assert.equal(sent.length, 2);
  assert.notEqual(sent[0], sent[1]);
  assert.deepEqual((await page.evaluate(() => app.events)).map((event) => event.type), ["challenged", "refreshed"]);
});
