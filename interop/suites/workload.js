// Workload federation: a token of a cluster's issuer, for a service account, stands in for the secret of the API.
import assert from "node:assert/strict";
import { credential, environment, file, options } from "../lib/credentials.js";
import { refused } from "../lib/expect.js";
import { check } from "../lib/ledger.js";
import { msalOf, ways } from "../lib/msal.js";
import * as world from "../lib/world.js";

const graphDefault = "https://graph.microsoft.com/.default";
const subject = "system:serviceaccount:default:acsauth";
const exchange = "api://AzureADTokenExchange";

// wrong lists tokens that do not stand in for the secret, with the AADSTS code of each.
const wrong = {
  "another audience": { make: () => world.workload({ audience: "https://kubernetes.default.svc" }), number: 700212 },
  "another subject": { make: () => world.workload({ subject: "system:serviceaccount:default:other" }), number: 700213 },
  "another audience and subject": { make: () => world.workload({ audience: "other", subject: "other" }), number: 700212 },
  "a forged signature": { make: async () => forged(await world.workload()), number: 700027 },
  "an end in the past": { make: expired, number: 700024 },
};

// forged changes the first character of the signature, each bit of which counts.
const forged = (token) => token.replace(/\.([^.])([^.]*)$/, (_, first, rest) => `.${first === "A" ? "B" : "A"}${rest}`);

// expired is a token that was good for a minute. The clock is put back after the test.
async function expired(t) {
  const token = await world.workload({ expiresInSeconds: 60 });
  t.after(() => world.admin("/clock", { reset: true }));
  await world.admin("/clock", { advance: "10m" });
  return token;
}

// msalWorkloadSuite checks a version of @azure/msal-node.
export function msalWorkloadSuite(pkg) {
  const { confidential } = msalOf(pkg);
  const open = (clientAssertion) => confidential(ways.https, { id: world.api.id }, { clientAssertion });

  check(`${pkg.label}: clientAssertion takes the token of a service account: client credentials and On-Behalf-Of`, async () => {
    const token = await world.workload();
    const payload = world.claims(token);
    assert.deepEqual([payload.iss, payload.sub, payload.aud], [`${world.plain}/workload`, subject, [exchange]]);
    const got = await open(token).acquireTokenByClientCredential({ scopes: [graphDefault] });
    assert.equal(world.claims(got.accessToken).appid, world.api.id);
    const obo = await open(token).acquireTokenOnBehalfOf({ oboAssertion: await world.mint({ user: "bob" }), scopes: [world.scopes.graph] });
    assert.equal(world.claims(obo.accessToken).oid, world.objectID.bob);
  });

  if (pkg.sha256) {
    check(`${pkg.label}: a callback as clientAssertion is asked at each call, and told for whom`, async () => {
      const asked = [];
      const app = open(async (about) => (asked.push(about), world.workload()));
      const request = { scopes: [graphDefault] };
      for (const more of [{}, {}, { skipCache: true }]) await app.acquireTokenByClientCredential({ ...request, ...more });
      assert.equal(asked.length, 3); // MSAL asks before it looks into its cache
      for (const { clientId, tokenEndpoint } of asked) {
        assert.equal(clientId, world.api.id);
        assert.ok(tokenEndpoint.startsWith(`${world.secure}/${world.tenant}/`), tokenEndpoint);
      }
    });
  }

  for (const [what, { make, number }] of Object.entries(wrong)) {
    check(`${pkg.label}: the token of a service account with ${what} is AADSTS${number}`, async (t) => {
      const call = open(await make(t)).acquireTokenByClientCredential({ scopes: [graphDefault] });
      const error = await refused(call, { name: "ServerError", errorCode: "invalid_client" });
      assert.match(error.message, new RegExp(`AADSTS${number}: `));
      if (pkg.errorNumbers) assert.equal(Number(error.errorNo), number);
    });
  }
}

// credentialWorkloadSuite checks a version of @azure/identity that has the credential.
export function credentialWorkloadSuite(pkg) {
  const open = (tokenFilePath) =>
    credential(pkg, "WorkloadIdentityCredential", { tenantId: world.tenant, clientId: world.api.id, tokenFilePath, ...options(pkg) });

  check(`${pkg.label}: WorkloadIdentityCredential reads the token of a service account, by options and as DefaultAzureCredential finds it`, async (t) => {
    const path = await file(t, await world.workload());
    assert.equal(world.claims((await open(path).getToken(graphDefault)).token).appid, world.api.id);
    environment(t, { AZURE_TENANT_ID: world.tenant, AZURE_CLIENT_ID: world.api.id, AZURE_FEDERATED_TOKEN_FILE: path, AZURE_AUTHORITY_HOST: world.secure });
    const found = credential(pkg, "DefaultAzureCredential", { disableInstanceDiscovery: true });
    assert.equal(world.claims((await found.getToken(graphDefault)).token).appid, world.api.id);
  });

  for (const [what, { make, number }] of Object.entries(wrong)) {
    check(`${pkg.label}: WorkloadIdentityCredential fails for a token with ${what} by AADSTS${number}`, async (t) => {
      const error = await refused(open(await file(t, await make(t))).getToken(graphDefault), { name: "AuthenticationRequiredError" });
      assert.match(error.message, new RegExp(`AADSTS${number}: `));
    });
  }
}
