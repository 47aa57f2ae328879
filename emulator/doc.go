// Package emulator runs Microsoft Entra ID, a part of Microsoft Graph and the Identity API of Azure Communication Services
// (ACS) on loopback, for tests and development of any program that signs users in and works with ACS. It needs no account
// and no network, and nothing else of this module.
//
// WARNING: everybody signs in without a password, all ids, secrets and access keys are public constants, and nothing that
// it issues is worth anything anywhere else. It listens on loopback addresses only, unless it is forced, and refuses to
// start where it sees a cloud.
//
// # Use
//
// In a test, [Start] runs one emulator and ends it with the test:
//
//	func TestSignIn(t *testing.T) {
//		emu := emulator.Start(t, emulator.Options{})
//		app := newApp(emu.Authority(), emu.ConnectionString())
//		...
//	}
//
// Point your program at [Emulator.Authority], [Emulator.GraphURL] and [Emulator.ConnectionString]; with SDKs that insist on
// https set [Options].ListenTLS, trust [Emulator.CACertPEM], and use [Emulator.TLSURL] and [Emulator.TLSConnectionString].
// [Emulator.MintToken] makes a token without any sign-in, right or wrong in one of many ways ([Flaw]). Programs in other
// languages run "acsauth-dev emulate", which is this package with a command line, and use the administration listener
// ([Emulator.AdminURL]): GET / lists its routes, and /ui is a page for people.
//
// # What is there
//
// Four tenants: the workforce tenants [TenantID] and [OtherTenantID], an External ID and a B2C tenant. The first one has
// the users alice, bob, carol (no Teams licence) and the guest gail, and three applications: an API ([APIClientID]), a
// browser client ([SPAClientID]) and a daemon ([DaemonClientID]). [Emulator.Users] and [Emulator.Apps] list all,
// [Emulator.Seed] adds more. Graph is below /v1.0 and /beta, ACS is at /identities, /teamsUser and /access; all share one root.
//
// It is strict: PKCE, exact redirect URIs, single-use codes, audiences, signatures, ownership and lifetimes are enforced,
// and refusals carry the codes of the real services, so that mistakes show up here and not in production. [Options].Loose
// lets some pass.
//
// # When things go wrong
//
//   - [Emulator.Rehearse] begins a named scenario, such as quota-hit, lost-reply or entra-keys-rolled; [Emulator.Rehearsals]
//     lists them with what a client sees and what a right client does.
//   - [Emulator.AddFault] lets requests of one operation fail: with a status, late, without an answer before or after it took
//     effect, or with half an answer. [Emulator.SetFault] decides by a function.
//   - [Emulator.Advance] moves the clock of all services, so that a day passes at once.
//   - [Emulator.SetEntra], [Emulator.SetACS] and [Emulator.SetGraph] change how a service behaves, [Emulator.RotateKeys] and
//     [Emulator.RegenerateKey] replace keys.
//   - [Emulator.Requests], [Emulator.Issued], [Emulator.Identities], [Emulator.Mappings] and [Emulator.Counters] tell what
//     happened; no token, secret or query value is in them.
//   - [Emulator.Snapshot] and [Emulator.Restore] save and put back the whole state, [Emulator.Reset] leads back to the start.
//
// # Limits
//
//   - State lives in memory, unless there is an [Options].DataDir: 10,000 codes, sessions and refresh tokens of each, 10,000
//     further users and 1,000 further applications, the last 1,000 requests and tokens, 1,000 faults.
//   - No passwords, no real MFA, no implicit flow.
//   - A request body is at most 1 MiB, a snapshot to restore 64 MiB.
//
// # Where it differs from the real thing
//
//   - Issuers are http://127.0.0.1:port/{tenant}/v2.0 and, for v1 tokens, http://127.0.0.1:port/sts/{tenant}/. Discovery on
//     the TLS listener names that listener, because MSAL wants authority and issuer to agree; tokens carry the issuer of
//     the plain listener on both, or the one of [Options].PublicURL.
//   - The browser client may use http://localhost and http://127.0.0.1 with any port and any path. Entra compares the path.
//   - prompt=none with a known login_hint signs in without a session. With a session, a login_hint may name another user.
//   - The plain listener's session cookie is SameSite=Lax: silent frames work where page and emulator are both on localhost
//     or both on 127.0.0.1. On TLS it is SameSite=None.
//   - A fault of Entra ID hits a request before its client has proved who it is; one of ACS or Graph only a request that the
//     service would have taken on.
//   - Graph's lag runs in real time, also while the clock is moved.
//   - Strict-Transport-Security is never sent by Entra ID, as a browser would apply it to all of localhost.
package emulator
