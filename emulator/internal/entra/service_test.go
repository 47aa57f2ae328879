package entra

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// The ids of the small world of these tests.
const (
	tidA   = "00000000-0000-4000-8000-00000000000a"
	tidB   = "00000000-0000-4000-8000-00000000000b"
	tidC   = "00000000-0000-4000-8000-00000000000c"
	apiID  = "00000000-0000-4000-8000-0000000000a1"
	webID  = "00000000-0000-4000-8000-0000000000a2"
	graphA = "00000003-0000-0000-c000-000000000000"
	b2cAPI = "00000000-0000-4000-8000-0000000000b1"
	b2cWeb = "00000000-0000-4000-8000-0000000000b2"
)

// sharedKeys are the keys of all services of these tests: making them is the slow part.
var sharedKeys = sync.OnceValue(func() *keyring {
	k, err := newKeyring()
	if err != nil {
		panic(err)
	}
	return k
})

func oid(n string) string { return "00000000-0000-4000-8000-0000000000" + n }

func person(name, id, tid, domain string) User {
	return User{User: emu.User{ObjectID: id, TenantID: tid, UPN: name + "@" + domain, Mail: name + "@" + domain, DisplayName: name},
		Name: name, HomeObjectID: id, HomeTenantID: tid}
}

// newTestService makes a service of two workforce tenants and a B2C tenant, whose clock is the pointer's.
func newTestService(now *time.Time) *Service {
	ann := person("ann", oid("11"), tidA, "a.example")
	ann.Groups, ann.Roles = []string{oid("f1")}, map[string][]string{apiID: {"Boss"}}
	d := &Directory{
		TenantID: tidA, Domain: "a.example", OtherTenantID: tidB, API: apiID, DefaultClient: webID, DefaultDaemon: apiID, Graph: graphA,
		Tenants: []Tenant{
			{ID: tidB, Domain: "b.example", API: apiID, Client: webID},
			{ID: tidC, Domain: "c.example", Kind: B2C, API: b2cAPI, Client: b2cWeb, Policies: []string{"B2C_1_in"}},
		},
		Users:     []User{ann},
		MoreUsers: []User{person("ben", oid("21"), tidB, "b.example"), person("cat", oid("31"), tidC, "c.example")},
		Apps: []App{
			{ID: apiID, TenantID: tidA, MultiTenant: true, ObjectID: oid("51"), Name: "api", Secret: "s"},
			{ID: webID, TenantID: tidA, MultiTenant: true, ObjectID: oid("52"), Name: "web", Public: true, Loopback: true,
				Delegated: map[string][]string{apiID: {"use"}, graphA: {"User.Read"}}},
			{ID: b2cWeb, TenantID: tidC, ObjectID: oid("53"), Name: "b2c", Public: true, Loopback: true, Delegated: map[string][]string{b2cAPI: {"use"}}},
		},
		Resources: []Resource{
			{ID: apiID, TenantID: tidA, MultiTenant: true, URIs: []string{"api://api"}, Version: "2.0", Scopes: []string{"use"}, Roles: []string{"Boss"},
				Groups: true, Claims: []OptionalClaim{{Name: "acct"}}},
			{ID: graphA, URIs: []string{"https://graph.microsoft.com"}, Version: "1.0", Nonce: true, Scopes: []string{"User.Read"}},
			{ID: b2cAPI, TenantID: tidC, URIs: []string{"https://c.example/api"}, Version: "2.0", Scopes: []string{"use"}},
		},
	}
	k := sharedKeys()
	clock := func() time.Time { return *now }
	s := newService(Options{Directory: d, Now: clock, Log: slog.New(slog.DiscardHandler)}, &keyring{keys: k.keys, foreign: k.foreign, now: clock})
	s.rings.made[tidC+"/b2c_1_in"] = &keyring{keys: k.keys, foreign: k.foreign, now: clock}
	return s
}

func at2026() *time.Time {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	return &now
}

// call makes a request to the service.
func call(s *Service, method, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// authorized signs a user in at a tenant and returns the code.
func authorized(t *testing.T, s *Service, segment, client, scope, user string) string {
	t.Helper()
	const challenge = "KNczEurq67rF28NySvSIcG9G500QgPaoK2MO-TTWuoc" // base64url of the SHA-256 of pkceVerifier
	query := url.Values{"client_id": {client}, "response_type": {"code"}, "redirect_uri": {"http://localhost/"}, "scope": {scope},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	w := call(s, "POST", "/"+segment+"/login?"+query.Encode(), url.Values{"user": {user}})
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || u.Query().Get("code") == "" {
		t.Fatalf("no code: %d %q %s", w.Code, u, w.Body)
	}
	return u.Query().Get("code")
}

const pkceVerifier = "a-code-verifier-that-is-long-enough-for-rfc-7636"

// claimsOf decodes the claims of a token without looking at the signature.
func claimsOf(t *testing.T, token string) emu.Claims {
	t.Helper()
	var c emu.Claims
	if parts := strings.Split(token, "."); len(parts) != 3 || decodeSegment(parts[1], &c) != nil {
		t.Fatalf("no token: %.20q", token)
	}
	return c
}

func answerOf(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return v
}

// tokens redeems a code for a user.
func tokens(t *testing.T, s *Service, segment, client, scope, user string) map[string]any {
	t.Helper()
	return answerOf(t, call(s, "POST", "/"+segment+"/oauth2/v2.0/token", url.Values{
		"grant_type": {grantCode}, "client_id": {client}, "code": {authorized(t, s, segment, client, scope, user)},
		"redirect_uri": {"http://localhost/"}, "code_verifier": {pkceVerifier}, "scope": {scope},
	}))
}
