// All suites, in the order in which they run. They share one program, and users: a test that calls the server begins with
// deleting the identity of its user. A suite of an SDK runs over each version of it.
import * as packages from "../lib/packages.js";
import { clockSuite } from "./common-clock.js";
import { commonSuite } from "./common.js";
import { entraCredentialSuite } from "./entra-credential.js";
import { faultsSuite } from "./identity-faults.js";
import { refusalsSuite } from "./identity-refusals.js";
import { identitySuite } from "./identity.js";
import { confidentialSuite } from "./msal-confidential.js";
import { publicSuite } from "./msal-public.js";
import { teamsSuite } from "./teams.js";

const only = process.env.ONLY?.split(",");
for (const pkg of only ? [] : packages.identity) {
  identitySuite(pkg);
  refusalsSuite(pkg);
  faultsSuite(pkg);
  if (pkg.teams) teamsSuite(pkg);
}
for (const pkg of only ? [] : packages.msal) {
  confidentialSuite(pkg);
  publicSuite(pkg);
}
for (const pkg of packages.common) {
  commonSuite(pkg);
  clockSuite(pkg);
  if (pkg.entra) entraCredentialSuite(pkg);
}
for (const suite of ["server", "server-refusals", "server-acs", "samples", "command", "report"]) await import(`./${suite}.js`);
