// Package acsauth holds the words of the house: who a user is, what identity
// the user has at Azure Communication Services (ACS), where the two are kept
// together, and how an operation fails. It imports the standard library only.
//
// A request walks one straight line:
//
//	request -> server -> authn.Verify (Caller) -> broker.<Verb> -> Store and acsidentity.Client -> JSON or problem document
//
// What the service promises: every caller of a [UserKey] sees one [Identity]
// until it is deleted; an identity once shown is never orphaned; each identity
// that a crash or a lost answer may have left behind at ACS is written down in
// the journal of the [Store].
package acsauth
