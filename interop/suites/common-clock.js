// @azure/communication-common with @azure/communication-identity, and a clock that is moved: the emulator's by its
// administration, and that of this process together with it. What happens in a day is seen in a moment.
import assert from "node:assert/strict";
import { movable } from "../lib/clock.js";
import { refusals } from "../lib/expect.js";
import { newest } from "../lib/identity.js";
import { check, make } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const minute = 60_000;

// refresher asks ACS for an hour's token of a user, counts how often, and keeps what it got.
function refresher(acs, user) {
  const tokens = [];
  const tokenRefresher = async () => {
    tokenRefresher.calls++;
    tokens.push((await acs.getToken(user, ["chat"], { tokenExpiresInMinutes: 60 })).token);
    return tokens.at(-1);
  };
  tokenRefresher.calls = 0;
  return { tokens, tokenRefresher };
}

// until waits for an answer, without the mocked timers.
async function until(done) {
  for (let left = 20_000; !done(); left--) {
    assert.ok(left > 0, "it did not happen");
    await new Promise(setImmediate);
  }
}

// clockSuite checks a version of @azure/communication-common.
export function clockSuite(pkg) {
  const credential = (options) => make(pkg.sdk, pkg.module.AzureCommunicationTokenCredential, options);

  check(`${pkg.label}: refreshProactively keeps a token alive for a day of the emulator's clock`, async (t) => {
    const acs = newest();
    const user = await acs.createUser();
    const advance = movable(t);
    const { tokens, tokenRefresher } = refresher(acs, user);
    const kept = credential({ tokenRefresher, token: await tokenRefresher(), refreshProactively: true });
    let rounds = 0;
    for (let passed = 0; passed < 24 * 60; passed += 51) {
      rounds++;
      await advance(49);
      assert.equal(tokenRefresher.calls, rounds, "not more than ten minutes before the end");
      await advance(2);
      assert.equal(tokenRefresher.calls, rounds + 1, "ten minutes before the end");
      await until(() => tokens.length > rounds);
      await new Promise(setImmediate); // the credential takes the token
      const got = await kept.getToken();
      assert.equal(got.token, tokens.at(-1));
      assert.ok(got.expiresOnTimestamp > Date.now() + 59 * minute);
    }
    assert.equal(new Set(tokens).size, rounds + 1);
    kept.dispose();
  });

  check(`${pkg.label}: without refreshProactively a token is asked for when it has ended, and not before`, async (t) => {
    const acs = newest();
    const user = await acs.createUser();
    const advance = movable(t);
    const { tokens, tokenRefresher } = refresher(acs, user);
    const kept = credential({ tokenRefresher });
    const first = await kept.getToken();
    await advance(49);
    assert.equal((await kept.getToken()).token, first.token);
    await advance(12);
    const second = await kept.getToken();
    assert.notEqual(second.token, first.token);
    assert.ok(second.expiresOnTimestamp > Date.now() + 55 * minute);
    assert.deepEqual([first.token, second.token], tokens);
    kept.dispose();
  });

  check(`${pkg.label}: when only the emulator's clock is moved, signatures are Denied, and the credential says so`, async (t) => {
    const acs = newest();
    const user = await acs.createUser();
    t.after(() => world.admin("/clock", { reset: true }));
    await world.admin("/clock", { advance: "6m" });
    const { tokenRefresher } = refresher(acs, user);
    await refusals.denied(credential({ tokenRefresher }).getToken());
    await world.admin("/clock", { reset: true });
    assert.ok((await credential({ tokenRefresher }).getToken()).token);
  });
}
