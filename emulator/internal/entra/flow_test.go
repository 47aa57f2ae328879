package entra

import (
	"encoding/json"
	"html"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

const (
	testTenant   = "11111111-0000-4000-8000-000000000001"
	testAPI      = "11111111-0000-4000-8000-0000000000a1"
	testSPA      = "11111111-0000-4000-8000-0000000000a2"
	testFresh    = "11111111-0000-4000-8000-0000000000a6" // registered with permissions that have no consent yet
	testNative   = "11111111-0000-4000-8000-0000000000a7" // public, and used by devices
	testGraph    = "11111111-0000-4000-8000-0000000000b1"
	testACS      = "11111111-0000-4000-8000-0000000000b2"
	testSecret   = "secret-of-the-test"
	testBack     = "http://localhost:3000/back"
	testWeb      = "https://app.example/back"
	flowVerifier = "a-code-verifier-that-is-long-enough-for-rfc-7636"
	testBase     = "http://emulator.invalid"
	testScope    = "api://" + testAPI + "/access_as_user"
)

func testDirectory() *Directory {
	user := func(name, oid string) User {
		upn := name + "@test.example"
		return User{User: emu.User{ObjectID: oid, TenantID: testTenant, UPN: upn, Mail: upn, DisplayName: name},
			Name: name, HomeObjectID: oid, HomeTenantID: testTenant}
	}
	return &Directory{
		TenantID: testTenant, Domain: "test.example", API: testAPI, DefaultClient: testSPA, DefaultDaemon: testAPI, Graph: testGraph, Teams: testACS,
		Users: []User{user("alice", "11111111-0000-4000-8000-00000000a11c"), user("bob", "11111111-0000-4000-8000-000000000b0b")},
		Apps: []App{
			{ID: testAPI, TenantID: testTenant, ObjectID: "11111111-0000-4000-8000-0000000005a1", Name: "API", Secret: testSecret, RedirectURIs: []string{testWeb},
				Delegated: map[string][]string{testGraph: {"User.Read"}}, FrontChannel: "https://api.example/frontchannel?a=b"},
			{ID: testSPA, TenantID: testTenant, ObjectID: "11111111-0000-4000-8000-0000000005a2", Name: "SPA", Public: true, Loopback: true,
				Delegated: map[string][]string{testGraph: {"User.Read"}, testAPI: {"access_as_user"}}},
			{ID: testFresh, TenantID: testTenant, ObjectID: "11111111-0000-4000-8000-0000000005a6", Name: "Fresh", Secret: testSecret, RedirectURIs: []string{testWeb},
				Requested:      map[string][]string{testGraph: {"User.Read", "User.ReadWrite.All"}},
				RequestedRoles: map[string][]string{testGraph: {"User.Read.All"}}},
			{ID: testNative, TenantID: testTenant, ObjectID: "11111111-0000-4000-8000-0000000005a7", Name: "Native", Public: true, Loopback: true,
				Requested: map[string][]string{testGraph: {"User.Read", "User.ReadWrite.All"}}},
		},
		Resources: []Resource{
			{ID: testAPI, TenantID: testTenant, URIs: []string{"api://" + testAPI}, Version: "2.0", Scopes: []string{"access_as_user"}},
			{ID: testGraph, URIs: []string{"https://graph.microsoft.com"}, Version: "1.0", Nonce: true, Scopes: []string{"User.Read", "User.ReadWrite.All"}},
			{ID: testACS, URIs: []string{"https://communication.azure.com"}, Version: "1.0"},
		},
	}
}

// testClock is a clock that tests move.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a service and its clock. Tests share it one after another: keys are the slow part.
type world struct {
	*Service
	clock *testClock
}

var sharedWorld = sync.OnceValue(func() world {
	clock := &testClock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	s, err := New(Options{Directory: testDirectory(), Now: clock.now, Log: slog.New(slog.DiscardHandler), TokenLifetime: time.Hour, DevicePoll: time.Second})
	if err != nil {
		panic(err)
	}
	return world{s, clock}
})

func newWorld(t *testing.T) world {
	t.Helper()
	w := sharedWorld()
	w.Reset()
	return w
}

// agent is a browser without network.
type agent struct {
	t       *testing.T
	w       world
	cookies map[string]string
}

func (w world) agent(t *testing.T) agent { return agent{t, w, make(map[string]string)} }

func (a agent) do(method, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	a.t.Helper()
	r := httptest.NewRequestWithContext(a.t.Context(), method, target, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	for name, value := range a.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	a.w.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		a.cookies[c.Name] = c.Value
	}
	return rec
}

func (a agent) get(path string, query url.Values) *httptest.ResponseRecorder {
	a.t.Helper()
	return a.do("GET", path+"?"+query.Encode(), nil)
}

// token posts to the token endpoint and decodes the answer.
func (a agent) token(form url.Values) map[string]any {
	a.t.Helper()
	return decode(a.t, a.do("POST", "/"+testTenant+"/oauth2/v2.0/token", form))
}

func decode(t *testing.T, rec *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("status %d, no JSON: %v: %s", rec.Code, err, rec.Body)
	}
	return v
}

