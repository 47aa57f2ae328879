// Package acs emulates the data plane of Azure Communication Services
// Identity: create, issue, revoke, delete, and the exchange of a Teams user's
// token. It answers as the service does, down to codes and message texts, so
// that the vendor's client libraries work against it unchanged.
//
// What differs from the service:
//
//   - Tokens are signed with ES256 by a key made at start, where the service
//     is said to use RS256. Nobody but the service itself checks them, and an
//     RSA signature would bound the emulator to some 800 tokens a second.
//     Two private claims, emuSerial and emuKey, serve [Service.Introspect].
//   - Revocation and key rotation take effect at once, not within 15 minutes.
//   - Limits are off unless [Options.Limits] is set.
//   - A repeated delete of an own identity answers 204; the service does not
//     document what it does.
//   - A Teams user without a licence gets InvalidAccessToken; what the service answers is not known.
package acs
