// @azure/identity, DeviceCodeCredential: a person types the code on the page of another machine; and ACS for that person.
import assert from "node:assert/strict";
import { Browser } from "../lib/browser.js";
import { hurried } from "../lib/clock.js";
import { credential, options } from "../lib/credentials.js";
import { near } from "../lib/expect.js";
import { check, make } from "../lib/ledger.js";
import { common, current } from "../lib/packages.js";
import { letIn } from "../lib/rest.js";
import * as world from "../lib/world.js";

// started makes a credential whose code is shown to a person, who does something with it. The credential asks Entra ID every
// five seconds; here it asks as soon as the person is done.
function started(t, pkg, person, more) {
  let end;
  const done = new Promise((resolve, reject) => (end = { resolve, reject }));
  hurried(t, done);
  const prompts = [];
  const userPromptCallback = (answer) => {
    prompts.push(answer);
    person(new Browser(), answer).then(end.resolve, end.reject);
  };
  const device = credential(pkg, "DeviceCodeCredential", { tenantId: world.tenant, clientId: world.spa.id, userPromptCallback, ...options(pkg), ...more });
  return { device, prompts };
}

// picking types the code and picks a user.
const picking = (user) => async (browser, answer) => {
  const picker = await browser.enter(answer);
  assert.ok(picker.buttons.includes(user), picker.html);
  const end = await browser.submit(picker, { user });
  assert.equal(end.status, 200, end.html);
};

// deviceCredentialSuite checks a version of the package.
export function deviceCredentialSuite(pkg) {
  check(`${pkg.label}: DeviceCodeCredential signs the person in who types the code, once for all resources`, async (t) => {
    const { device, prompts } = started(t, pkg, picking("carol"));
    const got = await device.getToken(world.scopes.api);
    const payload = world.claims(got.token);
    assert.deepEqual([payload.oid, payload.aud, payload.azp, payload.scp], [world.objectID.carol, world.api.id, world.spa.id, "access_as_user"]);
    near(got.expiresOnTimestamp, payload.exp * 1000, "expiresOnTimestamp");
    assert.equal((await device.getToken(world.scopes.api)).token, got.token);
    assert.equal(world.claims((await device.getToken(world.scopes.graph)).token).oid, world.objectID.carol);
    assert.equal(prompts.length, 1);
    const [{ message, userCode, verificationUri }] = prompts;
    assert.ok(message.includes(userCode) && message.includes(verificationUri), message);
    assert.equal(new URL(verificationUri).origin, world.secure);
  });

  check(`${pkg.label}: DeviceCodeCredential of the other tenant signs in users of that one`, async (t) => {
    const { device } = started(t, pkg, picking("fred"), { tenantId: world.otherTenant });
    const { oid, tid } = world.claims((await device.getToken(world.scopes.api)).token);
    assert.deepEqual([oid, tid], [world.elsewhere.fred, world.otherTenant]);
  });

  check(`${pkg.label}: DeviceCodeCredential.authenticate returns a record, and another user is refused by the page`, async (t) => {
    const { device } = started(t, pkg, async (browser, answer) => {
      const refused = await browser.submit(await browser.enter(answer), { user: "fred" });
      assert.equal(refused.status, 400);
      assert.match(refused.html, /AADSTS50020/);
      await picking("bob")(browser, answer);
    });
    const record = await device.authenticate(world.scopes.api);
    assert.deepEqual([record.username, record.tenantId, record.clientId], [`bob@${world.domain}`, world.tenant, world.spa.id]);
    assert.equal(record.homeAccountId, `${world.objectID.bob}.${world.tenant}`);
  });

  check(`${pkg.label}: DeviceCodeCredential as the tokenCredential of ACS: the person who was let in gets an ACS token`, async (t) => {
    await letIn(t, world.objectID.bob);
    const { device, prompts } = started(t, pkg, picking("bob"));
    const { sdk, module } = current(common);
    const scopes = ["https://communication.azure.com/clients/VoIP"];
    const acs = make(sdk, module.AzureCommunicationTokenCredential, { resourceEndpoint: world.secure, tokenCredential: device, scopes });
    const payload = world.claims((await acs.getToken()).token);
    assert.equal(payload.skypeid, `acs:${world.resource}_wf_${world.tenant}_${world.objectID.bob}`);
    assert.ok(payload.acsScope.split(",").includes("voip"), payload.acsScope);
    assert.equal(prompts.length, 1);
    acs.dispose();
  });

  check(`${pkg.label}: DeviceCodeCredential fails for a person who declines, and asks nobody when it must not`, async (t) => {
    const { device } = started(t, pkg, async (browser, answer) => {
      assert.equal((await browser.submit(await browser.enter(answer), { action: "cancel" })).status, 200);
    });
    await assert.rejects(device.getToken(world.scopes.api), /authorization_declined/);
    const silent = started(t, pkg, () => assert.fail("nobody is to be asked"), { disableAutomaticAuthentication: true });
    await assert.rejects(silent.device.getToken(world.scopes.api), { name: "AuthenticationRequiredError" });
    assert.deepEqual(silent.prompts, []);
  });
}
