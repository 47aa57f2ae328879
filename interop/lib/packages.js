// The packages under test. Each version is installed under a name of its own (an alias in package.json), and what a version
// cannot do, or does in another way than the newest, is written down here once, so that the same checks run over all of them.
import { readFileSync } from "node:fs";

export const packageFile = (alias) => new URL(`../node_modules/${alias}/package.json`, import.meta.url);

// installed says what the package.json of an installed package says: its own name and version.
export function installed(alias) {
  const { name, version } = JSON.parse(readFileSync(packageFile(alias), "utf8"));
  return { name, version };
}

async function load(alias, short, traits) {
  const { version } = installed(alias);
  return { sdk: alias, label: `${short} ${version}`, version, ...traits, module: await import(alias) };
}

// identity: @azure/communication-identity.
//   api          the api-version that it sends
//   choosesApi   it takes the client option apiVersion
//   lifetimes    it takes tokenExpiresInMinutes
//   teams        the arguments of getTokenForTeamsUser: "options", "token" alone, or there is no such method
//   coreHttp     it is built on @azure/core-http: http needs no option, and there is neither onResponse nor tlsOptions
export const identity = await Promise.all([
  load("communication-identity-1.0", "identity", { api: "2021-03-07", coreHttp: true }),
  load("communication-identity-1.1-beta", "identity", { api: "2021-10-31-preview", teams: "token" }),
  load("communication-identity-1.1", "identity", { api: "2022-06-01", teams: "options" }),
  load("communication-identity-1.2", "identity", { api: "2022-10-01", teams: "options", lifetimes: true, choosesApi: true }),
  load("@azure/communication-identity", "identity", { api: "2023-10-01", teams: "options", lifetimes: true, choosesApi: true }),
]);

// common: @azure/communication-common.
//   objects  a credential takes {token, expiresOnTimestamp} as well as a token
//   rawIds   it has createIdentifierFromRawId and getIdentifierRawId
//   entra    it has the credential that exchanges Entra tokens itself
export const common = await Promise.all([
  load("communication-common-1.0", "common", {}),
  load("communication-common-2.0", "common", {}),
  load("@azure/communication-common", "common", { objects: true, rawIds: true, entra: true }),
]);

// msal: @azure/msal-node.
//   httpsOnly     it cannot be used on plain HTTP, not even with authorityMetadata
//   errorNumbers  its errors carry the AADSTS number
//   sha256        it names certificates by SHA-256, too, and takes a callback as clientAssertion
//   badToken      it knows that only the person can help when a grant was revoked
//   checksNonce   acquireTokenByCode compares the nonce of the id_token with that of the request
export const msal = await Promise.all([
  load("msal-node-1", "msal", { httpsOnly: true }),
  load("msal-node-2", "msal", { errorNumbers: true, sha256: true, badToken: true }),
  load("msal-node-3", "msal", { errorNumbers: true, sha256: true, badToken: true }),
  load("msal-node-5", "msal", { errorNumbers: true, sha256: true, badToken: true, checksNonce: true }),
  load("@azure/msal-node", "msal", { errorNumbers: true, sha256: true, badToken: true, checksNonce: true }),
]);

// credentials: @azure/identity.
//   asksLogin  it cannot be told to leave out the question to login.microsoftonline.com whether an authority exists
//   losesEnd   it cannot read the time that App Service sends: it takes seconds since 1970 for a date, and gets NaN
export const credentials = await Promise.all([
  load("identity-2", "credentials", { asksLogin: true, losesEnd: true }),
  load("identity-3", "credentials", {}),
  load("@azure/identity", "credentials", {}),
]);

// graph: @microsoft/microsoft-graph-client.
export const graph = await Promise.all([
  load("microsoft-graph-client-2", "graph", {}),
  load("@microsoft/microsoft-graph-client", "graph", {}),
]);

// current is the newest version of a package.
export const current = (packages) => packages.at(-1);
