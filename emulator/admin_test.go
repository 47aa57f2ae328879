package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

func TestAdmin(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	at := e.AdminURL()
	if r := b.get(at + "/"); r.status != http.StatusOK || !strings.Contains(r.body, e.ConnectionString()) || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Errorf("overview: %d %s", r.status, r.body)
	}
	if r := b.get(at + "/healthz"); r.json(t)["status"] != "ok" || r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("healthz: %s %v", r.body, r.header)
	}
	var users []emulator.User
	if err := json.Unmarshal([]byte(b.get(at+"/users").body), &users); err != nil || len(users) < 4 || users[3].Name != "gail" || !users[3].Guest {
		t.Errorf("users: %v %v", users, err)
	}
	if r := b.get(at + "/identities"); strings.TrimSpace(r.body) != "[]" {
		t.Errorf("identities: %s", r.body)
	}

	b.get(e.Authority() + "/discovery/keys?secret=1")
	b.get(e.URL() + "/" + strings.Repeat("x", 1000))
	var requests []emulator.Request
	if err := json.Unmarshal([]byte(b.get(at+"/requests").body), &requests); err != nil || len(requests) != 2 {
		t.Fatalf("requests: %v %v", requests, err)
	}
	if q := requests[0]; q.Method != "GET" || q.Status != 200 || q.Path != "/"+emulator.TenantID+"/discovery/keys" || q.Time.IsZero() {
		t.Errorf("request %+v", q)
	}
	if q := requests[1]; q.Status != http.StatusNotFound || len(q.Path) != 256 {
		t.Errorf("request %+v", q)
	}
	for range 1010 {
		e.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	if n := len(e.Requests()); n != 1000 {
		t.Errorf("%d requests are kept, want 1000", n)
	}
	if got := e.Counters().Entra["keys"]; got != 1 {
		t.Errorf("counter keys is %d, want 1", got)
	}
	counters := b.get(at + "/counters").json(t)
	if counters["entra"].(map[string]any)["keys"] != 1.0 || counters["graph"] == nil || counters["acs"] == nil {
		t.Errorf("counters %v", counters)
	}
	if r := b.send("POST", at+"/reset", ""); r.status != http.StatusOK || len(e.Requests()) != 0 || len(e.Counters().Entra) != 0 {
		t.Errorf("reset: %d %s", r.status, r.body)
	}
}

func TestAdminToken(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	body := b.send("POST", e.AdminURL()+"/token", `{"user":"bob","version":"1.0","expiresInSeconds":600,"client":"`+emulator.OtherTenantID+`"}`).json(t)
	token := body["access_token"].(string)
	_, claims := parts(t, token)
	wantClaims(t, claims, map[string]any{"oid": emulator.BobObjectID, "ver": "1.0", "appid": emulator.OtherTenantID})
	if body["expires_in"] != 600.0 || !verify(t, e.Authority()+"/discovery/keys", token) {
		t.Errorf("%v", body)
	}
	if r := b.send("POST", e.AdminURL()+"/token", ""); r.status != http.StatusOK {
		t.Errorf("an empty body is the default token: %s", r.body)
	}
	for body, status := range map[string]int{
		`{"user":"mallory"}`: 400, `{"flaw":"rotten"}`: 400, `{"usr":"bob"}`: 400, `{}{}`: 400, `{`: 400, `[]`: 400,
		`{"expiresInSeconds":-1}`: 400, `{"expiresInSeconds":1.5}`: 400, `{"expiresInSeconds":1e300}`: 400,
		`{"user":"` + strings.Repeat("x", 1<<20) + `"}`: 413,
	} {
		if r := b.send("POST", e.AdminURL()+"/token", body); r.status != status || r.json(t)["error"] == "" {
			t.Errorf("%.40s: %d %.200s", body, r.status, r.body)
		}
	}
}

func TestAdminRotate(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	old := mint(t, e, emulator.TokenRequest{})
	for _, step := range []struct {
		query string
		good  bool
	}{{"", true}, {"?drop=old", false}} {
		if r := b.send("POST", e.AdminURL()+"/keys/rotate"+step.query, ""); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if got := verify(t, e.Authority()+"/discovery/keys", old); got != step.good {
			t.Errorf("rotate%s: old token verifies: %v", step.query, got)
		}
	}
	if r := b.send("POST", e.AdminURL()+"/keys/rotate?drop=all", ""); r.status != http.StatusBadRequest {
		t.Errorf("%d", r.status)
	}
}

