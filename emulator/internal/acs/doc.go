// Package acs emulates the data plane of Azure Communication Services
// Identity, in all api-versions that the vendor's client libraries ask for:
// create, issue, revoke, delete and get; the exchange of a Teams user's token;
// and the exchange of Entra users' tokens with the assignments that allow it.
// It answers as the service does, down to codes and message texts, so that
// the vendor's client libraries work against it unchanged.
//
// What differs from the service:
//
//   - Tokens are signed with ES256 by a key made at start, where the service
//     is said to use RS256. Nobody but the service itself checks them, and an
//     RSA signature would bound the emulator to some 800 tokens a second.
//     Two private claims, emuSerial and emuKey, serve [Service.Introspect].
//   - Several resources share one address. The access key that signed a request
//     tells which one is meant; bearer tokens are for the first.
//   - Revocation takes effect at once, not within 15 minutes, unless
//     [Behaviour] says so. Key rotation always does.
//   - Limits are off unless [Behaviour] sets them, and count in fixed windows.
//   - A repeated delete of an own identity answers 204; the service does not
//     document what it does.
//   - A Teams user without a licence gets InvalidAccessToken; what the service answers is not known.
//   - An Entra user without an assignment gets 403 Forbidden, and one with a
//     token that is no good InvalidAccessToken; neither code is known.
//   - Assignments are read and written in lower case, at most 10,000 of them.
//     The list shows 100 at once.
//   - No more than 2,000,000 identities are kept. Of those deleted the last
//     500,000 are remembered; the others become unknown.
package acs
