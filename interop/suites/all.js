// All suites, in the order in which they run. They share one program, and users: a test that calls the server begins with
// deleting the identity of its user. A suite of an SDK runs over each version of it.
import * as packages from "../lib/packages.js";
import { faultsSuite } from "./identity-faults.js";
import { refusalsSuite } from "./identity-refusals.js";
import { identitySuite } from "./identity.js";
import { confidentialSuite } from "./msal-confidential.js";
import { publicSuite } from "./msal-public.js";
import { teamsSuite } from "./teams.js";

for (const pkg of packages.identity) {
  identitySuite(pkg);
  refusalsSuite(pkg);
  faultsSuite(pkg);
  if (pkg.teams) teamsSuite(pkg);
}
for (const pkg of packages.msal) {
  confidentialSuite(pkg);
  publicSuite(pkg);
}
for (const suite of ["common", "server", "server-refusals", "server-acs", "samples", "command", "report"]) await import(`./${suite}.js`);
