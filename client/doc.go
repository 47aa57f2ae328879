// Package client gets access tokens of Azure Communication Services (ACS) from an acsauth server, and keeps them fresh.
//
// A [Client] stands for one signed-in user. It is safe for concurrent use and meant to be kept: all callers share the token
// in hand and the refresh under way.
//
// A token is in hand until a random moment in the minute before its RefreshAfter, which the server sets 11 minutes before the
// end. If a refresh fails while the token in hand is alive, that token is returned, and the server is left alone
// for as long as Retry-After says, else for 30 seconds. With no token in hand a call is tried up to four times on a network
// error, 429 and 5xx: after Retry-After, if that is at most a minute, else after a random time up to 0.5, 1 and 2 seconds. On
// 401 the [Source] is asked once more, with the claims of a claims challenge if there is one.
//
// A failed call is an [*Error]. No token appears in an error or a text.
package client
