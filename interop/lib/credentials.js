// Credentials of @azure/identity, of any version, for the emulated Entra ID.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { make } from "./ledger.js";
import * as world from "./world.js";

// options are those that lead a credential to the emulator.
export function options(pkg) {
  const authorityHost = world.secure;
  if (!pkg.asksLogin) return { authorityHost, disableInstanceDiscovery: true };
  return { authorityHost, additionalPolicies: [{ position: "perCall", policy: toEmulator }] };
}

// toEmulator sends the question whether an authority exists, which older versions ask a fixed address, to the emulator.
const toEmulator = {
  name: "toEmulator",
  sendRequest(request, next) {
    const url = new URL(request.url);
    if (url.host === "login.microsoftonline.com") request.url = `${world.secure}${url.pathname}${url.search}`;
    return next(request);
  },
};

// credential makes one of a version by the name of its class.
export const credential = (pkg, name, ...args) => make(pkg.sdk, pkg.module[name], ...args);

// clientSecret is that of the daemon.
export const clientSecret = (pkg, { tenant = world.tenant, id = world.daemon.id, secret = world.daemon.secret } = {}) =>
  credential(pkg, "ClientSecretCredential", tenant, id, secret, options(pkg));

// environment sets environment variables for a test.
export function environment(t, values) {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    t.after(() => (before === undefined ? delete process.env[name] : (process.env[name] = before)));
    process.env[name] = value;
  }
}

// file writes a text where a credential can read it, for a test, and returns the path.
export async function file(t, text) {
  const folder = await mkdtemp(join(tmpdir(), "interop-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "credential"), text, { mode: 0o600 });
  return join(folder, "credential");
}
