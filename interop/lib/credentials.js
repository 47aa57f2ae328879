// Credentials of @azure/identity, of any version, for the emulated Entra ID.
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
