package entra

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// MintRequest describes a scripted token; see TokenRequest of the emulator.
type MintRequest struct {
	User      string
	Tenant    string // GUID or domain; empty: the user's, or the first one
	Policy    string // of B2C; empty: the tenant's first one
	Client    string
	Teams     bool
	Version   string
	AppOnly   bool
	Scopes    []string
	Audience  string
	ExpiresIn time.Duration
	Flaw      string
}

// Mint signs a scripted token and returns it with its lifetime.
func (s *Service) Mint(m MintRequest) (token string, lifetime time.Duration, err error) {
	sub, err := s.mintSubject(m)
	if err != nil {
		return "", 0, err
	}
	ring, err := s.ringOf(s.tenantFor(sub))
	if err != nil {
		return "", 0, err
	}
	key := ring.current()
	h, c := accessHeader(key, sub), s.accessClaims(sub)
	if m.Audience != "" {
		c["aud"] = m.Audience
	}
	flaw, ok := flaws[m.Flaw]
	if !ok {
		return "", 0, fmt.Errorf("entra: unknown flaw %q", m.Flaw)
	}
	w := &wrongToken{service: s, subject: sub, key: key, header: h, claims: c}
	if flaw(w); w.err != nil {
		return "", 0, w.err
	}
	token, err = w.key.sign(w.header, w.claims)
	if err == nil && w.breakSignature {
		token = damage(token)
	}
	s.counts.add("minted")
	if err == nil {
		s.record("minted", "access", token, w.claims)
	}
	return token, sub.lifetime, err
}

// mintSubject resolves the names in the request.
func (s *Service) mintSubject(m MintRequest) (subject, error) {
	sub := subject{lifetime: m.ExpiresIn}
	if sub.lifetime <= 0 {
		sub.lifetime = s.tokenLifetime()
	}
	if err := s.mintParty(m, &sub); err != nil {
		return sub, err
	}
	home := s.dir.tenantByID(sub.at.id)
	name := home.API
	switch {
	case m.Teams:
		name = s.dir.Teams
	case m.Flaw == flawGraph:
		name = s.dir.Graph
	}
	if sub.resource = s.dir.resource(name); sub.resource == nil {
		return sub, fmt.Errorf("entra: tenant %s has no API", home.ID)
	}
	sub.audience, sub.version = sub.resource.URIs[0], sub.resource.Version
	switch m.Version {
	case "":
	case "1.0", "2.0":
		sub.version = m.Version
	default:
		return sub, fmt.Errorf("entra: unknown token version %q, want 1.0 or 2.0", m.Version)
	}
	sub.app = s.mintClient(m, home)
	if sub.scopes = m.Scopes; sub.scopes == nil && !m.AppOnly {
		sub.scopes = s.dir.app(home.Client).Delegated[sub.resource.ID]
	}
	return sub, nil
}

// mintParty finds the tenant of the token and its user, if there is one. The first user of a tenant is the default.
func (s *Service) mintParty(m MintRequest, sub *subject) error {
	t, ok := s.dir.tenant(cmp.Or(m.Tenant, s.dir.TenantID))
	if !ok || t.common() {
		return fmt.Errorf("entra: no tenant %q", m.Tenant)
	}
	if !m.AppOnly {
		if sub.user = s.mintUser(m, t); sub.user == nil {
			return fmt.Errorf("entra: no user %q", m.User)
		}
		t, _ = s.dir.tenant(sub.user.TenantID)
	}
	known := s.dir.tenantByID(t.id).Policies
	i := slices.IndexFunc(known, func(p string) bool { return strings.EqualFold(p, m.Policy) })
	if i >= 0 {
		t.policy = known[i]
	} else if m.Policy != "" {
		return fmt.Errorf("entra: tenant %s has no policy %q", t.id, m.Policy)
	}
	sub.at = t
	return nil
}

// mintUser finds the user, in the tenant if one is named.
func (s *Service) mintUser(m MintRequest, t tenant) *User {
	switch {
	case m.User != "" && m.Tenant == "":
		return s.dir.user(m.User)
	case m.User != "":
		return s.dir.userIn(t.id, m.User)
	}
	for _, u := range s.dir.allUsers() {
		if u.TenantID == t.id {
			return u
		}
	}
	return nil
}

