// Package emulator runs Microsoft Entra ID, a little of Microsoft Graph and the Identity API of Azure Communication
// Services on loopback.
//
// WARNING: it is for development and tests only. Everybody signs in without a password, all ids, secrets and access keys
// are public constants, and nothing that it issues is worth anything anywhere else. It listens on loopback addresses
// only and refuses to start where it sees a cloud.
//
// # Goals
//
//   - Unchanged production code: real discovery, real RS256 signatures, real key rotation, HMAC or bearer checks.
//   - Strict by default: PKCE, exact redirect URIs, single-use codes, audience and expiry of assertions are enforced, and
//     refusals carry Entra's AADSTS codes, so that mistakes show up here and not in production.
//   - One call in a test ([Start]), one port for everything, no network, no account, start in well under a second.
//   - An independent reading of the protocols: it imports nothing of the service that it is used to test.
//
// # What is there
//
// One tenant ([TenantID], [Domain]) with the users alice, bob, carol (no Teams licence) and the guest gail, and three
// applications: the API ([APIClientID]), a browser client ([SPAClientID]) and a daemon ([DaemonClientID]). Entra ID, Graph
// (/v1.0) and ACS (/identities, /teamsUser, /access) share one root, on plain HTTP and on request on TLS as well. A second
// listener, for administration, lists requests, identities and counters, mints tokens, rotates keys and resets.
//
// # Limits
//
//   - Signing keys and the certificate authority are made anew at each start. Codes, sessions and refresh tokens live in
//     memory, at most 10,000 of each. Only ACS identities are kept, and only with [Options].DataDir.
//   - No consent dialogue, no passwords, no MFA, no conditional access, no device code, no implicit flow, no client
//     certificates, no v1 authorize and token endpoints, no userinfo endpoint.
//   - A request body is at most 1 MiB.
//
// # Where it differs from the real thing
//
//   - Issuers are http://127.0.0.1:port/{tenant}/v2.0 and, for v1 tokens, http://127.0.0.1:port/sts/{tenant}/. Discovery on
//     the TLS listener names that listener, because MSAL wants authority and issuer to agree; tokens carry the issuer of
//     the plain listener on both, or the one of [Options].PublicURL.
//   - v1 discovery names the v2 endpoints.
//   - The browser client may use http://localhost and http://127.0.0.1 with any port and any path. Entra compares the path.
//   - prompt=none with a known login_hint signs in without a session. With a session, a login_hint may name another user.
//   - The plain listener's session cookie is SameSite=Lax: silent frames work where page and emulator are both on localhost
//     or both on 127.0.0.1. On TLS it is SameSite=None.
//   - All permissions have consent or never get it: what an application has not registered is AADSTS650057 or 65001.
//   - A code may be redeemed without an Origin header, and a refresh token stays good after use.
//   - Optional claims acct and, when asked for, xms_cc are in every token for the API.
//   - Strict-Transport-Security is never sent, as a browser would apply it to all of localhost.
package emulator
