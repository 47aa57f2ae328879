package graph

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

func (f *fixture) behave(b Behaviour) {
	f.t.Helper()
	if err := f.SetBehaviour(b); err != nil {
		f.t.Fatal(err)
	}
}

// TestReadLag: reads show the past in every form, and writes meet the present.
func TestReadLag(t *testing.T) {
	f := newFixture(t)
	if w := f.as(nil, "POST", "/v1.0/me/extensions", named("old")); w.Code != 201 {
		t.Fatal(w.Code)
	}
	made := time.Now()
	f.behave(Behaviour{ReadLag: time.Minute})
	wantRefusal(t, f.as(nil, "GET", "/v1.0/me/extensions/old", ""), 404, "ResourceNotFound", notThere)
	if w := f.as(nil, "GET", "/v1.0/me?$select=id&$expand=extensions", ""); strings.Contains(w.Body.String(), `"old"`) {
		t.Errorf("shown at once: %s", w.Body)
	}
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", named("old")), 400, "Request_BadRequest", duplicate)
	want(t, f.as(nil, "DELETE", "/v1.0/me/extensions/old", ""), 204, nil)
	f.behave(Behaviour{ReadLag: time.Since(made)}) // now reads show the moment after it was made
	if w := f.as(nil, "GET", "/v1.0/me/extensions", ""); !strings.Contains(w.Body.String(), `"old"`) {
		t.Errorf("gone at once: %s", w.Body)
	}
	f.behave(Behaviour{ReadLag: time.Minute, LagVaries: true})
	f.behave(Behaviour{})
	wantRefusal(t, f.as(nil, "GET", "/v1.0/me/extensions/old", ""), 404, "ResourceNotFound", notThere)
}

func TestDuplicateStatus(t *testing.T) {
	f := newFixture(t)
	f.as(nil, "POST", "/v1.0/me/extensions", named("a"))
	f.behave(Behaviour{DuplicateStatus: 409})
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", named("a")), 409, "Request_BadRequest", duplicate)
	f.as(nil, "POST", "/v1.0/me/extensions", named("b"))
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", named("c")), 400, "Request_BadRequest", tooMany)
	f.Reset()
	f.as(nil, "POST", "/v1.0/me/extensions", named("a"))
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", named("a")), 400, "Request_BadRequest", duplicate)
	for _, b := range []Behaviour{{ReadLag: -1}, {ReadLag: MaxReadLag + 1}, {DuplicateStatus: 412}, {Throttle: -1}, {Throttle: maxThrottle + 1}, {RetryAfter: -2}, {RetryAfter: MaxRetryAfter + 1}} {
		if f.SetBehaviour(b) == nil {
			t.Errorf("%+v is taken", b)
		}
	}
}

func TestClaimsChallenge(t *testing.T) {
	f := newFixture(t)
	f.behave(Behaviour{Claims: `{"a":1}`})
	w := f.as(nil, "GET", "/v1.0/me", "")
	wantRefusal(t, w, 401, "InvalidAuthenticationToken", "")
	if got := w.Header().Get("WWW-Authenticate"); !strings.Contains(got, `error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString([]byte(`{"a":1}`))+`"`) {
		t.Errorf("WWW-Authenticate %q", got)
	}
}

// TestChallengeAnswered: a new token with what was asked for gets through, and no other.
func TestChallengeAnswered(t *testing.T) {
	f := newFixture(t)
	for _, tc := range []struct {
		challenge string
		token     emu.Claims
		status    int
	}{
		{`{"access_token":{"nbf":{"essential":true,"value":"1000"}}}`, emu.Claims{"nbf": 999}, 401},
		{`{"access_token":{"nbf":{"essential":true,"value":"1000"}}}`, emu.Claims{"nbf": 1000}, 200},
		{`{"access_token":{"nbf":{"value":"soon"}}}`, emu.Claims{"nbf": 1000}, 401},
		{`{"access_token":{"nbf":{"value":"1000"}}}`, nil, 401},
		{`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`, emu.Claims{"acrs": []string{"c2"}}, 401},
		{`{"access_token":{"acrs":{"essential":true,"values":["c1","c2"]},"xms_cc":{"values":["cp1"]}}}`, emu.Claims{"acrs": []string{"c2"}}, 200},
		{`{"access_token":{"acrs":{"value":"c1"}}}`, emu.Claims{"acrs": "c1"}, 200},
		{`{"access_token":{"acrs":null}}`, emu.Claims{"acrs": "c1"}, 401},
		{`{"access_token":{}}`, emu.Claims{"acrs": "c1"}, 401},
		{`no JSON`, nil, 401},
	} {
		f.behave(Behaviour{Claims: tc.challenge})
		wantRefusal(t, f.as(tc.token, "GET", "/v1.0/me", ""), 401, "InvalidAuthenticationToken", "")
		f.behave(Behaviour{Claims: tc.challenge, Answerable: true})
		if w := f.as(tc.token, "GET", "/v1.0/me", ""); w.Code != tc.status {
			t.Errorf("%s, token %v: %d, want %d", tc.challenge, tc.token, w.Code, tc.status)
		}
	}
}