// mintClient finds the client. An id that is not registered is taken as a foreign public client.
func (s *Service) mintClient(m MintRequest, home Tenant) *App {
	id := m.Client
	switch {
	case id == "" && m.AppOnly && home.Kind == Workforce:
		id = s.dir.DefaultDaemon
	case id == "":
		id = home.Client
	}
	if app := s.dir.app(id); app != nil {
		return app
	}
	return &App{ID: strings.ToLower(id), TenantID: home.ID, ObjectID: newGUID(), Name: "unregistered client", Public: true}
}

// damage changes the signature of a token.
func damage(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	c := byte('A')
	if token[i] == c {
		c = 'B'
	}
	return token[:i] + string(c) + token[i+1:]
}

// wrongToken is a token about to be signed.
type wrongToken struct {
	service        *Service
	subject        subject
	key            *signingKey
	header         header
	claims         emu.Claims
	breakSignature bool
	err            error
}

// flawGraph asks for a Microsoft Graph token.
const flawGraph = "graph"

// flaws are the ways in which a scripted token can be wrong.
var flaws = map[string]func(*wrongToken){
	"":            func(*wrongToken) {},
	flawGraph:     func(*wrongToken) {},
	"expired":     func(w *wrongToken) { w.shift(-w.subject.lifetime - time.Hour) },
	"notYetValid": func(w *wrongToken) { w.shift(time.Hour) },
	"longLived":   func(w *wrongToken) { w.claims["exp"] = w.claims["iat"].(int64) + int64(30*24*time.Hour/time.Second) },
	"audience":    func(w *wrongToken) { w.claims["aud"] = "api://another-api" },
	"issuer": func(w *wrongToken) {
		w.claims["iss"] = w.service.Base() + ".evil.example/" + w.service.tenantFor(w.subject).id + "/v2.0"
	},
	"tenant":     (*wrongToken).foreignTenant,
	"idToken":    (*wrongToken).idToken,
	"idClaims":   func(w *wrongToken) { w.claims["nonce"], w.claims["at_hash"] = newGUID(), randomText(22) },
	"appOnly":    func(w *wrongToken) { w.claims["idtyp"] = "app" },
	"noScope":    (*wrongToken).noScope,
	"noObjectID": func(w *wrongToken) { delete(w.claims, "oid") },
	"noTenantID": func(w *wrongToken) { delete(w.claims, "tid") },
	"unknownKey": (*wrongToken).unknownKey,
	"foreignKey": (*wrongToken).foreignKey,
	"signature":  func(w *wrongToken) { w.breakSignature = true },
	"algNone":    func(w *wrongToken) { w.header.Alg = "none" },
	"algHS256":   func(w *wrongToken) { w.header.Alg = "HS256" },
	"noKeyID":    func(w *wrongToken) { w.header.Kid, w.header.X5t = "", "" },
}

// shift moves all times.
func (w *wrongToken) shift(d time.Duration) {
	for _, name := range []string{"iat", "nbf", "exp"} {
		w.claims[name] = w.claims[name].(int64) + int64(d/time.Second)
	}
}

// foreignTenant makes a consistent token of another tenant, with a user who is not there.
func (w *wrongToken) foreignTenant() {
	tid := w.service.dir.OtherTenantID
	w.claims["tid"], w.claims["iss"] = tid, w.service.issuerV2(tid)
	if w.subject.version == "1.0" {
		w.claims["iss"] = w.service.issuerV1(tid)
	}
}

// noScope takes all rights away: with its app roles left, the token would be one of a program.
func (w *wrongToken) noScope() {
	delete(w.claims, "scp")
	delete(w.claims, "roles")
}

// foreignKey signs with a key that is not published, under the name of one that is.
func (w *wrongToken) foreignKey() {
	key, err := w.service.keys.foreign()
	if w.err = err; err == nil {
		w.key = key
	}
}

// unknownKey signs with a key that is not published, under its own name.
func (w *wrongToken) unknownKey() {
	w.foreignKey()
	w.header.Kid = w.key.kid
	if w.header.X5t != "" {
		w.header.X5t = w.key.kid
	}
}

// idToken turns the claims into those of an id_token for the client.
func (w *wrongToken) idToken() {
	for _, name := range []string{"scp", "azp", "azpacr", "appid", "appidacr", "acct"} {
		delete(w.claims, name)
	}
	w.claims["aud"], w.claims["ver"], w.claims["nonce"] = w.subject.app.ID, "2.0", newGUID()
	w.claims["iss"] = w.service.issuerV2(w.service.tenantFor(w.subject).id)
	w.header.X5t = ""
}
