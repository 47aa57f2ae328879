// Package authn decides who is behind a request. It verifies the bearer token
// that a client got from one of the configured issuers for this API, says whether
// its owner is a user who may call, and filters the Teams token that the client wants to exchange.
//
// The check is a fixed list of steps, cheap ones first, each with one reason code:
//
//  1. header value and size            token_missing, token_malformed, token_too_large
//  2. three parts                      token_invalid
//  3. strict base64url                 token_invalid
//  4. strict JSON, parsed once         token_invalid
//  5. tokens of another kind           token_for_graph, token_kind, token_is_id_token
//     algorithm and header             token_invalid
//  6. version, tenant, issuer          token_version, token_tenant, token_issuer
//  7. key from memory                  token_key_unknown, keys_unavailable
//  8. (rules for keys, when loaded)
//  9. signature                        token_signature
//  10. times                           token_expired, token_not_yet_valid, token_lifetime
//  11. audience                        token_audience
//  12. closed profile                  token_version
//  13. subject, client, rights, guest  token_subject, token_client, token_scope, token_guest
//
// RequireUser adds what routes for users want: token_app_only, token_scope, token_role.
//
// The issuer is chosen by claims that are not verified yet, among those that are
// configured; the key that belongs to the choice then proves them. Where Microsoft
// Entra ID is strict, so are we: one audience, closed versions, RS256. Other
// OpenID Connect issuers follow RFC 9068: audiences may be a list, scope and scp
// are known, and PS256, ES256 and ES384 can be allowed.
//
// Nothing in a token is ever used as an address. Keys come from the configured
// hosts only, and a token of a tenant or policy that is not configured causes no
// network traffic. If any tenant is accepted, there is one key set for all of them.
//
// An error carries both sides of the rule that failed. Before the signature is verified
// it says only what the caller knows already: the own claims, and of this server
// what its metadata tells everybody. Detail, Hint, Expected and Found hold only
// characters that RFC 6750 allows in error_description, and of the token only
// claims that name no person, cut to a fixed length.
package authn
