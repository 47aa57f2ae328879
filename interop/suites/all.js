// All suites, in the order in which they run. They share one program, and users: a test that calls the server begins with
// deleting the identity of its user. A suite of an SDK runs over each version of it.
import * as packages from "../lib/packages.js";
import { credentialCertificateSuite, msalCertificateSuite } from "./certificates.js";
import { clockSuite } from "./common-clock.js";
import { commonSuite } from "./common.js";
import { credentialsSuite } from "./credentials.js";
import { deviceCredentialSuite } from "./credentials-device.js";
import { federatedSuite } from "./credentials-federated.js";
import { entraCredentialSuite } from "./entra-credential.js";
import { entraDirectSuite } from "./entra-direct.js";
import { graphSuite, providerSuite } from "./graph.js";
import { faultsSuite } from "./identity-faults.js";
import { refusalsSuite } from "./identity-refusals.js";
import { identitySuite } from "./identity.js";
import { confidentialSuite } from "./msal-confidential.js";
import { demandsSuite } from "./msal-demands.js";
import { deviceSuite } from "./msal-device.js";
import { publicSuite } from "./msal-public.js";
import { tenantsSuite } from "./msal-tenants.js";
import { teamsSuite } from "./teams.js";
import { credentialWorkloadSuite, msalWorkloadSuite } from "./workload.js";

for (const pkg of packages.identity) {
  identitySuite(pkg);
  refusalsSuite(pkg);
  faultsSuite(pkg);
  if (pkg.teams) teamsSuite(pkg);
}
for (const pkg of packages.msal) {
  confidentialSuite(pkg);
  publicSuite(pkg);
  deviceSuite(pkg);
  demandsSuite(pkg);
  msalCertificateSuite(pkg);
  msalWorkloadSuite(pkg);
  tenantsSuite(pkg);
  entraDirectSuite(packages.current(packages.common), pkg);
}
for (const pkg of packages.credentials) {
  credentialsSuite(pkg);
  federatedSuite(pkg);
  credentialCertificateSuite(pkg);
  deviceCredentialSuite(pkg);
  if (pkg.module.WorkloadIdentityCredential) credentialWorkloadSuite(pkg);
}
for (const pkg of packages.graph) graphSuite(pkg);
providerSuite(packages.current(packages.graph), packages.current(packages.credentials));
for (const pkg of packages.common) {
  commonSuite(pkg);
  clockSuite(pkg);
  if (pkg.entra) entraCredentialSuite(pkg);
}
for (const suite of ["server", "server-refusals", "server-acs", "samples", "command", "rehearsals", "quickstart", "report"]) await import(`./${suite}.js`);
