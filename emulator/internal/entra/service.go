package entra

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

const (
	codeLifetime    = 10 * time.Minute
	sessionLifetime = 24 * time.Hour
	spaLifetime     = 24 * time.Hour // of a refresh token of a public browser client, not extended by use
	refreshLifetime = 90 * 24 * time.Hour
	vaultLimit      = 10_000
)

// Options configures a [Service].
type Options struct {
	Directory     *Directory
	Now           func() time.Time
	Log           *slog.Logger
	TokenLifetime time.Duration // 0: a random time from 60 to 90 minutes, as Entra does
	DevicePoll    time.Duration // how often a device may ask, in whole seconds from 1 s to 1 min; 0: 5 s
	Loose         bool          // takes what Entra refuses: see loose.go
}

// Service is the emulated Entra ID.
type Service struct {
	dir      *Directory
	now      func() time.Time
	log      *slog.Logger
	lifetime time.Duration
	base     atomic.Pointer[string]
	keys     *keyring // of the workforce tenants
	rings    rings    // of the others
	issued   emu.Ring[IssuedToken]
	codes    *vault[code]
	refresh  *vault[refreshGrant]
	sessions *vault[session]
	counts   *counts
	origin   *http.CrossOriginProtection

	flow *flowState
}

// New makes the service and its signing keys.
func New(o Options) (*Service, error) {
	keys, err := newKeyring()
	if err != nil {
		return nil, err
	}
	keys.now = o.Now
	return newService(o, keys), nil
}

// newService makes the service with the keys of the workforce tenants.
func newService(o Options, keys *keyring) *Service {
	s := &Service{
		dir: o.Directory, now: o.Now, log: o.Log, lifetime: o.TokenLifetime, keys: keys,
		rings:    rings{made: make(map[string]*keyring)},
		codes:    newVault[code](vaultLimit),
		refresh:  newVault[refreshGrant](vaultLimit),
		sessions: newVault[session](vaultLimit),
		counts:   newCounts(),
		origin:   http.NewCrossOriginProtection(),
		flow:     newFlowState(o),
	}
	s.SetBase("http://emulator.invalid")
	return s
}

// SetBase sets the canonical base URL: scheme and host, no trailing slash. Issuers are built from it.
func (s *Service) SetBase(base string) { s.base.Store(&base) }

// Base is the canonical base URL.
func (s *Service) Base() string { return *s.base.Load() }

// RotateKeys starts to sign with the next key. With drop, tokens of the keys used so far stop to verify.
func (s *Service) RotateKeys(drop bool) error {
	s.counts.add("keys.rotate")
	return s.rotateAll(drop)
}

// Counters returns how often each thing happened.
func (s *Service) Counters() map[string]int64 { return s.counts.all() }

// Reset ends sessions, codes and refresh tokens, removes users and applications that were added, and clears the counters
// and the list of tokens. Signing keys stay.
func (s *Service) Reset() {
	s.dir.registered().reset(s.dir)
	s.issued.Replace(nil)
	s.codes.clear()
	s.refresh.clear()
	s.sessions.clear()
	s.counts.clear()
	s.flow.reset()
}

func (s *Service) issuerV2(tid string) string { return s.Base() + "/" + tid + "/v2.0" }
func (s *Service) issuerV1(tid string) string { return s.Base() + "/sts/" + tid + "/" }

// tokenLifetime is the lifetime of the next access token.
func (s *Service) tokenLifetime() time.Duration {
	if s.lifetime > 0 {
		return s.lifetime
	}
	return time.Hour + rand.N(30*time.Minute).Truncate(time.Second)
}

// route is one endpoint below a tenant.
type route struct {
	methods string // space separated, GET includes HEAD
	cors    bool
	serve   func(s *Service, w http.ResponseWriter, r *http.Request, t tenant)
}

// routes are the endpoints by lower-case path below the tenant.
var routes = map[string]route{
	"/v2.0/.well-known/openid-configuration": {"GET", true, (*Service).discoverV2},
	"/.well-known/openid-configuration":      {"GET", true, (*Service).discoverV1},
	"/discovery/v2.0/keys":                   {"GET", true, (*Service).keysV2},
	"/discovery/keys":                        {"GET", true, (*Service).keysV1},
	"/discovery/instance":                    {"GET", true, (*Service).discoverInstance},
	"/oauth2/v2.0/authorize":                 {"GET POST", false, (*Service).authorize},
	"/oauth2/v2.0/token":                     {"POST", true, (*Service).token},
	"/oauth2/v2.0/logout":                    {"GET POST", false, (*Service).logout},
	"/login":                                 {"POST", false, (*Service).login},
	"/oauth2/v2.0/devicecode":                {"POST", false, (*Service).deviceCode},
	"/oauth2/token":                          {"POST", true, (*Service).tokenV1},
	"/adminconsent":                          {"GET", false, (*Service).adminConsent},
	"/v2.0/adminconsent":                     {"GET", false, (*Service).adminConsent},
	"/consent":                               {"POST", false, (*Service).adminConsentForm},
}

// ServeHTTP answers /{tenant}/... paths. Paths are matched without regard to case: MSAL.js lower-cases its authority.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setCommonHeaders(w, r)
	if s.serveRoot(w, r) {
		return
	}
	t, rest, unknown := s.locate(r)
	r = withTenant(r, t)
	rt, ok := routes[strings.ToLower("/"+rest)]
	if !ok || t.kind == B2C && !atB2C(rest) {
		http.NotFound(w, r)
		return
	}
	if rt.cors && answerCORS(w, r, rt.methods) {
		return
	}
	if !allowed(rt.methods, r.Method) {
		w.Header().Set("Allow", strings.ReplaceAll(rt.methods, " ", ", "))
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if unknown != "" {
		s.writeError(w, r, unknownTenant(unknown))
		return
	}
	if t.needsPolicy() {
		s.writeError(w, r, fail(90022, "Unable to return metadata for the policy '%s' in tenant '%s'.", clip(r.URL.Query().Get("p")), t.id))
		return
	}
	rt.serve(s, w, r, t)
}

// allowed reports whether a route has the method.
func allowed(methods, method string) bool {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for m := range strings.FieldsSeq(methods) {
		if m == method {
			return true
		}
	}
	return false
}
