package authn

import (
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth"
)

var claimNames = nameTable("iss", "aud", "sub", "exp", "nbf", "iat", "jti", "ver", "tid", "oid", "scp", "roles", "azp", "azpacr",
	"appid", "appidacr", "idtyp", "idp", "acct", "nonce", "at_hash", "c_hash", "cnf", "events", "skypeid", "acsScope")

// claims is the payload of a token, parsed once. The times were checked for
// their form; all else is checked where it is used.
type claims struct {
	jsonValue
	exp, nbf, iat epoch
}

// An epoch is a time in seconds since 1970, 0 to 2^53, if it is set.
type epoch struct {
	sec int64
	set bool
}

func parseClaims(raw []byte) (claims, *acsauth.Error) {
	v, e := parsePart("payload", raw, claimNames)
	if e != nil {
		return claims{}, e
	}
	c := claims{jsonValue: v}
	for i, at := range [...]*epoch{&c.exp, &c.nbf, &c.iat} {
		if e := parseEpoch(v, [...]string{"exp", "nbf", "iat"}[i], at); e != nil {
			return claims{}, e
		}
	}
	return c, nil
}

func parseEpoch(v jsonValue, name string, at *epoch) *acsauth.Error {
	const largest = 1 << 53 // beyond it, doubles lose seconds
	m, ok := v.get(name)
	if !ok {
		return nil
	}
	// ParseUint takes digits only; the grammar of JSON has excluded leading zeros.
	sec, err := strconv.ParseUint(m.text, 10, 64)
	if m.kind != jsonNumber || err != nil || sec > largest {
		return invalid("The claim " + name + " is not a whole number of seconds.")
	}
	*at = epoch{int64(sec), true}
	return nil
}

// found describes a claim for an error text.
func (c claims) found(name string) string {
	v, ok := c.get(name)
	switch {
	case !ok:
		return name + " is missing"
	case v.kind != jsonString:
		return name + " is not a string"
	}
	return name + " is " + show(v.text)
}

// guid returns a claim that is a GUID, in lower case.
func (c claims) guid(name string) (string, bool) {
	s, _ := c.str(name)
	return parseGUID(s)
}

// scopes returns the words of scp. They are separated by single spaces (RFC 6749 section 3.3).
func (c claims) scopes() []string {
	s, _ := c.str("scp")
	var words []string
	for word := range strings.SplitSeq(s, " ") {
		if word != "" {
			words = append(words, strings.Clone(word))
		}
	}
	return words
}

// roles returns the app roles, or false if the claim is there and is not a list of strings.
func (c claims) roles() ([]string, bool) {
	v, ok := c.get("roles")
	if !ok {
		return nil, true
	}
	var names []string
	for _, item := range v.items {
		if item.kind != jsonString || item.text == "" {
			return nil, false
		}
		names = append(names, strings.Clone(item.text))
	}
	return names, v.kind == jsonArray
}

// parseGUID returns s in lower case if it is a GUID in the form 8-4-4-4-12 and not all zero.
func parseGUID(s string) (string, bool) {
	if len(s) != 36 {
		return "", false
	}
	zero := true
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return "", false
			}
			continue
		}
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return "", false
		}
		zero = zero && c == '0'
	}
	return strings.Clone(strings.ToLower(s)), !zero
}