// payloadOf decodes the payload of a token.
func payloadOf(t *testing.T, token any) map[string]any {
	t.Helper()
	text, _ := token.(string)
	parts := strings.Split(text, ".")
	var c map[string]any
	if len(parts) != 3 || decodeSegment(parts[1], &c) != nil {
		t.Fatalf("no token: %v", token)
	}
	return c
}

// wantFailure checks code, error and suberror of an answer of the token endpoint.
func wantFailure(t *testing.T, body map[string]any, code int, oauth, suberror string) {
	t.Helper()
	codes, _ := body["error_codes"].([]any)
	sub, _ := body["suberror"].(string)
	if len(codes) != 1 || codes[0] != float64(code) || body["error"] != oauth || sub != suberror {
		t.Fatalf("want AADSTS%d %s %q, got %v", code, oauth, suberror, body)
	}
}

// plus returns a copy of a form with pairs set; an empty value removes the name.
func plus(form url.Values, pairs ...string) url.Values {
	out := maps.Clone(form)
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			out.Del(pairs[i])
		}
	}
	return out
}

const authorizePath = "/" + testTenant + "/oauth2/v2.0/authorize"

// spaRequest is an authorize request of the browser client, freshRequest one of the client without consent.
func spaRequest(pairs ...string) url.Values {
	return plus(url.Values{"client_id": {testSPA}, "response_type": {"code"}, "redirect_uri": {testBack}, "scope": {testScope + " openid profile offline_access"},
		"state": {"s"}, "code_challenge": {"KNczEurq67rF28NySvSIcG9G500QgPaoK2MO-TTWuoc"}, "code_challenge_method": {"S256"}}, pairs...)
}

func freshRequest(pairs ...string) url.Values {
	return plus(url.Values{"client_id": {testFresh}, "response_type": {"code"}, "redirect_uri": {testWeb}, "scope": {"User.Read offline_access"}, "state": {"s"}}, pairs...)
}

var formAction = regexp.MustCompile(`<form method="post" action="([^"]*)"`)

// press sends the form of a page.
func (a agent) press(page *httptest.ResponseRecorder, pairs ...string) *httptest.ResponseRecorder {
	a.t.Helper()
	m := formAction.FindStringSubmatch(page.Body.String())
	if m == nil {
		a.t.Fatalf("status %d, a page without a form: %s", page.Code, page.Body)
	}
	form := url.Values{}
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page.Body.String(), -1) {
		form.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return a.do("POST", html.UnescapeString(m[1]), plus(form, pairs...))
}

// answer reads the authorization response from a redirect.
func answer(t *testing.T, rec *httptest.ResponseRecorder) url.Values {
	t.Helper()
	u, err := url.Parse(rec.Header().Get("Location"))
	if rec.Code != http.StatusFound || err != nil {
		t.Fatalf("status %d, no redirect: %s", rec.Code, rec.Body)
	}
	if q := u.Query(); q.Get("state") != "s" {
		t.Fatalf("state is %q", q.Get("state"))
	}
	return u.Query()
}

// redeem redeems the code of a redirect.
func (a agent) redeem(rec *httptest.ResponseRecorder, client string) map[string]any {
	a.t.Helper()
	code := answer(a.t, rec).Get("code")
	if code == "" {
		a.t.Fatalf("no code: %s", rec.Header().Get("Location"))
	}
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}}
	if client == testSPA {
		form = plus(form, "redirect_uri", testBack, "code_verifier", flowVerifier)
	} else {
		form = plus(form, "redirect_uri", testWeb, "client_secret", testSecret)
	}
	body := a.token(form)
	if body["access_token"] == nil {
		a.t.Fatalf("no tokens: %v", body)
	}
	return body
}

// signIn signs a user in to the browser client and returns the tokens.
func (a agent) signIn(user string, pairs ...string) map[string]any {
	a.t.Helper()
	return a.redeem(a.press(a.get(authorizePath, spaRequest(append([]string{"prompt", "select_account"}, pairs...)...)), "user", user), testSPA)
}

// wantPage checks status and content of a page.
func wantPage(t *testing.T, rec *httptest.ResponseRecorder, status int, words ...string) {
	t.Helper()
	for _, word := range words {
		if rec.Code != status || rec.Header().Get("Location") != "" || !strings.Contains(html.UnescapeString(rec.Body.String()), word) {
			t.Fatalf("status %d, want %d and %q: %s", rec.Code, status, word, rec.Body)
		}
	}
}

func refreshForm(token any, pairs ...string) url.Values {
	text, _ := token.(string)
	return plus(url.Values{"grant_type": {"refresh_token"}, "client_id": {testSPA}, "refresh_token": {text}}, pairs...)
}

func oboForm(token any, pairs ...string) url.Values {
	text, _ := token.(string)
	return plus(url.Values{"grant_type": {grantOBO}, "client_id": {testAPI}, "client_secret": {testSecret}, "assertion": {text},
		"requested_token_use": {"on_behalf_of"}, "scope": {"User.Read"}}, pairs...)
}

func clientForm(pairs ...string) url.Values {
	return plus(url.Values{"grant_type": {"client_credentials"}, "client_id": {testAPI}, "client_secret": {testSecret}, "scope": {"https://communication.azure.com/.default"}}, pairs...)
}
