// Package entra gets tokens for Microsoft Graph from the token endpoint of
// Microsoft Entra ID: on behalf of a user ([Client.OnBehalfOf]) and for the
// application itself ([Client.ForApp]).
//
// A token of a user is kept under tenant, user, scopes and the SHA-256 of the
// user's own token, all four; what is kept repeats that key, and the two are
// compared before each use. The cache is bounded in number and time, nothing
// is written to disk, and errors are not kept.
//
// Every request is one form POST to the caller's own tenant, never to
// "common": a guest would get a token of the home tenant there. Redirects are
// not followed, answers are bounded, and texts of the upstream go nowhere:
// errors carry AADSTS numbers only.
package entra
