package authn

import (
	"slices"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// maxGroups and maxGroup bound the groups of a caller. Entra ID sends at most 200.
const (
	maxGroups = 1000
	maxGroup  = 256 // of one group, in bytes
)

var claimNames = nameTable("iss", "aud", "sub", "exp", "nbf", "iat", "jti", "ver", "tid", "oid", "scp", "roles", "azp", "azpacr",
	"appid", "appidacr", "idtyp", "idp", "acct", "nonce", "at_hash", "c_hash", "cnf", "events", "skypeid", "acsScope",
	"scope", "client_id", "groups", "_claim_names", "hasgroups", "tfp", "acr")

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
		return odd(name+" is a whole number of seconds", "another value", "The claim "+name+" is not a whole number of seconds.")
	}
	*at = epoch{int64(sec), true}
	return nil
}

// found describes a claim for an error text.
func (c claims) found(name string) string { return jsonFound(c.jsonValue, name) }

func jsonFound(in jsonValue, name string) string {
	v, ok := in.get(name)
	switch {
	case !ok:
		return name + " is missing"
	case v.kind == jsonArray:
		return name + " is an array"
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
	return splitWords(s)
}

func splitWords(s string) []string {
	var words []string
	for word := range strings.SplitSeq(s, " ") {
		if word != "" {
			words = append(words, strings.Clone(word))
		}
	}
	return words
}

// openScopes returns the scopes of another issuer: scope (RFC 9068) or scp, as
// words or as a list. False if both are there, or one has another form.
func (c claims) openScopes() (words []string, given, ok bool) {
	v, scope := c.get("scope")
	w, scp := c.get("scp")
	if !scope {
		v = w
	}
	switch {
	case scope && scp:
		return nil, true, false
	case !scope && !scp:
		return nil, false, true
	case v.kind == jsonString:
		return splitWords(v.text), true, true
	}
	words, ok = v.strings()
	return words, true, ok
}

// groups returns the ids of the groups claim. They are empty if the token says
// that they are elsewhere, since there are too many, or if they have another form: no group is then the safe answer.
func (c claims) groups() []string {
	v, _ := c.get("groups")
	elsewhere, _ := c.get("_claim_names")
	if elsewhere.has("groups") || c.has("hasgroups") || len(v.items) > maxGroups {
		return nil
	}
	names, ok := v.strings()
	if !ok || slices.ContainsFunc(names, func(s string) bool { return len(s) > maxGroup }) {
		return nil
	}
	return names
}

// strings returns the entries of a list of non-empty strings, or false.
func (v jsonValue) strings() ([]string, bool) {
	var names []string
	for _, item := range v.items {
		if item.kind != jsonString || item.text == "" {
			return nil, false
		}
		names = append(names, strings.Clone(item.text))
	}
	return names, v.kind == jsonArray
}

// roles returns the app roles, or false if the claim is there and is not a list of strings.
func (c claims) roles() ([]string, bool) {
	v, ok := c.get("roles")
	if !ok {
		return nil, true
	}
	return v.strings()
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
