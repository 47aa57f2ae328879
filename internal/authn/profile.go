package authn

import "github.com/acs-solutions/acsauth"

// A profile is one of the two closed forms of an access token of Entra ID. The
// registration of the API decides which one arrives; no claim of one form is
// accepted in the other.
type profile uint8

const (
	v1 profile = iota
	v2
	profiles // how many there are
)

func (p profile) String() string { return [...]string{v1: "1.0", v2: "2.0"}[p] }

// client is the claim that names the client application.
func (p profile) client() string { return [...]string{v1: "appid", v2: "azp"}[p] }

func (p profile) other() profile { return v1 + v2 - p }

const versionHint = "The API's registration decides the version, not the client: portal, App registrations, the API's registration, " +
	"Manifest, api.requestedAccessTokenVersion (2 for v2, null or 1 for v1)."

func profileOf(c claims) (profile, *acsauth.Error) {
	ver, _ := c.str("ver")
	for p := range profiles {
		if ver == p.String() {
			return p, nil
		}
	}
	return 0, refuse(tokenVersion, "Expected ver '1.0' or '2.0', found: "+c.found("ver")+".", versionHint)
}

// checkClosed refuses a token that has claims of the other profile.
func checkClosed(c claims, p profile) *acsauth.Error {
	for _, name := range [...]string{p.other().client(), p.other().client() + "acr"} {
		if c.has(name) {
			return refuse(tokenVersion, "A token with ver '"+p.String()+"' must not have the claim "+name+".", versionHint)
		}
	}
	return nil
}
