// @azure/msal-node: signing in on a device that has no browser of its own, and the identity of a machine.
import assert from "node:assert/strict";
import { Browser } from "../lib/browser.js";
import { hurried } from "../lib/clock.js";
import { environment } from "../lib/credentials.js";
import { near, refused } from "../lib/expect.js";
import { check, make } from "../lib/ledger.js";
import { msalOf, ways } from "../lib/msal.js";
import * as world from "../lib/world.js";

// deviceSuite checks a version of the package.
export function deviceSuite(pkg) {
  devices(pkg, msalOf(pkg));
  if (pkg.module.ManagedIdentityApplication) machines(pkg);
}

function devices(pkg, { publicClient }) {
  // started asks for a device code, lets a person do something with it, and returns MSAL's answer. MSAL does not wait for its
  // callback, and asks every five seconds; here it asks again as soon as the person is done.
  async function started(t, person, request = {}) {
    let shown;
    const done = new Promise((resolve, reject) => {
      shown = (answer) => person(new Browser(), answer).then(resolve, reject);
    });
    hurried(t, done);
    Object.assign(request, { scopes: [world.scopes.api], deviceCodeCallback: (answer) => shown(answer) });
    const result = publicClient().acquireTokenByDeviceCode(request);
    const [answer] = await Promise.allSettled([result, done]);
    await done;
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  }

  check(`${pkg.label}: acquireTokenByDeviceCode signs the person in who types the code on another machine`, async (t) => {
    const got = await started(t, async (browser, answer) => {
      assert.match(answer.message, new RegExp(answer.userCode));
      assert.equal(new URL(answer.verificationUri).origin, world.secure);
      const picker = await browser.enter(answer);
      assert.ok(picker.buttons.includes("carol"), picker.html);
      const end = await browser.submit(picker, { user: "carol" });
      assert.equal(end.status, 200, end.html);
    });
    const payload = world.claims(got.accessToken);
    assert.deepEqual([payload.oid, payload.aud, payload.azp, payload.scp], [world.objectID.carol, world.api.id, world.spa.id, "access_as_user"]);
    assert.deepEqual([got.account.localAccountId, got.tenantId, got.fromCache], [world.objectID.carol, world.tenant, false]);
  });

  check(`${pkg.label}: a person who declines on the page is an error of acquireTokenByDeviceCode`, async (t) => {
    const call = started(t, async (browser, answer) => {
      const end = await browser.submit(await browser.enter(answer), { action: "cancel" });
      assert.equal(end.status, 200, end.html);
    });
    assert.match((await refused(call, { errorCode: "post_request_failed" })).message, /authorization_declined/);
  });

  check(`${pkg.label}: a code that nobody was given does not work, and the application can give up`, async (t) => {
    const request = {};
    const call = started(t, async (browser, answer) => {
      const page = await browser.enter({ ...answer, userCode: "AAAAAAAAA" });
      assert.equal(page.status, 400);
      request.cancel = true;
    }, request);
    await refused(call, { name: "ClientAuthError", errorCode: "device_code_polling_cancelled" });
  });

  check(`${pkg.label}: scopes that the client has not registered give no device code`, async () => {
    const deviceCodeCallback = () => assert.fail("there is no device code to show");
    await assert.rejects(publicClient(ways.https).acquireTokenByDeviceCode({ scopes: ["https://nobody.example/x"], deviceCodeCallback }));
  });
}

const managed = { id: "ac5a0000-0000-4000-a000-0000000000a5", oid: "ac5a0000-0000-4000-a000-0000000005a5", header: "identity-header-of-the-emulator" };

function machines(pkg) {
  const places = {
    "App Service": { IDENTITY_ENDPOINT: `${world.plain}/msi/token`, IDENTITY_HEADER: managed.header },
    "a virtual machine": { AZURE_POD_IDENTITY_AUTHORITY_HOST: world.plain },
  };
  const machine = (userAssignedClientId) => make(pkg.sdk, pkg.module.ManagedIdentityApplication, userAssignedClientId && { managedIdentityIdParams: { userAssignedClientId } });

  for (const [place, variables] of Object.entries(places)) {
    check(`${pkg.label}: ManagedIdentityApplication on ${place} gets a token for ACS, and fails for an identity that the machine has not`, async (t) => {
      environment(t, variables);
      for (const id of [undefined, managed.id]) {
        const got = await machine(id).acquireToken({ resource: "https://communication.azure.com/", forceRefresh: true });
        const payload = world.claims(got.accessToken);
        assert.deepEqual([payload.aud, payload.appid, payload.oid], ["https://communication.azure.com/", managed.id, managed.oid]);
        near(got.expiresOn, payload.exp * 1000, "expiresOn");
      }
      await assert.rejects(machine("11111111-2222-4333-8444-555555555555").acquireToken({ resource: "https://communication.azure.com/" }));
    });
  }
}
