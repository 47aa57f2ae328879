// All suites, in the order in which they run.
import "./redirect.js";
import "./silent.js";
import "./popup.js";
import "./logout.js";
import "./accounts.js";
import "./refusals.js";
import "./graph.js";
import "./credential.js";
import "./report.js";
