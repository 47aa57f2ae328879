package entra

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// maxGroups is how many groups a JWT carries; a user with more is an overage.
const maxGroups = 200

// OptionalClaim is an entry of optionalClaims in a registration's manifest.
type OptionalClaim struct {
	Name       string
	Properties []string // additionalProperties
}

// claimFacts are what optional claims need beside the user.
type claimFacts struct {
	cae bool // the client said that it can handle claims challenges
}

// optionalClaims are those that the emulator knows. A value that is nil is left out.
var optionalClaims = map[string]func(s *Service, u *User, p []string, f claimFacts) any{
	"acct": func(_ *Service, u *User, _ []string, _ claimFacts) any { return account(u) },
	"acrs": func(*Service, *User, []string, claimFacts) any { return nil }, // is there when a challenge was met; see addProofs
	"aud":  func(*Service, *User, []string, claimFacts) any { return nil }, // with use_guid, v1 tokens have the client id as aud; see addV1
	"auth_time": func(s *Service, _ *User, _ []string, _ claimFacts) any {
		return s.now().Unix() // every sign-in is fresh here
	},
	"ctry":        func(*Service, *User, []string, claimFacts) any { return "US" },
	"email":       func(_ *Service, u *User, _ []string, _ claimFacts) any { return orNilText(u.Mail) },
	"family_name": func(_ *Service, u *User, _ []string, _ claimFacts) any { return orNilText(u.Surname) },
	"given_name":  func(_ *Service, u *User, _ []string, _ claimFacts) any { return orNilText(u.GivenName) },
	"idtyp": func(_ *Service, _ *User, p []string, _ claimFacts) any {
		if slices.Contains(p, "include_user_token") {
			return "user"
		}
		return nil
	},
	"ipaddr": func(*Service, *User, []string, claimFacts) any { return "127.0.0.1" },
	"login_hint": func(s *Service, u *User, _ []string, _ claimFacts) any {
		return "O." + pairwise("login_hint", u.ObjectID)
	},
	"tenant_ctry": func(*Service, *User, []string, claimFacts) any { return "US" },
	"upn":         upnClaim,
	"xms_cc": func(_ *Service, _ *User, _ []string, f claimFacts) any {
		if f.cae {
			return []string{"cp1"}
		}
		return nil
	},
	"xms_tpl": func(*Service, *User, []string, claimFacts) any { return "en" },
}

// upnClaim is the upn. A guest has one only if the registration asks for it, in one of two spellings.
func upnClaim(_ *Service, u *User, p []string, _ claimFacts) any {
	switch {
	case !u.Guest:
		return u.UPN
	case slices.Contains(p, "include_externally_authenticated_upn"):
		return u.UPN
	case slices.Contains(p, "include_externally_authenticated_upn_without_hash"):
		return strings.ReplaceAll(u.UPN, "#", "_")
	}
	return nil
}

func orNilText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// addOptional adds the optional claims of a registration.
func (s *Service) addOptional(c emu.Claims, list []OptionalClaim, u *User, f claimFacts) {
	for _, o := range list {
		make := optionalClaims[o.Name]
		if make == nil {
			continue
		}
		if v := make(s, u, o.Properties, f); v != nil {
			c[o.Name] = v
		}
	}
}

// hasProperty reports whether an optional claim is asked for with an additional property.
func hasProperty(list []OptionalClaim, name, property string) bool {
	return slices.ContainsFunc(list, func(o OptionalClaim) bool { return o.Name == name && slices.Contains(o.Properties, property) })
}

// checkOptional refuses claims that the emulator does not know.
func checkOptional(list []OptionalClaim) error {
	for _, o := range list {
		if optionalClaims[o.Name] == nil {
			return fmt.Errorf("optional claim %q is not known; known are %s", clip(o.Name),
				strings.Join(slices.Sorted(maps.Keys(optionalClaims)), ", "))
		}
	}
	return nil
}

// addGroups adds the groups claim. Of an overage the token says where the groups are; the real service names the retired
// Azure AD Graph there, and tells clients to ask Microsoft Graph instead.
func (s *Service) addGroups(c emu.Claims, u *User) {
	switch {
	case len(u.Groups) > maxGroups:
		c["_claim_names"] = map[string]string{"groups": "src1"}
		c["_claim_sources"] = map[string]any{"src1": map[string]string{
			"endpoint": s.Base() + "/v1.0/users/" + u.ObjectID + "/getMemberObjects",
		}}
	case len(u.Groups) > 0:
		c["groups"] = u.Groups
	}
}
