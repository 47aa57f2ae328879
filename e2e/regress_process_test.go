package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// expect sends a request and fails unless it is refused with the code; "" stands for success.
func (s *target) expect(t *testing.T, name, code string, m message) answer {
	t.Helper()
	w := &wire{addr: s.addr}
	defer w.close()
	a, err := w.send(m.String())
	switch {
	case err != nil:
		t.Errorf("%s: %v", name, err)
	case code == "" && a.status >= 300:
		t.Errorf("%s: %s", name, a)
	case code != "":
		if f := refused(code).fault(a); f != "" {
			t.Errorf("%s: %s", name, f)
		}
	}
	return a
}

// at finds a route.
func (s *target) at(method, path string) route {
	for _, r := range s.routes {
		if r.method == method && r.path == path {
			return r
		}
	}
	return route{method: method, path: path}
}

func (s *target) getUser() route  { return s.at("GET", "/getUser") }
func (s *target) getToken() route { return s.at("GET", "/getToken") }

// as expects a code for a bearer token at /getUser.
func (s *target) as(t *testing.T, name, code, token string) answer {
	t.Helper()
	return s.expect(t, name, code, s.message(s.getUser(), token))
}

// report fails for every wrong answer.
func (r *scores) report(t *testing.T) {
	t.Helper()
	n := 0
	for class, faults := range r.faults {
		for _, f := range faults[:min(10, len(faults))] {
			t.Errorf("%c %s", class, f)
		}
	}
	for _, c := range r.of {
		n += c.requests
	}
	if n == 0 {
		t.Error("no request was sent")
	}
	t.Logf("%d requests", n)
}

func (s *target) fire(t *testing.T, cases []attack.Case) {
	t.Helper()
	result := newScores()
	s.quiet(t, "refused", func() { s.fireBad(result, cases) })
	s.fireGood(result, cases)
	result.report(t)
}

func corpusOf(class byte) func(*testing.T, *target) { return casesNamed(class, "") }

// casesNamed fires the cases of a class whose name has one of the words.
func casesNamed(class byte, words ...string) func(*testing.T, *target) {
	return func(t *testing.T, s *target) {
		var some []attack.Case
		for _, c := range s.world.Cases() {
			for _, word := range words {
				if c.Class == class && strings.Contains(c.Name, word) {
					some = append(some, c)
					break
				}
			}
		}
		s.fire(t, some)
	}
}

func teamsNamed(word string) func(*testing.T, *target) {
	return func(t *testing.T, s *target) {
		for _, c := range s.world.TeamsCases() {
			if strings.HasPrefix(c.Name, word) {
				r := s.at("POST", "/exchangeToken")
				s.expect(t, c.Name, c.Want, s.message(r, s.good(r)).without(teamsField).with(teamsField+": "+s.world.Bad(c)))
			}
		}
	}
}

func exchangeMatrix(t *testing.T, s *target) {
	result := newScores()
	s.fireExchange(t, result)
	result.report(t)
}

func encryptedTokens(t *testing.T, s *target) {
	result := newScores()
	s.fireWycheproof(t, result)
	result.report(t)
}

func oddTokens(t *testing.T, s *target) {
	corpusOf('A')(t, s)
	corpusOf('C')(t, s)
	s.health(t)
}

// inB makes a token one of the other tenant, with one of its keys.
func (s *target) inB() attack.Edit {
	return attack.All(attack.Set("tid", attack.TenantB), attack.Set("iss", s.world.V2Issuer(attack.TenantB)), attack.By(attack.Ring()[2]))
}

// crossedKeys: R-01.
func crossedKeys(t *testing.T, s *target) {
	same, keys := attack.HSet("kid", "same"), attack.Ring()
	good := func() {
		s.as(t, "A", "", attack.Mint(s.world.V2(), same))
		s.as(t, "B", "", attack.Mint(s.world.V2(), s.inB(), same))
		s.as(t, "A, v1", "", attack.Mint(s.world.V1(), same))
	}
	bad := func() {
		s.as(t, "A with the key of B", "token_signature", attack.Mint(s.world.V2(), same, attack.By(keys[2])))
		s.as(t, "B with the key of A", "token_signature", attack.Mint(s.world.V2(), s.inB(), same, attack.By(keys[0])))
		s.as(t, "v2 with the key of v1", "token_signature", attack.Mint(s.world.V2(), same, attack.By(keys[1])))
		s.as(t, "v1 with the key of v2", "token_signature", attack.Mint(s.world.V1(), same, attack.By(keys[0])))
	}
	bad()
	good()
	bad()
	good()
}

// foreignTenants: R-02.
func foreignTenants(t *testing.T, s *target) {
	for _, tenant := range []string{attack.TenantX, attack.Consumers, "common", "organizations"} {
		s.as(t, tenant, "token_tenant", attack.Mint(s.world.V2(), attack.Set("tid", tenant), attack.Set("iss", s.world.V2Issuer(tenant))))
	}
	s.as(t, "key for personal accounts", "token_key_unknown", attack.Mint(s.world.V2(), attack.HSet("kid", "consumer")))
	s.as(t, "the good one", "", s.good(s.getUser()))
}