// TestFaults: before or after the effect, and only for requests that would be taken on.
func TestFaults(t *testing.T) {
	f := newFixture(t)
	var fault Fault
	var asked []string
	f.opts.Fault = func(op string) Fault { asked = append(asked, op); return fault }
	fault = Fault{Status: 429, RetryAfter: "3"}
	w := f.as(nil, "POST", "/v1.0/me/extensions", named("a"))
	wantRefusal(t, w, 429, "TooManyRequests", "")
	if w.Header().Get("Retry-After") != "3" || len(f.store.list(aliceID)) != 0 {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
	fault = Fault{Status: 429}
	if w := f.as(nil, "POST", "/v1.0/me/extensions", named("a")); w.Code != 429 || w.Header().Get("Retry-After") != "" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	fault = Fault{StatusAfter: 503}
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", named("a")), 503, "ServiceUnavailable", "")
	if len(f.store.list(aliceID)) != 1 {
		t.Error("no effect before the answer was replaced")
	}
	fault = Fault{BadJSON: true}
	if w := f.as(nil, "GET", "/v1.0/me", ""); w.Code != 200 || strings.HasSuffix(strings.TrimSpace(w.Body.String()), "}") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, drop := range []Fault{{DropBefore: true}, {DropAfter: true}} {
		fault = drop
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("recovered %v", p)
				}
			}()
			f.as(nil, "DELETE", "/v1.0/me/extensions/a", "")
		}()
		if left := len(f.store.list(aliceID)); (left == 0) != drop.DropAfter {
			t.Errorf("%+v left %d", drop, left)
		}
	}
	n := len(asked)
	f.as(emu.Claims{"scp": "Mail.Read"}, "GET", "/v1.0/me", "")
	f.send("", "GET", "/v1.0/me", "")
	if len(asked) != n {
		t.Error("asked about a request that Graph refuses by itself")
	}
}

func contextOf(user string) string { return metadata + "users('" + user + "')/extensions" }

// TestListUsers pages through all users.
func TestListUsers(t *testing.T) {
	f := newFixture(t)
	f.opts.All = func() []emu.User { return people }
	f.as(nil, "POST", "/v1.0/me/extensions", mappingBody)
	all := emu.Claims{"scp": nil, "idtyp": "app", "roles": []string{"User.Read.All"}}
	wantRefusal(t, f.as(nil, "GET", "/v1.0/users", ""), 403, "Authorization_RequestDenied", "")
	for _, top := range []string{"0", "1000", "x"} {
		wantRefusal(t, f.as(all, "GET", "/v1.0/users?$top="+top, ""), 400, "Request_UnsupportedQuery", "")
	}
	alice := object{"id": aliceID, "extensions": []any{mapping()}, "extensions@odata.context": contextOf(aliceID)}
	bob := object{"id": bobID, "extensions": []any{}, "extensions@odata.context": contextOf(bobID)}
	const query = "/v1.0/users?$select=id&$expand=extensions"
	want(t, f.as(all, "GET", query, ""), 200, object{"@odata.context": metadata + "users(id,extensions())", "value": []any{alice, bob}})
	next := "http://example.com/v1.0/users?" + url.Values{"$select": {"id"}, "$expand": {"extensions"}, "$top": {"1"}, "$skiptoken": {position{ID: aliceID}.token()}}.Encode()
	want(t, f.as(all, "GET", query+"&$top=1", ""), 200, object{"@odata.context": metadata + "users(id,extensions())", "value": []any{alice}, "@odata.nextLink": next})
	r := httptest.NewRequest("GET", next, nil)
	want(t, f.as(all, "GET", r.URL.RequestURI(), ""), 200, object{"@odata.context": metadata + "users(id,extensions())", "value": []any{bob}})
}