func TestAdminRefusals(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	for _, tt := range []struct {
		path   string
		header []string
		status int
	}{
		{"/users", []string{"Origin", e.AdminURL()}, 200}, // its own page
		{"/users", []string{"Origin", e.AdminURL(), "Sec-Fetch-Site", "same-origin"}, 200},
		{"/users", []string{"Sec-Fetch-Site", "none"}, 200}, // typed by a person
		{"/users", []string{"Origin", e.URL()}, 403},        // another port
		{"/users", []string{"Origin", "null"}, 403},
		{"/users", []string{"Origin", "https://evil.example"}, 403},
		{"/users", []string{"Sec-Fetch-Site", "cross-site"}, 403}, // an image or a script of another page
		{"/users", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"/users", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate"}, 403},
		{"/ui", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200}, // a link
		{"/ui", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
	} {
		if r := b.get(e.AdminURL()+tt.path, tt.header...); r.status != tt.status {
			t.Errorf("%s with %v: %d, want %d", tt.path, tt.header, r.status, tt.status)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", e.AdminURL()+"/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example:80"
	if r := b.do(req); r.status != http.StatusForbidden {
		t.Errorf("with a foreign Host: %d", r.status)
	}
	req.Host = "localhost"
	if r := b.do(req); r.status != http.StatusOK {
		t.Errorf("with the Host localhost: %d", r.status)
	}
	if r := b.get(e.AdminURL() + "/nothing"); r.status != http.StatusNotFound || r.json(t)["error"] == "" {
		t.Errorf("unknown path: %d", r.status)
	}
	if r := b.get(e.AdminURL() + "/reset"); r.status != http.StatusMethodNotAllowed {
		t.Errorf("GET reset: %d", r.status)
	}
	for _, path := range []string{"/users", "/token", "/healthz"} {
		if r := b.get(e.URL() + path); r.status == http.StatusOK {
			t.Errorf("%s is on the protocol listener, too", path)
		}
	}
}

// Rules for ACS faults reach the ACS service, by function and by the administration listener.
func TestFaults(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	create := func() int {
		token := b.post(tokenURL(e), daemonForm("https://communication.azure.com//.default")).json(t)["access_token"].(string)
		return b.send("POST", e.URL()+"//identities?api-version=2023-10-01", "", "Authorization", "Bearer "+token).status
	}
	rule := `{"op":"create","fault":{"status":503,"retryAfter":"1"}}`
	if r := b.send("POST", e.AdminURL()+"/faults", rule); r.status != http.StatusOK || !strings.Contains(r.body, "503") {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if got := []int{create(), create()}; got[0] != 503 || got[1] != 201 {
		t.Errorf("a rule applies once: %v", got)
	}
	e.SetFault(func(op string) emulator.Fault { return emulator.Fault{StatusAfter: 500} })
	if got := create(); got != 500 || len(e.Identities()) != 2 {
		t.Errorf("status %d, %d identities", got, len(e.Identities()))
	}
	e.SetFault(nil)
	if got := create(); got != 201 {
		t.Errorf("status %d", got)
	}
	e.SetFault(func(op string) emulator.Fault { return emulator.Fault{Status: 500} })
	b.send("POST", e.AdminURL()+"/faults", rule)
	e.Reset()
	if got := create(); got != 201 || len(e.Identities()) != 1 || strings.TrimSpace(b.get(e.AdminURL()+"/faults").body) != "[]" {
		t.Errorf("reset has to end faults: %d", got)
	}
	b.send("POST", e.AdminURL()+"/faults", rule)
	if r := b.send("DELETE", e.AdminURL()+"/faults", ""); r.status != http.StatusOK || create() != 201 || len(e.Identities()) != 2 {
		t.Errorf("faults have to end, and nothing else: %d %s", r.status, r.body)
	}
	for bad, says := range map[string]string{
		`{"op":"dance","fault":{"status":500}}`: "entra.token", `{"op":"graph.dance","fault":{"status":500}}`: "graph.user", `{"x":1}`: "unknown field",
		`{"fault":{"status":200}}`: "400..599", `{"op":"create"}`: "does nothing", `{"fault":{"status":429,"retryAfter":"1\u0000"}}`: "retryAfter",
	} {
		if r := b.send("POST", e.AdminURL()+"/faults", bad); r.status != http.StatusBadRequest || !strings.Contains(r.body, says) {
			t.Errorf("%s: %d %s, want %q", bad, r.status, r.body, says)
		}
	}
	if e.TokenState("x") != "unknown" {
		t.Error("a token from elsewhere is unknown")
	}
}

// Graph takes the token that nobody else can verify.
func TestGraphToken(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	token := mint(t, e, emulator.TokenRequest{Flaw: emulator.FlawGraph})
	r := b.get(e.GraphURL()+"/v1.0/me?"+url.Values{"$select": {"id"}}.Encode(), "Authorization", "Bearer "+token)
	if r.status != http.StatusOK || r.json(t)["id"] != emulator.AliceObjectID {
		t.Errorf("Graph: %d %s", r.status, r.body)
	}
	if r := b.get(e.GraphURL()+"/v1.0/me", "Authorization", "Bearer "+mint(t, e, emulator.TokenRequest{})); r.status != http.StatusUnauthorized {
		t.Errorf("Graph with a token for the API: %d", r.status)
	}
}
