package entra

import (
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// subject is who and what an access token is about.
type subject struct {
	app      *App
	user     *User // nil: the application itself
	resource *Resource
	audience string // of a v1 token
	version  string // "1.0" or "2.0"
	scopes   []string
	lifetime time.Duration
	cae      bool // the client can handle claims challenges
	proofs   proofs
}

// accessToken signs an access token.
func (s *Service) accessToken(sub subject) (string, error) {
	key := s.keys.current()
	return key.sign(accessHeader(key, sub), s.accessClaims(sub))
}

// accessHeader is the header that Entra gives a token of this version and resource.
func accessHeader(key *signingKey, sub subject) header {
	h := header{Typ: "JWT", Alg: "RS256", Kid: key.kid}
	if sub.version == "1.0" {
		h.X5t = key.kid
	}
	if sub.resource.Nonce {
		h.Nonce = randomText(32)
	}
	return h
}

// accessClaims are the claims of an access token.
func (s *Service) accessClaims(sub subject) emu.Claims {
	c := s.baseClaims(sub.lifetime)
	if sub.version == "1.0" {
		s.addV1(c, sub)
	} else {
		s.addV2(c, sub)
	}
	if sub.user == nil {
		addAppOnly(c, sub)
	} else {
		s.addUser(c, sub)
	}
	return c
}

// baseClaims are in every token.
func (s *Service) baseClaims(lifetime time.Duration) emu.Claims {
	now := s.now()
	return emu.Claims{
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(lifetime).Unix(),
		"tid": s.dir.TenantID,
		"uti": randomText(16),
		"rh":  "1.AAAA" + randomText(24) + ".",
		"aio": randomText(32),
	}
}

// authLevel is azpacr or appidacr: 0 for a public client, 1 for a secret, 2 for an assertion.
func authLevel(app *App) string {
	if app.proof != "" {
		return app.proof
	}
	if app.Public {
		return "0"
	}
	return "1"
}

func (s *Service) addV2(c emu.Claims, sub subject) {
	c["ver"], c["iss"], c["aud"] = "2.0", s.issuerV2(s.dir.TenantID), sub.resource.ID
	c["azp"], c["azpacr"] = sub.app.ID, authLevel(sub.app)
}

func (s *Service) addV1(c emu.Claims, sub subject) {
	c["ver"], c["iss"], c["aud"] = "1.0", s.issuerV1(s.dir.TenantID), sub.audience
	c["appid"], c["appidacr"] = sub.app.ID, authLevel(sub.app)
	if sub.user == nil {
		c["idp"] = c["iss"]
		return
	}
	u := sub.user
	c["acr"], c["amr"], c["ipaddr"] = "1", []string{"pwd"}, "127.0.0.1"
	c["given_name"], c["family_name"] = u.GivenName, u.Surname
	c["unique_name"], c["upn"] = u.UPN, u.UPN
	if sub.resource.ID == s.dir.Graph {
		c["app_displayname"], c["idtyp"] = sub.app.Name, "user"
	}
}

// addAppOnly describes an application that acts for itself.
func addAppOnly(c emu.Claims, sub subject) {
	c["idtyp"], c["oid"], c["sub"] = "app", sub.app.ObjectID, sub.app.ObjectID
	if roles := sub.app.Roles[sub.resource.ID]; len(roles) > 0 {
		c["roles"] = roles
	}
}

// addUser describes the user an application acts for.
func (s *Service) addUser(c emu.Claims, sub subject) {
	u := sub.user
	c["oid"], c["sub"], c["name"] = u.ObjectID, pairwise(sub.resource.ID, u.ObjectID), u.DisplayName
	if len(sub.scopes) > 0 {
		scopes := slices.Clone(sub.scopes)
		slices.Sort(scopes)
		c["scp"] = strings.Join(slices.Compact(scopes), " ")
	}
	if sub.version == "2.0" {
		c["preferred_username"] = u.Mail
	}
	addProofs(c, sub.proofs)
	if u.Guest {
		c["idp"] = s.issuerV1(u.HomeTenantID)
	}
	if sub.resource.ID == s.dir.API {
		c["acct"] = account(u)
		if sub.cae {
			c["xms_cc"] = []string{"cp1"}
		}
	}
}

// account is the acct claim: 0 for a member, 1 for a guest.
func account(u *User) int {
	if u.Guest {
		return 1
	}
	return 0
}

// idToken signs an id_token for a client.
func (s *Service) idToken(app *App, u *User, g grantFacts) (string, error) {
	c := s.baseClaims(time.Hour)
	c["ver"], c["iss"], c["aud"] = "2.0", s.issuerV2(s.dir.TenantID), app.ID
	c["sub"], c["oid"] = pairwise(app.ID, u.ObjectID), u.ObjectID
	c["name"], c["preferred_username"] = u.DisplayName, u.Mail
	if g.nonce != "" {
		c["nonce"] = g.nonce
	}
	if g.email {
		c["email"] = u.Mail
	}
	if g.session != "" {
		c["sid"] = g.session
	}
	if u.Guest {
		c["idp"] = s.issuerV1(u.HomeTenantID)
	}
	key := s.keys.current()
	return key.sign(header{Typ: "JWT", Alg: "RS256", Kid: key.kid}, c)
}
