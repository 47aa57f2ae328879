// @azure/msal-node and @azure/identity: an application that signs in with a certificate in place of a secret.
import assert from "node:assert/strict";
import { certificates } from "../lib/certificate.js";
import { credential, environment, file, options } from "../lib/credentials.js";
import { refused } from "../lib/expect.js";
import { check } from "../lib/ledger.js";
import { msalOf, ways } from "../lib/msal.js";
import * as world from "../lib/world.js";

const graphDefault = "https://graph.microsoft.com/.default";
const byCertificate = "2"; // the value of appidacr

// wrong lists certificates that do not open the API, with the reason that Entra ID gives beside AADSTS700027.
const wrong = ({ registered, expired, stranger }) => [
  [stranger, "The key was not found"],
  [{ ...registered, privateKey: stranger.privateKey, both: stranger.privateKey + registered.certificate }, "use of the key to verify the signature failed"],
  [expired, "The key used is expired"],
];

function tokenOfAPI(token) {
  const { appid, appidacr, idtyp } = world.claims(token);
  assert.deepEqual([appid, appidacr, idtyp], [world.api.id, byCertificate, "app"]);
}

// msalCertificateSuite checks a version of @azure/msal-node.
export function msalCertificateSuite(pkg) {
  const { confidential } = msalOf(pkg);
  const open = (clientCertificate, id = world.api.id) => confidential(ways.https, { id }, { clientCertificate });
  // forms are the ways to name the certificate. The chain goes along as x5c.
  const forms = ({ certificate, privateKey, sha1, sha256 }) => [
    { thumbprint: sha1, privateKey }, { thumbprint: sha1, privateKey, x5c: certificate },
    ...(pkg.sha256 ? [{ thumbprintSha256: sha256, privateKey }, { thumbprintSha256: sha256, privateKey, x5c: certificate }] : []),
  ];

  check(`${pkg.label}: a certificate stands in for the secret, named by each thumbprint, with its chain and without`, async () => {
    const { registered } = await certificates();
    for (const form of forms(registered)) {
      tokenOfAPI((await open(form).acquireTokenByClientCredential({ scopes: [graphDefault] })).accessToken);
      const got = await open(form).acquireTokenOnBehalfOf({ oboAssertion: await world.mint({ user: "carol" }), scopes: [world.scopes.graph] });
      assert.deepEqual([world.claims(got.accessToken).oid, got.uniqueId], [world.objectID.carol, world.objectID.carol]);
    }
  });

  check(`${pkg.label}: a certificate that nobody registered, one with another key, an expired one and another application's are AADSTS700027`, async () => {
    const all = await certificates();
    for (const [bad, reason] of wrong(all)) {
      for (const form of forms(bad)) {
        const error = await refused(open(form).acquireTokenByClientCredential({ scopes: [graphDefault] }), { name: "ServerError", errorCode: "invalid_client" });
        assert.match(error.message, new RegExp(`AADSTS700027: .*${reason}`));
        if (pkg.errorNumbers) assert.equal(Number(error.errorNo), 700027);
      }
    }
    const call = open(forms(all.registered)[0], world.daemon.id).acquireTokenByClientCredential({ scopes: [graphDefault] });
    assert.match((await refused(call, { errorCode: "invalid_client" })).message, /AADSTS700027: /);
    const obo = open(forms(all.stranger)[0]).acquireTokenOnBehalfOf({ oboAssertion: await world.mint(), scopes: [world.scopes.graph] });
    assert.match((await refused(obo, { errorCode: "invalid_client" })).message, /AADSTS700027: /);
  });
}

// credentialCertificateSuite checks a version of @azure/identity.
export function credentialCertificateSuite(pkg) {
  const open = (source, id = world.api.id, more) => credential(pkg, "ClientCertificateCredential", world.tenant, id, source, { ...options(pkg), ...more });

  check(`${pkg.label}: ClientCertificateCredential reads a file or a text, and may send the chain`, async (t) => {
    const { both } = (await certificates()).registered;
    const path = await file(t, both);
    for (const source of [path, { certificatePath: path }, { certificate: both }]) tokenOfAPI((await open(source).getToken(graphDefault)).token);
    tokenOfAPI((await open(path, world.api.id, { sendCertificateChain: true }).getToken(graphDefault)).token);
  });

  check(`${pkg.label}: OnBehalfOfCredential and EnvironmentCredential take the certificate, too`, async (t) => {
    const certificatePath = await file(t, (await certificates()).registered.both);
    const obo = credential(pkg, "OnBehalfOfCredential", {
      tenantId: world.tenant, clientId: world.api.id, certificatePath, userAssertionToken: await world.mint({ user: "bob" }), ...options(pkg),
    });
    assert.equal(world.claims((await obo.getToken(graphDefault)).token).oid, world.objectID.bob);
    environment(t, { AZURE_TENANT_ID: world.tenant, AZURE_CLIENT_ID: world.api.id, AZURE_CLIENT_CERTIFICATE_PATH: certificatePath });
    tokenOfAPI((await credential(pkg, "EnvironmentCredential", options(pkg)).getToken(graphDefault)).token);
  });

  check(`${pkg.label}: ClientCertificateCredential fails for a wrong certificate by AADSTS700027, and for a file that holds none`, async (t) => {
    const all = await certificates();
    for (const [{ both }, reason] of wrong(all)) {
      const error = await refused(open({ certificate: both }).getToken(graphDefault), { name: "AuthenticationRequiredError" });
      assert.match(error.message, new RegExp(`AADSTS700027: .*${reason}`));
    }
    const another = open({ certificate: all.registered.both }, world.daemon.id).getToken(graphDefault);
    assert.match((await refused(another, { name: "AuthenticationRequiredError" })).message, /AADSTS700027: /);
    await assert.rejects(open(await file(t, all.registered.privateKey)).getToken(graphDefault), /does not contain a PEM-encoded certificate/);
  });
}
