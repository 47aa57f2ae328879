package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// A step is a request of a public client, and what the client needs in the answer.
type step struct {
	why, method, path string
	teams             bool
	status            int
	fields            string // members that are read, with blanks between
}

// clientSteps go through the life of a user, in order.
var clientSteps = []step{
	{"older clients ask for a token first and want JSON", "GET", "/api/token", false, 404, "code detail"},
	{"the samples' server says that there is no user", "GET", "/api/user", false, 404, "code"},
	{"the first visit", "POST", "/api/user", false, 201, "acsUserIdentity"},
	{"the second visit", "POST", "/api/user", false, 200, "acsUserIdentity"},
	{"the samples' server shows the user", "GET", "/api/user", false, 200, "acsUserIdentity"},
	{"the token of the samples", "GET", "/api/token", false, 201, "token expiresOn user"},
	{"the token of a Teams user", "GET", "/api/token/teams", true, 201, "token expiresOn user"},
	{"iOS and Android samples", "GET", "/getToken", false, 200, "token"},
	{"iOS and Android samples, again", "GET", "/refreshToken", false, 200, "token"},
	{"a token for any id is refused", "POST", "/refreshToken/8:acs:x_y", false, 404, "code"},
	{"no route of the web samples", "GET", "/token", false, 404, "code"},
	{"no route of the web samples", "GET", "/getEndpointUrl", false, 404, "code"},
	{"no route of the documentation", "POST", "/getTokenForTeamsUser", false, 404, "code"},
	{"the samples' server deletes", "DELETE", "/api/user", false, 204, ""},
}

// What public clients need is there, for a page of another origin that is on the list.
func TestPublicClients(t *testing.T) {
	const origin = "http://localhost:3000"
	k := newRecipeRunner(t, start(t, map[string]string{"ACSAUTH_ALLOWED_ORIGINS": origin}, "--json", "--listen", "127.0.0.1:0"), blocksOf(t, recipesPage)[0])
	_, host, _ := strings.Cut(k.api, "://")
	for _, s := range clientSteps {
		m := message{line: s.method + " " + s.path + " HTTP/1.1", fields: []string{"Host: " + host, "Origin: " + origin, "Authorization: Bearer " + k.token}}
		if s.teams {
			m = m.with(teamsField + ": " + k.teams)
		}
		a, err := (&wire{addr: host}).alone(m.String())
		if err != nil || a.status != s.status || a.header.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%s: %s %s: %v %s", s.why, s.method, s.path, err, a)
		}
		for field := range strings.FieldsSeq(s.fields) {
			if !strings.Contains(string(a.body), `"`+field+`":`) {
				t.Errorf("%s: no member %s: %s", s.why, field, a)
			}
		}
	}
	for _, path := range []string{"/api/user", "/api/token", "/api/token/teams"} {
		checkPreflight(t, host, path, origin)
	}
	if status, err := call("POST", k.api+"/getToken", "", map[string]any{"username": "x"}, nil); err != nil || status != http.StatusUnauthorized {
		t.Errorf("without a bearer token: %d %v", status, err)
	}
}

// checkPreflight asks as the browser does before the requests of the samples.
func checkPreflight(t *testing.T, host, path, origin string) {
	t.Helper()
	m := message{line: "OPTIONS " + path + " HTTP/1.1", fields: []string{"Host: " + host, "Origin: " + origin,
		"Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization,teams-user-aad-token"}}
	a, err := (&wire{addr: host}).alone(m.String())
	allowed := strings.ToLower(a.header.Get("Access-Control-Allow-Headers"))
	if err != nil || a.status != http.StatusNoContent || !strings.Contains(allowed, "authorization") || !strings.Contains(allowed, teamsField) {
		t.Errorf("preflight of %s: %v %d %v", path, err, a.status, a.header)
	}
}
