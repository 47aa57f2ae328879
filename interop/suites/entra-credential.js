// @azure/communication-common: the credential that exchanges the token of an Entra ID user, itself, for one of ACS.
import assert from "node:assert/strict";
import { check, make } from "../lib/ledger.js";
import { signed } from "../lib/rest.js";
import * as world from "../lib/world.js";

const clients = "https://communication.azure.com/clients";
const extension = "https://auth.msft.communication.azure.com/TeamsExtension.ManageCalls";
const preview = "api-version=2025-03-02-preview";
const user = world.objectID.alice;

const places = {
  entra: `/access/entra/assignments/${user}?${preview}`,
  teamsExtension: `/access/teamsExtension/tenants/${world.tenant}/assignments/${user}?api-version=2025-06-30`,
};
const wanted = {
  entra: { principalType: "user", tenantId: world.tenant, clientIds: [world.spa.id] },
  teamsExtension: { principalType: "user", clientIds: [world.spa.id] },
};

// assigned lets alice in for a test.
async function assigned(t, kind) {
  t.after(() => signed("DELETE", places[kind]));
  const answer = await signed("PUT", places[kind], wanted[kind]);
  assert.ok([200, 201].includes(answer.status), JSON.stringify(answer.body));
}

// by is a TokenCredential that hands out minted tokens, and counts.
function by(request) {
  const asked = [];
  const getToken = async (scopes) => {
    asked.push(scopes);
    const token = await world.mint({ user: "alice", ...request });
    return { token, expiresOnTimestamp: world.claims(token).exp * 1000 };
  };
  return { asked, getToken };
}

const chatAndVoice = { audience: clients, scopes: ["Chat", "VoIP"] };
const manageCalls = { teams: true, scopes: ["TeamsExtension.ManageCalls"] };

// entraCredentialSuite checks a version that has this credential.
export function entraCredentialSuite(pkg) {
  const credential = (options) => make(pkg.sdk, pkg.module.AzureCommunicationTokenCredential, options);
  exchanged(pkg, credential);
  notExchanged(pkg, credential);
}

function exchanged(pkg, credential) {
  check(`${pkg.label}: a user who was let in gets an identity and a token with the rights of the Entra token`, async (t) => {
    await assigned(t, "entra");
    for (const [scopes, rights] of [[["Chat"], "chat"], [["VoIP.Join", "Chat.Join"], "chat.join,voip.join"], [["Chat", "VoIP"], "chat,voip"]]) {
      const tokenCredential = by({ audience: clients, scopes });
      const acs = credential({ resourceEndpoint: world.secure, tokenCredential });
      const payload = world.claims((await acs.getToken()).token);
      assert.equal(payload.skypeid, `acs:${world.resource}_wf_${world.tenant}_${user}`);
      assert.equal(payload.acsScope, rights);
      assert.deepEqual(tokenCredential.asked, [[`${clients}/.default`]]);
      acs.dispose();
    }
  });

  check(`${pkg.label}: the ACS token ends with the Entra token, and is exchanged once`, async (t) => {
    await assigned(t, "entra");
    const token = await world.mint({ user: "alice", ...chatAndVoice, expiresInSeconds: 1800 });
    const tokenCredential = { getToken: async () => ({ token, expiresOnTimestamp: world.claims(token).exp * 1000 }) };
    const acs = credential({ resourceEndpoint: world.secure, tokenCredential });
    const first = await acs.getToken();
    assert.equal(first.expiresOnTimestamp, world.claims(token).exp * 1000);
    assert.equal((await acs.getToken()).token, first.token);
    acs.dispose();
  });

  check(`${pkg.label}: an endpoint that ends in a slash sends //access, which the service takes`, async (t) => {
    await assigned(t, "entra");
    const acs = credential({ resourceEndpoint: `${world.secure}/`, tokenCredential: by(chatAndVoice) });
    assert.ok((await acs.getToken()).token);
    acs.dispose();
  });

  check(`${pkg.label}: a Teams user who was let in gets a token of the Teams extension`, async (t) => {
    await assigned(t, "teamsExtension");
    const acs = credential({ resourceEndpoint: world.secure, tokenCredential: by(manageCalls), scopes: [extension] });
    const payload = world.claims((await acs.getToken()).token);
    assert.equal(payload.skypeid, `acs:${world.resource}_${world.tenant}_${user}`);
    assert.equal(payload.acsScope, "voip");
    acs.dispose();
  });
}

function notExchanged(pkg, credential) {
  // ends asserts how the exchange ends. The credential fetches when it is made, and again when it is asked.
  async function ends(options, status, code) {
    const acs = credential({ resourceEndpoint: world.secure, ...options });
    await assert.rejects(acs.getToken(), (error) => {
      assert.ok(error.message.startsWith(`Service request failed. Status: ${status}, Body: `), error.message);
      assert.equal(JSON.parse(error.message.split("Body: ")[1]).error.code, code);
      return true;
    });
    acs.dispose();
  }

  check(`${pkg.label}: nobody is let in without an assignment, or by one for another application, or after it was deleted`, async (t) => {
    await ends({ tokenCredential: by(chatAndVoice) }, 403, "Forbidden");
    await ends({ tokenCredential: by(manageCalls), scopes: [extension] }, 403, "Forbidden");
    t.after(() => signed("DELETE", places.entra));
    await signed("PUT", places.entra, { ...wanted.entra, clientIds: [world.daemon.id] });
    await ends({ tokenCredential: by(chatAndVoice) }, 403, "Forbidden");
    await signed("PUT", places.entra, wanted.entra);
    const acs = credential({ resourceEndpoint: world.secure, tokenCredential: by(chatAndVoice) });
    assert.ok((await acs.getToken()).token);
    await signed("DELETE", places.entra);
    await ends({ tokenCredential: by(chatAndVoice) }, 403, "Forbidden");
  });

  check(`${pkg.label}: a token for another resource, without a permission, or of an application is InvalidAccessToken`, async (t) => {
    await assigned(t, "entra");
    for (const request of [{}, { audience: clients, scopes: ["User.Read"] }, manageCalls, { appOnly: true, audience: clients }]) {
      await ends({ tokenCredential: by(request) }, 401, "InvalidAccessToken");
    }
  });

  check(`${pkg.label}: an expired or forged token is refused`, async (t) => {
    await assigned(t, "entra");
    for (const flaw of ["expired", "signature", "unknownKey", "algNone"]) {
      const acs = credential({ resourceEndpoint: world.secure, tokenCredential: by({ ...chatAndVoice, flaw }) });
      await assert.rejects(acs.getToken(), /^Error: Service request failed\. Status: 401/);
      acs.dispose();
    }
  });

  check(`${pkg.label}: the SDK refuses scopes of both kinds, and of neither`, async () => {
    for (const scopes of [[], [extension, `${clients}/VoIP`], [world.scopes.graph]]) {
      const acs = credential({ resourceEndpoint: world.secure, tokenCredential: by(chatAndVoice), scopes });
      await assert.rejects(acs.getToken(), /Scopes validation failed/);
      acs.dispose();
    }
  });
}