// signedByAnother: R-09.
func signedByAnother(t *testing.T, s *target) {
	v1Issuer := attack.Set("iss", "https://sts.windows.net/"+attack.TenantA+"/")
	s.as(t, "v1 issuer, v2 key", "token_version", attack.Mint(s.world.V2(), v1Issuer))
	s.as(t, "v2 token of B with the key of A", "token_signature", attack.Mint(s.world.V2(), s.inB(), attack.By(attack.Ring()[0])))
	s.as(t, "v1 token of A with the v1 key of B", "token_signature", attack.Mint(s.world.V1(), attack.By(attack.Ring()[3])))
	s.as(t, "the good one", "", attack.Mint(s.world.V1()))
}

// canary counts connections that nobody may make.
func canary(t *testing.T) (url string, hits *atomic.Int64) {
	t.Helper()
	hits = new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(srv.Close)
	return srv.URL, hits
}

// addressesInTokens: R-10.
func addressesInTokens(t *testing.T, s *target) {
	url, hits := canary(t)
	for _, name := range []string{"jku", "x5u"} {
		s.as(t, name, "token_invalid", attack.Mint(s.world.V2(), attack.HSet(name, url)))
	}
	s.as(t, "kid", "token_invalid", attack.Mint(s.world.V2(), attack.HSet("kid", url)))
	for _, iss := range []string{url, url + "/" + attack.TenantA + "/v2.0", url + "/" + attack.TenantA + "/"} {
		s.as(t, "iss", "token_issuer", attack.Mint(s.world.V2(), attack.Set("iss", iss)))
	}
	for _, claim := range []string{"jwks_uri", "jku", "endpoint", "_claim_sources", "token_endpoint"} {
		s.as(t, claim, "", attack.Mint(s.world.V2(), attack.Set(claim, url)))
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// refresh makes the server load its keys now, by a key that it does not know. It has a few such loads a minute, so
// this is for servers of their own.
func (s *target) refresh(t *testing.T, kid string) {
	t.Helper()
	s.as(t, "unknown key", "token_key_unknown", attack.Mint(s.world.V2(), attack.HSet("kid", kid)))
}

// redirectedKeys: R-11. A server of its own, since the loads for unknown keys are counted.
func redirectedKeys(t *testing.T, _ *target) {
	for _, where := range []string{"openid-configuration", "/keys"} {
		for _, status := range []int{301, 302, 307, 308} {
			s := startTarget(t, nil)
			evil := attack.NewAuthority(attack.World{Host: s.world.Host})
			other := httptest.NewServer(evil)
			s.authority.Hook(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, where) {
					return false
				}
				http.Redirect(w, r, other.URL+r.URL.Path, status)
				return true
			})
			s.refresh(t, "stray")
			if n, _ := evil.Fetches(); n != 0 {
				t.Errorf("%s, %d: %d requests to the other host", where, status, n)
			}
			s.as(t, "the old key", "", s.good(s.getUser()))
			s.kill()
			other.Close()
		}
	}
}

// removedKey: R-18.
func removedKey(t *testing.T, _ *target) {
	s := startTarget(t, nil)
	s.as(t, "before", "", s.good(s.getUser()))
	keys := s.world.KeySets()[attack.TenantA]
	s.authority.Publish(s.world, attack.TenantA, attack.KeySet{V2: []map[string]any{s.world.V2Key("next", attack.Ring()[2])}, V1: keys.V1})
	s.as(t, "the new key", "", attack.Mint(s.world.V2(), attack.HSet("kid", "next"), attack.By(attack.Ring()[2])))
	s.as(t, "the removed key", "token_key_unknown", s.good(s.getUser()))
	s.as(t, "the removed key, again", "token_key_unknown", s.good(s.getUser()))
}

// instead has a function answer in the place of ACS while f runs.
func (s *target) instead(acs http.HandlerFunc, f func()) {
	s.acsHook.Store(&acs)
	defer s.acsHook.Store(nil)
	f()
}

// fresh is a token of a user who has no identity yet.
func (s *target) fresh(n int) string {
	return attack.Mint(s.world.V2(), attack.Set("oid", fmt.Sprintf("f5e50000-0000-4000-8000-%012d", n)))
}

