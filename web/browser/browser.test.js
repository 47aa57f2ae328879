// The one test file: it starts the service, its emulator and Chromium, and runs all suites one after the other.
import { after } from "node:test";

const { stop } = await import("./lib/world.js");
after(stop);
await import("./lib/sample.js"); // all that waits is done before the first test is known, so that they keep their order
await import("./suites/all.js");
