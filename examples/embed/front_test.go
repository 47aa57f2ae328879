package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/examples/internal/sidecar"
)

type answer struct{ Call, User, Token, Code, Hint string }

func join(t *testing.T, front, meeting, bearer string) (int, answer) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, front+"/meetings/"+meeting+"/join", nil)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var a answer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, a
}

// A user of the tenant joins; whom acsauth refuses does not get past it, and the meeting's own rule is kept.
func TestJoin(t *testing.T) {
	side := sidecar.Start(t)
	f := &Front{Acsauth: side.Server, HTTP: http.DefaultClient, Meetings: map[string]Meeting{"open": {"call-1", true}, "shut": {"call-2", false}}}
	front := httptest.NewServer(f.Handler())
	defer front.Close()
	alice, bob := side.Token(t, "alice"), side.Token(t, "bob")

	status, a := join(t, front.URL, "open", alice)
	if status != http.StatusOK || a.Call != "call-1" || !strings.HasPrefix(a.User, "8:acs:") || a.Token == "" {
		t.Errorf("alice joins: %d, call %q, user %q", status, a.Call, a.User)
	}
	if _, again := join(t, front.URL, "open", alice); again.User != a.User {
		t.Errorf("alice has the identities %s and %s", a.User, again.User)
	}
	if _, other := join(t, front.URL, "open", bob); other.User == a.User || other.User == "" {
		t.Errorf("bob has the identity %q", other.User)
	}
	for _, c := range []struct {
		meeting, bearer string
		status          int
		code            string
	}{
		{"shut", alice, 403, "meeting_closed"},
		{"none", alice, 404, "no_such_meeting"},
		{"none", "", 401, "no_token"},
		{"none", "a.b.c", 401, "token_invalid"},
		{"open", alice[:len(alice)-4] + "AAAA", 401, "token_signature"},
	} {
		if status, a := join(t, front.URL, c.meeting, c.bearer); status != c.status || a.Code != c.code || a.Token != "" {
			t.Errorf("%s: %d %s, want %d %s", c.meeting, status, a.Code, c.status, c.code)
		}
	}
}

// The policy of acsauth holds behind the front, too: here it gives chat and nothing else.
func TestTheServerDecides(t *testing.T) {
	side := sidecar.Start(t, "ACSAUTH_SCOPES=chat")
	f := &Front{Acsauth: side.Server, HTTP: http.DefaultClient, Meetings: map[string]Meeting{"open": {"call-1", true}}}
	front := httptest.NewServer(f.Handler())
	defer front.Close()
	if status, a := join(t, front.URL, "open", side.Token(t, "alice")); status != http.StatusForbidden || a.Code != "scope_not_allowed" {
		t.Errorf("%d %s", status, a.Code)
	}
}
