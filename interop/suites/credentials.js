// @azure/identity: credentials of applications and of users, and ACS by them.
import assert from "node:assert/strict";
import { Browser } from "../lib/browser.js";
import { clientSecret, credential, environment, options } from "../lib/credentials.js";
import { near, refused } from "../lib/expect.js";
import { connect } from "../lib/identity.js";
import { check } from "../lib/ledger.js";
import { current, identity } from "../lib/packages.js";
import * as world from "../lib/world.js";

const graphDefault = "https://graph.microsoft.com/.default";
const acsAudience = "https://communication.azure.com/";

// refusedByEntra asserts that a credential fails with an AADSTS number.
async function refusedByEntra(promise, number, name = "AuthenticationRequiredError") {
  const error = await refused(promise, { name });
  assert.match(error.message, new RegExp(`AADSTS${number}: `));
}

// opens asserts that a credential is one for ACS, by making a user with it.
async function opens(tokenCredential) {
  const acs = connect(current(identity), world.secure, tokenCredential);
  assert.match((await acs.createUser()).communicationUserId, world.identityForm);
}

// credentialsSuite checks a version of the package.
export function credentialsSuite(pkg) {
  secrets(pkg);
  environments(pkg);
  users(pkg);
}

function secrets(pkg) {
  check(`${pkg.label}: ClientSecretCredential gets a token for ACS, and gets it from its cache the second time`, async () => {
    const app = clientSecret(pkg);
    const first = await app.getToken(world.scopes.acs);
    const payload = world.claims(first.token);
    assert.deepEqual([payload.aud, payload.appid, payload.idtyp, payload.tid], [acsAudience, world.daemon.id, "app", world.tenant]);
    near(first.expiresOnTimestamp, payload.exp * 1000, "expiresOnTimestamp");
    assert.equal((await app.getToken(world.scopes.acs)).token === first.token, !pkg.forgets);
    await opens(app);
  });

  check(`${pkg.label}: ClientSecretCredential fails for a wrong secret, an unknown application, an unknown tenant and a wrong scope`, async () => {
    await refusedByEntra(clientSecret(pkg, { secret: "wrong" }).getToken(world.scopes.acs), 7000215);
    await refusedByEntra(clientSecret(pkg, { id: "11111111-2222-4333-8444-555555555555" }).getToken(world.scopes.acs), 700016);
    await refusedByEntra(clientSecret(pkg).getToken("https://nobody.example/.default"), 500011);
    await refusedByEntra(clientSecret(pkg).getToken(world.scopes.api), 1002012);
    await refused(clientSecret(pkg, { tenant: "ac5a0000-0000-4000-a000-0000000000ff" }).getToken(world.scopes.acs), { name: "CredentialUnavailableError" });
  });

  check(`${pkg.label}: OnBehalfOfCredential gets a Graph token for the caller, and fails for an assertion that is expired or for another API`, async () => {
    const obo = (userAssertionToken) => credential(pkg, "OnBehalfOfCredential", {
      tenantId: world.tenant, clientId: world.api.id, clientSecret: world.api.secret, userAssertionToken, ...options(pkg),
    });
    const got = await obo(await world.mint({ user: "carol" })).getToken(graphDefault);
    assert.equal(world.claims(got.token).oid, world.objectID.carol);
    await refusedByEntra(obo(await world.mint({ flaw: "expired" })).getToken(graphDefault), 500133);
    await refusedByEntra(obo(await world.mint({ flaw: "audience" })).getToken(graphDefault), 500131);
  });

  check(`${pkg.label}: ChainedTokenCredential takes the first that is there, and passes on that one's failure`, async () => {
    const absent = credential(pkg, "EnvironmentCredential");
    const chain = credential(pkg, "ChainedTokenCredential", absent, clientSecret(pkg));
    assert.equal(world.claims((await chain.getToken(world.scopes.acs)).token).appid, world.daemon.id);
    await opens(chain);
    const bad = credential(pkg, "ChainedTokenCredential", clientSecret(pkg, { secret: "wrong" }));
    await refusedByEntra(bad.getToken(world.scopes.acs), 7000215, "AggregateAuthenticationError");
  });
}

const daemonInEnvironment = { AZURE_TENANT_ID: world.tenant, AZURE_CLIENT_ID: world.daemon.id, AZURE_CLIENT_SECRET: world.daemon.secret };

function environments(pkg) {
  for (const name of ["EnvironmentCredential", "DefaultAzureCredential"]) {
    check(`${pkg.label}: ${name} reads the environment, and its token opens ACS`, async (t) => {
      environment(t, { ...daemonInEnvironment, AZURE_AUTHORITY_HOST: world.secure });
      const { authorityHost, ...rest } = options(pkg);
      const app = credential(pkg, name, pkg.asksLogin ? { authorityHost, ...rest } : rest);
      assert.equal(world.claims((await app.getToken(world.scopes.acs)).token).appid, world.daemon.id);
      await opens(app);
    });
  }

  check(`${pkg.label}: EnvironmentCredential without its variables is unavailable, and with a wrong secret fails`, async (t) => {
    await refused(credential(pkg, "EnvironmentCredential").getToken(world.scopes.acs), { name: "CredentialUnavailableError" });
    environment(t, { ...daemonInEnvironment, AZURE_CLIENT_SECRET: "wrong" });
    const error = await refused(credential(pkg, "EnvironmentCredential", options(pkg)).getToken(world.scopes.acs), { name: "AuthenticationError" });
    assert.match(error.message, /AADSTS7000215/);
  });
}

function users(pkg) {
  check(`${pkg.label}: AuthorizationCodeCredential redeems a code once`, async () => {
    const { redirect, id, secret } = world.api;
    const query = new URLSearchParams({ client_id: id, response_type: "code", redirect_uri: redirect, scope: "openid offline_access https://graph.microsoft.com/User.Read", state: "s" });
    const answer = await new Browser().signIn(`${world.secure}/${world.tenant}/oauth2/v2.0/authorize?${query}`, "bob");
    const code = answer.searchParams.get("code");
    const redeem = () => credential(pkg, "AuthorizationCodeCredential", world.tenant, id, secret, code, redirect, options(pkg));
    const got = await redeem().getToken(world.scopes.graph);
    assert.equal(world.claims(got.token).oid, world.objectID.bob);
    await refusedByEntra(redeem().getToken(world.scopes.graph), 54005);
  });

  if (!pkg.module.UsernamePasswordCredential) return;
  check(`${pkg.label}: UsernamePasswordCredential is refused: passwords are not taken`, async () => {
    const person = credential(pkg, "UsernamePasswordCredential", world.tenant, world.spa.id, "alice@acsauth.example", "any", options(pkg));
    await refusedByEntra(person.getToken(world.scopes.graph), 70003);
  });
}
