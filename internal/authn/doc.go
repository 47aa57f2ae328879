// Package authn decides who is behind a request. It verifies the bearer token
// that a client got from Microsoft Entra ID for this API, and filters the
// Teams token that the client wants to exchange.
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
// Nothing in a token is ever used as an address. Keys come from the configured
// authority only, and a token of a tenant that is not configured causes no
// network traffic.
//
// Detail and Hint of an error hold only characters that RFC 6750 allows in
// error_description, and of the token only iss, aud, tid, ver, scp and the
// client id, cut to a fixed length.
package authn
