package authn

import (
	"context"

	"github.com/acs-solutions/acsauth"
)

// A profile is a form of an access token. v1 and v2 are the two closed ones of
// Entra ID: the registration of the API decides which one arrives, and no claim of
// one form is accepted in the other. B2C and other OpenID Connect issuers have the open one.
type profile uint8

const (
	v1 profile = iota
	v2
	open
	profiles // how many there are
)

func (p profile) String() string { return [...]string{v1: "1.0", v2: "2.0", open: "open"}[p] }

// client is the claim that names the client application at Entra ID.
func (p profile) client() string { return [...]string{v1: "appid", v2: "azp", open: "azp"}[p] }

func (p profile) other() profile { return v1 + v2 - p }

const versionHint = "The API's registration decides the version, not the client: portal, App registrations, the API's registration, " +
	"Manifest, api.requestedAccessTokenVersion (2 for v2, null or 1 for v1)."

func profileOf(c claims) (profile, *acsauth.Error) {
	ver, _ := c.str("ver")
	for p := range open {
		if ver == p.String() {
			return p, nil
		}
	}
	return v2, mismatch(tokenVersion, "ver '1.0' or '2.0'", c.found("ver"), "Expected ver '1.0' or '2.0', found: "+c.found("ver")+".", versionHint)
}

// checkClosed refuses a token that has claims of the other profile.
func checkClosed(k *check, _ context.Context) *acsauth.Error {
	if k.p == open {
		return nil
	}
	for _, name := range [...]string{k.p.other().client(), k.p.other().client() + "acr"} {
		if k.c.has(name) {
			return mismatch(tokenVersion, "no claim "+name, k.c.found(name), "A token with ver '"+k.p.String()+"' must not have the claim "+name+".", versionHint)
		}
	}
	return nil
}
