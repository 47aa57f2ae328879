// @azure/identity: credentials without a secret: managed identities, and tokens of others that stand in for a secret.
import assert from "node:assert/strict";
import { credential, environment, file, options } from "../lib/credentials.js";
import { near, refused } from "../lib/expect.js";
import { connect } from "../lib/identity.js";
import { check } from "../lib/ledger.js";
import { current, identity } from "../lib/packages.js";
import * as world from "../lib/world.js";

const managed = { id: "ac5a0000-0000-4000-a000-0000000000a5", oid: "ac5a0000-0000-4000-a000-0000000005a5", header: "identity-header-of-the-emulator" };
const graphDefault = "https://graph.microsoft.com/.default";
const other = "11111111-2222-4333-8444-555555555555";

// The places where a machine's identity is found.
const places = {
  "App Service": { IDENTITY_ENDPOINT: `${world.plain}/msi/token`, IDENTITY_HEADER: managed.header },
  "a virtual machine": { AZURE_POD_IDENTITY_AUTHORITY_HOST: world.plain },
};

// managedToken asks the endpoint of virtual machines itself.
async function managedToken(resource) {
  const url = `${world.plain}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${encodeURIComponent(resource)}`;
  const answer = await fetch(url, { headers: { metadata: "true" } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).access_token;
}

// federatedSuite checks a version of the package.
export function federatedSuite(pkg) {
  managedIdentities(pkg);
  assertions(pkg);
  if (pkg.module.WorkloadIdentityCredential) workloads(pkg);
}

function managedIdentities(pkg) {
  for (const [place, variables] of Object.entries(places)) {
    check(`${pkg.label}: ManagedIdentityCredential of ${place}, by its client id and without, opens ACS`, async (t) => {
      environment(t, variables);
      for (const args of [[], [managed.id], [{ clientId: managed.id }]]) {
        const machine = credential(pkg, "ManagedIdentityCredential", ...args);
        const got = await machine.getToken(world.scopes.acs);
        const payload = world.claims(got.token);
        assert.deepEqual([payload.appid, payload.oid, payload.idtyp], [managed.id, managed.oid, "app"]);
        if (!(pkg.losesEnd && place === "App Service")) near(got.expiresOnTimestamp, payload.exp * 1000, "expiresOnTimestamp");
        const acs = connect(current(identity), world.secure, machine);
        assert.match((await acs.createUser()).communicationUserId, world.identityForm);
      }
    });

    check(`${pkg.label}: ManagedIdentityCredential of ${place} fails for an identity that the machine has not`, async (t) => {
      environment(t, variables);
      await assert.rejects(credential(pkg, "ManagedIdentityCredential", other).getToken(world.scopes.acs), /CredentialUnavailable|AuthenticationError|AuthenticationRequired/);
    });
  }
}

function assertions(pkg) {
  check(`${pkg.label}: ClientAssertionCredential with the token of a managed identity stands in for the API's secret`, async () => {
    const assertion = () => managedToken("api://AzureADTokenExchange");
    const app = credential(pkg, "ClientAssertionCredential", world.tenant, world.api.id, assertion, options(pkg));
    assert.equal(world.claims((await app.getToken(graphDefault)).token).appid, world.api.id);
  });

  check(`${pkg.label}: ClientAssertionCredential fails for an assertion for another audience, a forged one, and of nobody known`, async () => {
    const cases = [
      [await managedToken("https://graph.microsoft.com"), /AADSTS(700211|700212)/], ["nonsense", /AADSTS(50027|700027)/],
      [await world.mint({ appOnly: true, audience: "api://AzureADTokenExchange", version: "2.0" }), /AADSTS700213/],
    ];
    for (const [assertion, number] of cases) {
      const app = credential(pkg, "ClientAssertionCredential", world.tenant, world.api.id, async () => assertion, options(pkg));
      assert.match((await refused(app.getToken(graphDefault), { name: "AuthenticationRequiredError" })).message, number);
    }
  });
}

function workloads(pkg) {
  check(`${pkg.label}: WorkloadIdentityCredential reads the token from a file, by options and by the environment`, async (t) => {
    const tokenFilePath = await file(t, await managedToken("api://AzureADTokenExchange"));
    const byOptions = credential(pkg, "WorkloadIdentityCredential", { tenantId: world.tenant, clientId: world.api.id, tokenFilePath, ...options(pkg) });
    assert.equal(world.claims((await byOptions.getToken(graphDefault)).token).appid, world.api.id);
    environment(t, { AZURE_TENANT_ID: world.tenant, AZURE_CLIENT_ID: world.api.id, AZURE_FEDERATED_TOKEN_FILE: tokenFilePath, AZURE_AUTHORITY_HOST: world.secure });
    const byEnvironment = credential(pkg, "WorkloadIdentityCredential", { disableInstanceDiscovery: true });
    assert.equal(world.claims((await byEnvironment.getToken(graphDefault)).token).appid, world.api.id);
  });

  check(`${pkg.label}: WorkloadIdentityCredential fails for a file that holds no token, or the token of somebody else`, async (t) => {
    for (const [token, number] of [["nonsense", /AADSTS(50027|700027)/], [await world.mint(), /AADSTS7002(11|12|13)/]]) {
      const tokenFilePath = await file(t, token);
      const app = credential(pkg, "WorkloadIdentityCredential", { tenantId: world.tenant, clientId: world.api.id, tokenFilePath, ...options(pkg) });
      assert.match((await refused(app.getToken(graphDefault), { name: "AuthenticationRequiredError" })).message, number);
    }
  });
}
