// @azure/msal-node: what Entra ID may demand or refuse at any time, and what MSAL makes of it.
import assert from "node:assert/strict";
import { refused } from "../lib/expect.js";
import { check } from "../lib/ledger.js";
import { msalOf, ways } from "../lib/msal.js";
import * as world from "../lib/world.js";

const challenge = JSON.stringify({ access_token: { acrs: { essential: true, value: "c1" } } });
const interaction = "InteractionRequiredAuthError";

// obstructed sets what requests for tokens meet during a test.
async function obstructed(t, obstacle) {
  t.after(() => world.admin("/entra", {}));
  await world.admin("/entra", obstacle);
}

// demandsSuite checks a version of the package.
export function demandsSuite(pkg) {
  const { confidential, publicClient, signIn } = msalOf(pkg);

  for (const [what, obstacle, number] of [
    ["withdrawn consent", { consentWithdrawn: true }, 65001], ["a demand for more proof", { claims: challenge }, 50076],
    ["a demand to register for more proof", { code: 50079 }, 50079],
  ]) {
    check(`${pkg.label}: ${what} is an ${interaction} of acquireTokenOnBehalfOf, and over when it is over`, async (t) => {
      const app = confidential(ways.https, world.api);
      const request = async () => ({ oboAssertion: await world.mint({ user: "bob" }), scopes: [world.scopes.graph] });
      await obstructed(t, obstacle);
      const error = await refused(app.acquireTokenOnBehalfOf(await request()), { name: interaction });
      assert.match(error.message, new RegExp(`AADSTS${number}: `));
      if (obstacle.claims) assert.deepEqual(JSON.parse(error.claims), JSON.parse(challenge));
      await world.admin("/entra", {});
      const got = await app.acquireTokenOnBehalfOf(await request());
      assert.equal(world.claims(got.accessToken).oid, world.objectID.bob);
    });
  }

  check(`${pkg.label}: acquireTokenSilent finds a demand for more proof when it refreshes, for the one user who meets it`, async (t) => {
    const app = publicClient();
    const alice = await signIn(app, "alice");
    const bob = await signIn(app, "bob");
    await obstructed(t, { claims: challenge, grants: ["refresh_token"], user: "alice" });
    const silent = ({ account }) => app.acquireTokenSilent({ scopes: [world.scopes.api], account, forceRefresh: true });
    const error = await refused(silent(alice), { name: interaction });
    assert.match(error.message, /AADSTS50076: /);
    assert.deepEqual(JSON.parse(error.claims), JSON.parse(challenge));
    assert.equal(world.claims((await silent(bob)).accessToken).oid, world.objectID.bob);
  });

  check(`${pkg.label}: a disabled account, a session that ended and a blocked one are refused with their codes`, async (t) => {
    for (const number of [50057, 53003, 50173]) {
      const app = publicClient();
      const request = { scopes: [world.scopes.api], account: (await signIn(app, "carol")).account, forceRefresh: true };
      await obstructed(t, { code: number, grants: ["refresh_token"], times: 1 });
      await assert.rejects(app.acquireTokenSilent(request), new RegExp(`AADSTS${number}: `));
      if (number === 50173) continue; // the newer versions drop the refresh token then
      assert.equal(world.claims((await app.acquireTokenSilent(request)).accessToken).oid, world.objectID.carol);
    }
  });

  check(`${pkg.label}: the clock of the emulator ends an assertion that was good a moment ago`, async (t) => {
    t.after(() => world.admin("/clock", { reset: true }));
    const app = confidential(ways.https, world.api);
    const oboAssertion = await world.mint({ user: "bob" });
    await world.admin("/clock", { advance: "24h" });
    await assert.rejects(app.acquireTokenOnBehalfOf({ oboAssertion, scopes: [world.scopes.graph] }), /AADSTS500133: /);
    await world.admin("/clock", { reset: true });
    assert.ok((await app.acquireTokenOnBehalfOf({ oboAssertion, scopes: [world.scopes.graph] })).accessToken);
  });
}
