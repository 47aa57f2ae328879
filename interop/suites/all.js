// All suites, in the order in which they run. They share one program, and users: a test that calls the server begins with
// deleting the identity of its user.
import "./identity.js";
import "./identity-refusals.js";
import "./identity-faults.js";
import "./teams.js";
import "./msal-confidential.js";
import "./msal-public.js";
import "./common.js";
import "./server.js";
import "./server-refusals.js";
import "./server-acs.js";
import "./samples.js";
import "./command.js";
import "./report.js";
