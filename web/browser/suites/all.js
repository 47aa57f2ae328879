// All suites, in their order. They are known before the first test runs, so that the world is not ended between them.
import "./docs.js";
import "./dropin.js";
import "./refresher.js";
import "./react.js";
import "./playground.js";
