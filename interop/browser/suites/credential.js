// AzureCommunicationTokenCredential in a page, over 26 hours: the clock of the page and that of the emulator move together.
import assert from "node:assert/strict";
import { createIdentity, issueToken } from "../lib/acs.js";
import { check, record } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const folder = "@azure/communication-common";
const hours = 26;

// client opens a page with a credential whose tokens come from a server of its own, and last some minutes.
async function client(minutes) {
  const created = await createIdentity(["chat", "voip"], minutes);
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const issued = [created.body.accessToken.token];
  const page = await world.profile.newPage();
  await page.clock.install({ time: await world.now() });
  await page.exposeFunction("issue", async () => {
    const { status, body } = await issueToken(created.body.identity.id, ["chat", "voip"], minutes);
    assert.equal(status, 200, JSON.stringify(body));
    issued.push(body.token);
    return body.token;
  });
  await page.goto(`http://127.0.0.1:${world.site.port}/acs.html`);
  return { page, issued };
}

// advance moves both clocks, and waits until the page has nothing more to do.
async function advance(page, minutes) {
  await world.admin("/clock", { advance: `${minutes}m` });
  await page.clock.fastForward(minutes * 60_000);
  await page.evaluate(() => settled());
}

// A token of an hour is replaced after 50 minutes, which is on the step of minute 56, or once it has ended, on that of 63. No
// refresh is due on a step itself, so that slow machines see the same.
const cases = [
  { minutes: 60, proactive: true, step: 7, refreshes: 27 },
  { minutes: 1440, proactive: true, step: 41, refreshes: 1 },
  { minutes: 60, proactive: false, step: 7, refreshes: 24 },
];

for (const { minutes, proactive, step, refreshes } of cases) {
  const way = proactive ? "refreshed proactively" : "refreshed when asked";
  check(`credential: tokens of ${minutes} minutes, ${way}, are never old in ${hours} hours`, async () => {
    const { page, issued } = await client(minutes);
    record(folder, "new AzureCommunicationTokenCredential");
    await page.evaluate(([token, refreshProactively]) => {
      let pending = Promise.resolve();
      globalThis.settled = async () => { for (let last; last !== pending;) await (last = pending); };
      const tokenRefresher = () => (pending = issue());
      globalThis.credential = new common.AzureCommunicationTokenCredential({ token, refreshProactively, tokenRefresher });
    }, [issued[0], proactive]);
    for (let minute = step; minute < hours * 60 + step; minute += step) {
      await advance(page, step);
      record(folder, "AzureCommunicationTokenCredential.getToken");
      const got = await page.evaluate(() => credential.getToken());
      assert.equal(got.token, issued.at(-1), `minute ${minute}: not the newest token`);
      const left = (got.expiresOnTimestamp - (await world.now())) / 60_000;
      assert.ok(left > 0 && left <= minutes, `minute ${minute}: the token has ${left} minutes left`);
      if (proactive) assert.ok(left > Math.max(0, 10 - step), `minute ${minute}: ${left} minutes left`);
    }
    assert.equal(issued.length - 1, refreshes);
    record(folder, "AzureCommunicationTokenCredential.dispose");
    await page.evaluate(() => credential.dispose());
    await world.admin("/clock", { reset: true });
  });
}
