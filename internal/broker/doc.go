// Package broker turns a caller's right into an ACS identity or an ACS token.
// It knows no HTTP and no database.
//
// ACS has no list call and no lookup, and its create is not idempotent. So
// "exactly one identity was ever made for a user" cannot be promised; this can:
//
//   - every caller of a key sees one identity until it is deleted,
//   - an identity once shown is never orphaned,
//   - each identity that a crash or a lost answer may have left at ACS is in the journal.
//
// The row of a key walks one circle, each arrow one conditional write:
//
//	none -> Pending(a) -> Active(x) -> Deleting(x) -> none
//
// The intent Pending(a) is durable before the create is sent, once, for attempt
// a. Whoever takes Pending(a) away without making it Active writes a into the
// journal in the same atomic write. A commit that was refused or whose outcome is unknown is
// never trusted: the row is read again, because it may hold this caller's own
// earlier write. Leases save work; the fence (see [acsauth.Mapping]) protects.
package broker