// foreignRealm: R-12.
func foreignRealm(t *testing.T, _ *target) {
	s := startTarget(t, nil) // after a refusal by ACS a server makes no identity for a while
	url, hits := canary(t)
	s.instead(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="x",authorization_uri=%q`, url, url))
		w.Header().Set("Location", url)
		w.WriteHeader(http.StatusUnauthorized)
	}, func() { s.refusedUpstream(t, s.fresh(12), "") })
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests to the realm", n)
	}
}

// refusedUpstream expects an answer of class 5xx that says nothing of what the upstream said.
func (s *target) refusedUpstream(t *testing.T, token, secret string) {
	t.Helper()
	w := &wire{addr: s.addr}
	defer w.close()
	a, err := w.send(s.message(s.getUser(), token).String())
	if err != nil || a.status < 500 || !a.isProblem() {
		t.Errorf("%s, %v", a, err)
	}
	if secret != "" && strings.Contains(string(a.body)+fmt.Sprint(a.header), secret) {
		t.Errorf("the answer of the upstream is in ours: %s", a)
	}
}

// redirectedACS: R-27.
func redirectedACS(t *testing.T, _ *target) {
	s := startTarget(t, nil) // after a refusal by ACS a server makes no identity for a while
	url, hits := canary(t)
	for i, status := range []int{301, 302, 303, 307, 308} {
		s.instead(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url+r.URL.Path, status) },
			func() { s.refusedUpstream(t, s.fresh(270+i), "") })
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests to the second host", n)
	}
}

// upstreamTexts: R-47.
func upstreamTexts(t *testing.T, _ *target) {
	s := startTarget(t, nil) // after a refusal by ACS a server makes no identity for a while
	const secret = "accesskey-c0ffee-c0ffee"
	for i, status := range []int{400, 401, 403, 404, 500, 503} {
		s.instead(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":{"code":"Denied","message":%q}}`, secret)
		}, func() { s.refusedUpstream(t, s.fresh(470+i), secret) })
	}
}

// routesInPairs: R-16. The token of one kind of route is taken there, and then not by a route of the other kind.
func routesInPairs(t *testing.T, s *target) {
	scopeOnly, roleOnly := s.good(s.getUser()), attack.Mint(s.world.V2(), adminRoles, attack.Set("scp", "User.Read"))
	n := 0
	for _, first := range s.routes {
		for _, second := range s.routes {
			if first.admin == second.admin {
				continue
			}
			token, code := scopeOnly, "admin_role"
			if first.admin {
				token, code = roleOnly, "token_scope"
			}
			w := &wire{addr: s.addr}
			a, err := w.send(s.message(first, token).String())
			if err != nil || !passed(a) {
				t.Errorf("%s: %s, %v", first, a, err)
			}
			s.expect(t, fmt.Sprintf("%s, then %s", first, second), code, s.message(second, token))
			w.close()
			n++
		}
	}
	t.Logf("%d ordered pairs", n)
}

// identity is who a token stands for.
func (s *target) identity(t *testing.T, token string) string {
	t.Helper()
	var u user
	if status, err := call("POST", s.Server+"/getUser", token, nil, &u); err != nil || status > 201 {
		t.Errorf("getUser: %d, %v", status, err)
	}
	return u.Identity
}

// equalNames: R-24.
func equalNames(t *testing.T, s *target) {
	names := attack.All(attack.Set("email", "same@contoso.com"), attack.Set("upn", "same@contoso.com"), attack.Set("preferred_username", "same@contoso.com"), attack.Set("sub", "same"))
	a := s.identity(t, attack.Mint(s.world.V2(), names, attack.Set("oid", "24000000-0000-4000-8000-000000000001")))
	b := s.identity(t, attack.Mint(s.world.V2(), names, attack.Set("oid", "24000000-0000-4000-8000-000000000002")))
	if a == b || a == "" {
		t.Errorf("two users have the identity %s", a)
	}
}

// sameOIDInTwoTenants: R-32.
func sameOIDInTwoTenants(t *testing.T, s *target) {
	oid := attack.Set("oid", "32000000-0000-4000-8000-000000000001")
	a := s.identity(t, attack.Mint(s.world.V2(), oid))
	b := s.identity(t, attack.Mint(s.world.V2(), oid, s.inB()))
	v1 := s.identity(t, attack.Mint(s.world.V1(), oid))
	if a == b || a == "" || v1 != a {
		t.Errorf("identities %q, %q in the other tenant, %q by v1", a, b, v1)
	}
}

// lifetimeAndRevoke: R-50.
func lifetimeAndRevoke(t *testing.T, s *target) {
	var asked atomic.Pointer[string]
	var revoked atomic.Int64
	token := attack.Mint(s.world.V2(), attack.Set("oid", "50000000-0000-4000-8000-000000000001"))
	s.identity(t, token)
	watch := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ":issueAccessToken") {
			b, _ := io.ReadAll(r.Body)
			text := string(b)
			asked.Store(&text)
			r.Body = io.NopCloser(strings.NewReader(text))
		}
		if strings.HasSuffix(r.URL.Path, ":revokeAccessTokens") {
			revoked.Add(1)
		}
		s.backend.ServeHTTP(w, r)
	}
	s.instead(watch, func() {
		s.expect(t, "token", "", s.message(s.getToken(), token))
		r := s.at("POST", "/revokeTokens")
		s.expect(t, "revoke", "", s.message(r, token))
	})
	var in struct {
		Minutes int `json:"expiresInMinutes"`
	}
	if p := asked.Load(); p == nil || json.Unmarshal([]byte(*p), &in) != nil || in.Minutes != 60 {
		t.Errorf("asked for %v", p)
	}
	if revoked.Load() != 1 {
		t.Errorf("%d revocations", revoked.Load())
	}
}
