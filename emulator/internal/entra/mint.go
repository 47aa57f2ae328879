package entra

import (
	"fmt"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// MintRequest describes a scripted token; see TokenRequest of the emulator.
type MintRequest struct {
	User      string
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
	key := s.keys.current()
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
	return token, sub.lifetime, err
}

// mintSubject resolves the names in the request.
func (s *Service) mintSubject(m MintRequest) (subject, error) {
	name := s.dir.API
	switch {
	case m.Teams:
		name = s.dir.Teams
	case m.Flaw == flawGraph:
		name = s.dir.Graph
	}
	resource := s.dir.resource(name)
	sub := subject{resource: resource, audience: resource.URIs[0], version: resource.Version, lifetime: m.ExpiresIn}
	if sub.lifetime <= 0 {
		sub.lifetime = s.tokenLifetime()
	}
	switch m.Version {
	case "":
	case "1.0", "2.0":
		sub.version = m.Version
	default:
		return sub, fmt.Errorf("entra: unknown token version %q, want 1.0 or 2.0", m.Version)
	}
	sub.app = s.mintClient(m)
	if m.AppOnly {
		return sub, nil
	}
	if sub.user = s.mintUser(m.User); sub.user == nil {
		return sub, fmt.Errorf("entra: no user %q", m.User)
	}
	if sub.scopes = m.Scopes; sub.scopes == nil {
		sub.scopes = s.dir.app(s.dir.DefaultClient).Delegated[resource.ID]
	}
	return sub, nil
}

// mintUser finds the user; the first one is the default.
func (s *Service) mintUser(name string) *User {
	if name == "" {
		return &s.dir.Users[0]
	}
	return s.dir.user(name)
}

// mintClient finds the client. An id that is not registered is taken as a foreign public client.
func (s *Service) mintClient(m MintRequest) *App {
	id := m.Client
	switch {
	case id == "" && m.AppOnly:
		id = s.dir.DefaultDaemon
	case id == "":
		id = s.dir.DefaultClient
	}
	if app := s.dir.app(id); app != nil {
		return app
	}
	return &App{ID: strings.ToLower(id), ObjectID: newGUID(), Name: "unregistered client", Public: true}
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
		w.claims["iss"] = w.service.Base() + ".evil.example/" + w.service.dir.TenantID + "/v2.0"
	},
	"tenant":     (*wrongToken).foreignTenant,
	"idToken":    (*wrongToken).idToken,
	"idClaims":   func(w *wrongToken) { w.claims["nonce"], w.claims["at_hash"] = newGUID(), randomText(22) },
	"appOnly":    func(w *wrongToken) { w.claims["idtyp"] = "app" },
	"noScope":    func(w *wrongToken) { delete(w.claims, "scp") },
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

// foreignTenant makes a consistent token of a tenant that is not here, with a key that is.
func (w *wrongToken) foreignTenant() {
	tid := w.service.dir.OtherTenantID
	w.claims["tid"], w.claims["iss"] = tid, w.service.issuerV2(tid)
	if w.subject.version == "1.0" {
		w.claims["iss"] = w.service.issuerV1(tid)
	}
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
	w.claims["iss"] = w.service.issuerV2(w.service.dir.TenantID)
	w.header.X5t = ""
}
