// ACS for users of Entra ID without a server: MSAL or Azure Identity signs the person in, and @azure/communication-common
// exchanges the token itself.
import assert from "node:assert/strict";
import { refused } from "../lib/expect.js";
import { check, make } from "../lib/ledger.js";
import { msalOf } from "../lib/msal.js";
import { letIn } from "../lib/rest.js";
import * as world from "../lib/world.js";

const voip = "https://communication.azure.com/clients/VoIP";
const chat = "https://communication.azure.com/clients/Chat";

// entraDirectSuite checks a version of @azure/communication-common that exchanges, with a version of MSAL.
export function entraDirectSuite(common, pkg) {
  const { publicClient, signIn } = msalOf(pkg);
  const open = (tokenCredential, scopes) =>
    make(common.sdk, common.module.AzureCommunicationTokenCredential, { resourceEndpoint: world.secure, tokenCredential, scopes });

  // by is a TokenCredential that gets its tokens from MSAL, and notes for what, and what it got.
  async function by(user) {
    const app = publicClient();
    const { account } = await signIn(app, user, [voip]);
    const credential = {
      asked: [],
      getToken: async (scopes) => {
        const { accessToken, expiresOn } = await app.acquireTokenSilent({ scopes: [scopes].flat(), account });
        credential.asked.push([scopes, world.claims(accessToken)]);
        return { token: accessToken, expiresOnTimestamp: expiresOn.getTime() };
      },
    };
    return credential;
  }

  check(`${pkg.label} and ${common.label}: a person signs in for ACS alone, and has an ACS token with the rights of the Entra token`, async (t) => {
    await letIn(t, world.objectID.bob);
    for (const scopes of [[voip], [chat], [voip, chat], undefined]) {
      const tokenCredential = await by("bob");
      const acs = open(tokenCredential, scopes);
      const got = await acs.getToken();
      const payload = world.claims(got.token);
      assert.equal(payload.skypeid, `acs:${world.resource}_wf_${world.tenant}_${world.objectID.bob}`);
      const [[asked, entra]] = tokenCredential.asked;
      assert.deepEqual(asked, scopes ?? ["https://communication.azure.com/clients/.default"]);
      assert.deepEqual([entra.aud, entra.oid, entra.appid], ["https://communication.azure.com/clients", world.objectID.bob, world.spa.id]);
      assert.equal(payload.acsScope, entra.scp.toLowerCase().split(" ").sort().join(","), "Entra ID puts all that was consented to into a token");
      for (const scope of scopes ?? []) assert.ok(entra.scp.split(" ").includes(scope.split("/").at(-1)), entra.scp);
      assert.equal(got.expiresOnTimestamp, payload.exp * 1000);
      assert.equal((await acs.getToken()).token, got.token);
      acs.dispose();
    }
  });

  check(`${pkg.label} and ${common.label}: whoever was not let in is Forbidden, and a token for another resource no use`, async (t) => {
    await letIn(t, world.objectID.bob);
    const acs = open(await by("carol"), [voip]);
    await assert.rejects(acs.getToken(), /Status: 403.*"Forbidden"/);
    acs.dispose();
    const { accessToken, expiresOn } = await signIn(publicClient(), "bob");
    const wrong = open({ getToken: async () => ({ token: accessToken, expiresOnTimestamp: expiresOn.getTime() }) }, [voip]);
    await assert.rejects(wrong.getToken(), /Status: 401.*"InvalidAccessToken"/);
    wrong.dispose();
  });

  check(`${pkg.label}: rights of ACS clients that do not exist are refused by Entra ID`, async () => {
    const app = publicClient();
    const { account } = await signIn(app, "bob", [voip]);
    const call = app.acquireTokenSilent({ scopes: ["https://communication.azure.com/clients/Fax"], account });
    assert.match((await refused(call, {})).message, /AADSTS(70011|650053|65001): /);
  });
}
