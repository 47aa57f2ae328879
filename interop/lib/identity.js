// Clients of @azure/communication-identity, of any version, for the emulated resource.
import { make } from "./ledger.js";
import { current, identity } from "./packages.js";
import * as world from "./world.js";

export const insecure = { allowInsecureConnection: true };

// connect makes a client of a version: pkg is one of packages.identity.
export const connect = (pkg, ...args) => make(pkg.sdk, pkg.module.CommunicationIdentityClient, ...args);

// plain is a client by connection string on plain HTTP, with options.
export const plain = (pkg, options) => connect(pkg, world.info.connectionString, { ...insecure, ...options });

// newest is plain with the newest version.
export const newest = (options) => plain(current(identity), options);

// exchange calls getTokenForTeamsUser as the version wants it.
export const exchange = (pkg, acs, options) => acs.getTokenForTeamsUser(pkg.teams === "token" ? options.teamsUserAadToken : options);

// holding is a credential that hands out one token.
export const holding = (token) => ({ getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) });
