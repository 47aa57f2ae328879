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
	cae      bool   // the client can handle claims challenges
	proofs   proofs // what the sign-in has shown
	at       tenant // of the request; a token for a user is of the user's tenant
	grant    string // how it was asked for
}

// tenantFor is the tenant that issues a token.
func (s *Service) tenantFor(sub subject) tenant {
	id := sub.at.id
	if sub.user != nil {
		id = sub.user.TenantID
	}
	if id == "" || sub.user == nil && sub.at.common() {
		id = s.dir.TenantID
	}
	t := s.dir.tenantByID(id)
	out := tenant{segment: id, id: id, kind: t.Kind, policy: sub.at.policy}
	if t.Kind == B2C && out.policy == "" {
		out.policy = t.Policies[0]
	}
	return out
}

// accessToken signs an access token.
func (s *Service) accessToken(sub subject) (string, error) {
	ring, err := s.ringOf(s.tenantFor(sub))
	if err != nil {
		return "", err
	}
	key, c := ring.current(), s.accessClaims(sub)
	token, err := key.sign(accessHeader(key, sub), c)
	if err == nil {
		s.record(sub.grant, "access", token, c)
	}
	return token, err
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
	t := s.tenantFor(sub)
	if t.kind == B2C {
		return s.claimsB2C(sub, t)
	}
	c := s.baseClaims(t, sub.lifetime)
	if sub.version == "1.0" {
		s.addV1(c, sub, t)
	} else {
		s.addV2(c, sub, t)
	}
	if sub.user == nil {
		s.addAppOnly(c, sub, t)
	} else {
		s.addUser(c, sub)
	}
	return c
}

// baseClaims are in every token of Entra ID and External ID.
func (s *Service) baseClaims(t tenant, lifetime time.Duration) emu.Claims {
	now := s.now()
	return emu.Claims{
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(lifetime).Unix(),
		"tid": t.id,
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

func (s *Service) addV2(c emu.Claims, sub subject, t tenant) {
	c["ver"], c["iss"], c["aud"] = "2.0", s.issuerV2(t.id), sub.resource.ID
	c["azp"], c["azpacr"] = sub.app.ID, authLevel(sub.app)
}

func (s *Service) addV1(c emu.Claims, sub subject, t tenant) {
	c["ver"], c["iss"], c["aud"] = "1.0", s.issuerV1(t.id), sub.audience
	if hasProperty(sub.resource.Claims, "aud", "use_guid") {
		c["aud"] = sub.resource.ID
	}
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
func (s *Service) addAppOnly(c emu.Claims, sub subject, t tenant) {
	oid := s.dir.principal(sub.app, t.id)
	c["idtyp"], c["oid"], c["sub"] = "app", oid, oid
	if roles := sub.app.Roles[sub.resource.ID]; len(roles) > 0 {
		c["roles"] = roles
	}
}

// addUser describes the user an application acts for.
func (s *Service) addUser(c emu.Claims, sub subject) {
	u := sub.user
	c["oid"], c["sub"], c["name"] = u.ObjectID, pairwise(sub.resource.ID, u.ObjectID), u.DisplayName
	addScopes(c, sub.scopes)
	if sub.version == "2.0" {
		c["preferred_username"] = u.Mail
	}
	addProofs(c, sub.proofs)
	if u.Guest {
		c["idp"] = s.issuerV1(u.HomeTenantID)
	}
	if roles := u.Roles[sub.resource.ID]; len(roles) > 0 {
		c["roles"] = roles
	}
	if sub.resource.Groups {
		s.addGroups(c, u)
	}
	s.addOptional(c, sub.resource.Claims, u, claimFacts{sub.cae})
}

// addScopes adds the scp claim: sorted words, each once.
func addScopes(c emu.Claims, scopes []string) {
	if len(scopes) == 0 {
		return
	}
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	c["scp"] = strings.Join(slices.Compact(scopes), " ")
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
	t := s.tenantFor(subject{user: u, at: tenant{policy: g.policy}})
	ring, err := s.ringOf(t)
	if err != nil {
		return "", err
	}
	key, c := ring.current(), s.idClaims(app, u, g, t)
	token, err := key.sign(header{Typ: "JWT", Alg: "RS256", Kid: key.kid}, c)
	if err == nil {
		s.record(g.grant, "id", token, c)
	}
	return token, err
}

// idClaims are the claims of an id_token.
func (s *Service) idClaims(app *App, u *User, g grantFacts, t tenant) emu.Claims {
	if t.kind == B2C {
		return s.idClaimsB2C(app, u, g, t)
	}
	c := s.baseClaims(t, time.Hour)
	c["ver"], c["iss"], c["aud"] = "2.0", s.issuerV2(t.id), app.ID
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
	s.addOptional(c, app.IDClaims, u, claimFacts{})
	return c
}
