// Clients of @microsoft/microsoft-graph-client, of any version, for the emulated Graph.
import { make, use, watch } from "./ledger.js";
import { confidential, ways } from "./msal.js";
import * as world from "./world.js";

// client makes one that calls Graph with a token. Graph is on TLS: the SDK sends tokens nowhere else.
export function client(pkg, token) {
  const { Client } = pkg.module;
  const authProvider = (done) => done(token === undefined ? new Error("there is no token") : null, token);
  const made = use(pkg.sdk, Client.init, { authProvider, baseUrl: `${world.secure}/`, customHosts: new Set([new URL(world.secure).hostname]) });
  return watching(pkg, made);
}

// byProvider makes one with an authentication provider of the SDK.
export function byProvider(pkg, authProvider) {
  const options = { authProvider, baseUrl: `${world.secure}/`, customHosts: new Set([new URL(world.secure).hostname]) };
  return watching(pkg, use(pkg.sdk, pkg.module.Client.initWithMiddleware, options));
}

// watching records the requests of a client, with each part of their chain.
const watching = ({ sdk }, made) => ({ raw: made, api: (path) => watch(sdk, watch(sdk, made, "Client").api(path), "GraphRequest") });

// construct makes another object of the SDK.
export const construct = (pkg, name, ...args) => make(pkg.sdk, pkg.module[name], ...args);

// onBehalfOf gets a token for Graph as an API does, for its caller.
export async function onBehalfOf(user, scope = "https://graph.microsoft.com/User.ReadWrite") {
  const app = confidential(ways.https, world.api);
  return (await app.acquireTokenOnBehalfOf({ oboAssertion: await world.mint({ user }), scopes: [scope] })).accessToken;
}

// ofDaemon gets a token for Graph as an application without users does.
export async function ofDaemon() {
  const app = confidential(ways.https, world.daemon);
  return (await app.acquireTokenByClientCredential({ scopes: ["https://graph.microsoft.com/.default"] })).accessToken;
}
