// The one test file: it starts the program under test, and runs all suites against it in a second process. The second
// process is needed because Node reads NODE_EXTRA_CA_CERTS, which trusts the emulator's certificate, when it starts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { start } from "./lib/program.js";

if (process.env.INTEROP_PROGRAM) {
  await import("./suites/all.js");
} else {
  process.exitCode = await runSuites();
}

async function runSuites() {
  const program = await start();
  let passed = false;
  try {
    passed = (await suites(program.info)) === 0;
  } finally {
    passed = (await program.stop()) && passed;
  }
  return passed ? 0 : 1;
}

async function suites(info) {
  const metadata = await (await fetch(`${info.authority}/v2.0/.well-known/openid-configuration`)).json();
  const env = { ...process.env, INTEROP_PROGRAM: JSON.stringify({ ...info, metadata }), NODE_EXTRA_CA_CERTS: info.tls.ca };
  // Forced to exit, since a failed test may leave a listener behind.
  const tests = spawn(process.execPath, ["--test-force-exit", fileURLToPath(import.meta.url)], { env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => tests.kill(signal));
  const [code] = await once(tests, "exit");
  return code;
}
