package authn

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// MaxToken is the longest token accepted, in bytes.
const MaxToken = 16 << 10

// BearerToken returns the token of the Authorization header. There must be
// exactly one value: the word Bearer in any case, one space, and characters of
// a compact JWT (RFC 6750 section 2.1, RFC 7515 section 7.1). The codes of its
// errors are token_missing, token_malformed and token_too_large.
func BearerToken(h http.Header) (string, error) {
	token, e := bearerToken(h.Values("Authorization"))
	if e != nil {
		e.Op = "authn.BearerToken"
		return "", e
	}
	return token, nil
}

func bearerToken(values []string) (string, *acsauth.Error) {
	const form = "Send one header 'Authorization: Bearer <access token>', with one space and without quotes."
	if len(values) == 0 {
		return "", mismatch(tokenMissing, "one Authorization header", "none", "The request has no Authorization header.", form)
	}
	if len(values) > 1 {
		return "", mismatch(tokenMalformed, "one Authorization header", strconv.Itoa(len(values)), "The request has more than one Authorization header.", form)
	}
	scheme, token, found := strings.Cut(values[0], " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", mismatch(tokenMalformed, "scheme Bearer", "another scheme", "The scheme of the Authorization header is not Bearer.", form)
	case !found || token == "":
		return "", mismatch(tokenMalformed, "a token after the word Bearer", "none", "The Authorization header holds no token.", form)
	case len(token) > MaxToken:
		return "", tooLarge()
	case !compactAlphabet(token):
		return "", mismatch(tokenMalformed, "letters, digits and - _ . only", "other characters", "The Authorization header holds characters that no JWT has.", form)
	}
	return token, nil
}

func tooLarge() *acsauth.Error {
	return mismatch(tokenTooLarge, "at most 16384 bytes", "more", "The token is longer than 16384 bytes.",
		"Take groups out of the token: portal, App registrations, the API's registration, Token configuration.")
}
