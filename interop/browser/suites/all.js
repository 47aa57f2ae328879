// All suites, in the order in which they run.
import "./redirect.js";
import "./silent.js";
import "./popup.js";
import "./logout.js";
import "./tenants.js";
import "./accounts.js";
import "./refusals.js";
import "./consent.js";
import "./stepup.js";
import "./seeded.js";
import "./device.js";
import "./graph.js";
import "./credential.js";
import "./looks.js";
import "./inspect.js";
import "./ui.js";
import "./report.js";
