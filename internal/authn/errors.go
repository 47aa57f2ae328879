package authn

import (
	"fmt"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// The reason codes of this package.
const (
	tokenMissing     = "token_missing"
	tokenMalformed   = "token_malformed"
	tokenInvalid     = "token_invalid"
	tokenTooLarge    = "token_too_large"
	tokenKeyUnknown  = "token_key_unknown"
	tokenSignature   = "token_signature"
	tokenExpired     = "token_expired"
	tokenNotYetValid = "token_not_yet_valid"
	tokenLifetime    = "token_lifetime"
	tokenIssuer      = "token_issuer"
	tokenTenant      = "token_tenant"
	tokenAudience    = "token_audience"
	tokenVersion     = "token_version"
	tokenSubject     = "token_subject"
	tokenIsIDToken   = "token_is_id_token"
	tokenForGraph    = "token_for_graph"
	tokenKind        = "token_kind"
	tokenClient      = "token_client"
	tokenGuest       = "token_guest"
	tokenAppOnly     = "token_app_only"
	tokenScope       = "token_scope"
	tokenRole        = "token_role"
	keysUnavailable  = "keys_unavailable"

	teamsMissing       = "teams_token_missing"
	teamsInvalid       = "teams_token_invalid"
	teamsExpired       = "teams_token_expired"
	teamsAudience      = "teams_token_audience"
	teamsScope         = "teams_token_scope"
	teamsClient        = "teams_token_client"
	teamsUser          = "teams_token_user"
	teamsTenant        = "teams_token_tenant"
	teamsNotConfigured = "teams_not_configured"
)

func kindOf(code string) acsauth.Kind {
	switch code {
	case tokenMalformed, tokenTooLarge, teamsMissing, teamsInvalid:
		return acsauth.Invalid
	case tokenClient, tokenGuest, tokenAppOnly, tokenScope, tokenRole,
		teamsExpired, teamsAudience, teamsScope, teamsClient, teamsUser, teamsTenant:
		return acsauth.Forbidden
	case keysUnavailable:
		return acsauth.Unavailable
	case teamsNotConfigured:
		return acsauth.Rejected
	}
	return acsauth.Unauthenticated
}

// refuse makes the error of a failed check. The exported functions add Op.
func refuse(code, detail, hint string) *acsauth.Error {
	return &acsauth.Error{Kind: kindOf(code), Code: code, Detail: detail, Hint: hint}
}

// mismatch is refuse with the two sides of the rule that failed.
func mismatch(code, expected, found, detail, hint string) *acsauth.Error {
	e := refuse(code, detail, hint)
	e.Expected, e.Found = expected, found
	return e
}

const exactHint = "Send the access token exactly as MSAL returned it in accessToken: three parts, no quotes, nothing cut off."

// odd is for whatever cannot be an access token.
func odd(expected, found, detail string) *acsauth.Error {
	return mismatch(tokenInvalid, expected, found, detail, exactHint)
}

const maxShown = 100

// show makes a claim fit for an error text: at most 100 bytes, only characters
// that error_description of RFC 6750 may hold, in single quotes.
func show(s string) string {
	cut := ""
	if len(s) > maxShown {
		s, cut = s[:maxShown], "..."
	}
	clean := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' || r == '\'' {
			return '?'
		}
		return r
	}, s)
	return "'" + clean + cut + "'"
}

// stamp writes a time of a claim for an error text.
func stamp(sec int64) string {
	if sec > 253402300799 { // the end of year 9999
		return fmt.Sprintf("second %d", sec)
	}
	return time.Unix(sec, 0).UTC().Format(time.RFC3339)
}
