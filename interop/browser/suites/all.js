// All suites, in the order in which they run.
import "./redirect.js";
