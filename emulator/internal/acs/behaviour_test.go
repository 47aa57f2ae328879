package acs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (f *fixture) behave(b Behaviour) {
	f.t.Helper()
	if err := f.SetBehaviour(b); err != nil {
		f.t.Fatal(err)
	}
}

func TestBehaviourIsChecked(t *testing.T) {
	f := newFixture(t, nil)
	for name, bad := range map[string]Behaviour{
		"negative delay": {RevocationDelay: -1},
		"long delay":     {RevocationDelay: 15*time.Minute + 1},
		"unknown limit":  {Limits: map[string]int{"fly": 1}},
		"negative limit": {Limits: map[string]int{"create": -1}},
		"huge limit":     {Limits: map[string]int{"create": maxLimit + 1}},
	} {
		if f.SetBehaviour(bad) == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := New(Options{ResourceID: testResource, Keys: [2]string{testKey}, Verify: fakeVerify, Behaviour: bad}); err == nil {
			t.Errorf("%s at the start: no error", name)
		}
	}
	if diff := cmp.Diff(Behaviour{}, f.Behaviour()); diff != "" {
		t.Error(diff)
	}
	want := Behaviour{RevocationDelay: 15 * time.Minute, CustomIDRace: true, Limits: map[string]int{"create": 0, "createWithToken": 7}, Loose: true}
	f.behave(want)
	if diff := cmp.Diff(want, f.Behaviour()); diff != "" {
		t.Error(diff)
	}
	f.Reset()
	if diff := cmp.Diff(Behaviour{}, f.Behaviour()); diff != "" {
		t.Error(diff)
	}
}

func TestBehaviourJSON(t *testing.T) {
	for text, want := range map[string]Behaviour{
		`{}`: {},
		`{"customIdRace":true,"limits":{"create":5},"disown":true,"loose":true,"revocationDelay":"10m0s"}`: {
			RevocationDelay: 10 * time.Minute, CustomIDRace: true, Limits: map[string]int{"create": 5}, Disown: true, Loose: true,
		},
	} {
		var got Behaviour
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if back, err := json.Marshal(got); err != nil || string(back) != text {
			t.Errorf("%s, %v; want %s", back, err, text)
		}
	}
	for _, bad := range []string{`[]`, `{"colour":1}`, `{"revocationDelay":5}`, `{"revocationDelay":"soon"}`, `{"revocationDelay":"1h"}`, `{"limits":{"fly":1}}`} {
		got := Behaviour{Loose: true}
		if json.Unmarshal([]byte(bad), &got) == nil || !got.Loose {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestDisown(t *testing.T) {
	f := newFixture(t, nil)
	const body = `{"customId":"sally"}`
	old := read[createReply](t, f.preview("POST", "/identities", body), 201).Identity.ID
	token := f.issueOne(old)
	f.behave(Behaviour{Disown: true})
	wantRefusal(t, f.do("POST", pathOf(old)+"/:issueAccessToken", `{"scopes":["chat"]}`), 401, "IdentityNotOwned", "")
	wantRefusal(t, f.do("DELETE", pathOf(old), ""), 401, "IdentityNotOwned", "")
	wantRefusal(t, f.preview("GET", pathOf(old), ""), 401, "IdentityNotOwned", "")
	next := read[createReply](t, f.preview("POST", "/identities", body), 201).Identity.ID
	f.behave(Behaviour{Disown: true, CustomIDRace: true}) // does not disown the next one
	f.issueOne(next)
	f.state(token, TokenActive)
	if err := f.Restore(f.snapshot()); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, f.do("DELETE", pathOf(next), ""), 401, "IdentityNotOwned", "")
	f.behave(Behaviour{})
	wantEmpty(t, f.do("DELETE", pathOf(old), ""))
}

func TestRevocationDelay(t *testing.T) {
	f := newFixture(t, nil)
	f.behave(Behaviour{RevocationDelay: 10 * time.Minute})
	id := f.createOne()
	first := f.issueOne(id)
	wantEmpty(t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", ""))
	f.clock.advance(5 * time.Minute)
	second := f.issueOne(id)
	wantEmpty(t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", ""))
	f.state(first, TokenActive)
	f.clock.advance(5*time.Minute - 1)
	f.state(first, TokenActive)
	f.clock.advance(1)
	f.state(first, TokenRevoked)
	f.state(second, TokenActive)
	third := f.issueOne(id)
	wantEmpty(t, f.do("DELETE", pathOf(id), ""))
	f.clock.advance(5 * time.Minute)
	f.state(second, TokenRevoked)
	f.state(third, TokenActive)
	f.behave(Behaviour{}) // what is on its way takes effect
	f.state(third, TokenRevoked)
}

func TestRevocationsOnTheirWayAreBounded(t *testing.T) {
	f := newFixture(t, nil)
	f.behave(Behaviour{RevocationDelay: time.Minute})
	id := f.createOne()
	first := f.issueOne(id)
	wantEmpty(t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", ""))
	f.state(first, TokenActive)
	for i := range int64(maxLate) {
		f.registry.late.add(delayed{upTo: i + 1, due: f.clock.now().Add(time.Minute)}, f.clock.now(), time.Minute)
	}
	if n := len(f.registry.late.list); n != maxLate {
		t.Errorf("%d kept, want %d", n, maxLate)
	}
	f.state(first, TokenRevoked) // early
	f.clock.advance(time.Minute)
	wantEmpty(t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", ""))
	if n := len(f.registry.late.list); n != 0 {
		t.Errorf("%d kept after they were due", n)
	}
}

// TestCustomIDRace has two creates of one customId run into each other.
func TestCustomIDRace(t *testing.T) {
	const body = `{"customId":"sally"}`
	create := func(f *fixture) string {
		return read[createReply](t, f.preview("POST", "/identities", body), 201).Identity.ID
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.behave(Behaviour{CustomIDRace: true})
		var made [2]string
		var wg sync.WaitGroup
		for i := range made {
			wg.Go(func() { made[i] = create(f) })
		}
		wg.Wait()
		if made[0] == made[1] || f.Counters()["create"] != 2 {
			t.Fatalf("made %v", made)
		}
		last := ids(f)[1]
		if got := create(f); got != last {
			t.Errorf("found %s, want the later one %s", got, last)
		}
		wantEmpty(t, f.do("DELETE", pathOf(ids(f)[0]), "")) // leaves the later one's customId alone
		if got := create(f); got != last {
			t.Errorf("found %s after the other was deleted, want %s", got, last)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.behave(Behaviour{CustomIDRace: true})
		began := time.Now()
		first, second := create(f), create(f)
		if first != second || time.Since(began) != raceWindow || len(f.race.waiting) != 0 {
			t.Errorf("one after the other: %s and %s, took %v", first, second, time.Since(began))
		}
	})
}

func TestCustomIDRaceEndsWithTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.behave(Behaviour{CustomIDRace: true})
		began := time.Now()
		go f.preview("POST", "/identities", `{"customId":"sally"}`)
		synctest.Wait()
		f.Close()
		synctest.Wait()
		if n := len(f.Identities()); n != 1 || time.Since(began) != 0 {
			t.Errorf("%d identities after %v", n, time.Since(began))
		}
	})
}

func TestLimitsAreSwitched(t *testing.T) {
	f := newFixture(t, nil)
	const withToken = `{"createTokenWithScopes":["chat"]}`
	f.behave(Behaviour{Limits: map[string]int{"create": 1, "createWithToken": 1, "exchange": 1}})
	for _, body := range []string{"", withToken} {
		if w := f.do("POST", "/identities", body); w.Code != 201 {
			t.Errorf("%q: %d", body, w.Code)
		}
		wantRefusal(t, f.do("POST", "/identities", body), 429, "TooManyRequests", "")
	}
	// The exchange of an Entra user's token falls under the limit of exchange.
	wantRefusal(t, f.bearer(versionPreview, entraRoute, userClaims()), 403, "Forbidden", "")
	wantRefusal(t, f.bearer(versionPreview, entraRoute, userClaims()), 429, "TooManyRequests", "")
	f.clock.advance(-time.Hour) // a clock that goes back starts a window
	f.createOne()
	f.behave(Behaviour{Limits: map[string]int{"create": 3}}) // of both kinds together
	f.do("POST", "/identities", withToken)
	f.do("POST", "/identities", withToken)
	wantRefusal(t, f.do("POST", "/identities", ""), 429, "TooManyRequests", "")
	f.behave(Behaviour{Limits: map[string]int{"issue": 0}})
	wantRefusal(t, f.do("POST", pathOf(ids(f)[0])+"/:issueAccessToken", `{"scopes":["chat"]}`), 429, "TooManyRequests", "")
	f.behave(Behaviour{})
	f.issueOne(ids(f)[0])
}

func TestLoose(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		withSecond(o)
		o.Verify = refuseAll
		o.Behaviour = Behaviour{Loose: true}
	})
	post := func(version string, change func(*http.Request)) *httptest.ResponseRecorder {
		r := f.request("POST", "/identities"+version, `{"createTokenWithScopes":["chat.join"]}`)
		change(r)
		return f.serve(r)
	}
	const good = "?api-version=" + stable
	for name, change := range map[string]func(*http.Request){
		"wrong key":      func(r *http.Request) { sign(r, "cHc9PQ==", "", f.clock.now()) },
		"old":            func(r *http.Request) { sign(r, testKey, "", f.clock.now().Add(-time.Hour)) },
		"no date":        func(r *http.Request) { r.Header.Del("x-ms-date") },
		"no hash":        func(r *http.Request) { r.Header.Del("x-ms-content-sha256") },
		"other scheme":   func(r *http.Request) { r.Header.Set("Authorization", "Basic eDp5") },
		"no credential":  func(r *http.Request) { r.Header.Del("Authorization") },
		"nothing strict": func(*http.Request) {},
	} {
		for _, version := range []string{good, "", "?api-version="} {
			if w := post(version, change); w.Code != 201 {
				t.Errorf("%s%s: %d %s", name, version, w.Code, w.Body)
			}
		}
		f.behave(Behaviour{})
		if name != "nothing strict" {
			wantRefusal(t, post(good, change), 401, "Denied", "")
		}
		wantRefusal(t, post("", change), 400, "ApiVersionUnspecified", "")
		f.Reset()
	}
	// What the looseness is not about.
	wantRefusal(t, post("?api-version=2024-01-01", func(*http.Request) {}), 400, "UnsupportedApiVersion", "")
	wantRefusal(t, post(good, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }), 401, "Denied", "")
	wantRefusal(t, f.do("POST", "/identities/8:acs:x/:issueAccessToken", "{}"), 400, "ValidationError", "scopes")
	wantRefusal(t, f.do("DELETE", "/identities/8:acs:x", ""), 401, "IdentityNotOwned", "")
	// A key that fits tells the resource all the same.
	r := f.request("POST", "/identities", "")
	sign(r, secondKey, "", f.clock.now().Add(-time.Hour))
	id := read[createReply](t, f.serve(r), 201).Identity.ID
	if k, _ := f.names.parse(id); k.resource != 1 {
		t.Errorf("made %s", id)
	}
}

func TestIssued(t *testing.T) {
	f := newFixture(t, withSecond)
	id := f.createOne()
	token := f.issueOne(id)
	f.with(secondKey, "POST", "/identities?api-version="+stable, `{"createTokenWithScopes":["voip","chat"],"expiresInMinutes":60}`)
	f.exchange(nil, teamsApp, teamsUser)
	f.assign(teamsUser, "user", teamsApp)
	f.bearer(versionPreview, entraRoute, userClaims())

	now, list := f.clock.now(), f.Identities()
	exp := time.Unix(teamsExp, 0).UTC()
	want := []IssuedToken{
		{Time: now, Op: "issue", Identity: id, Resource: testResource, Scopes: []string{"chat"}, Expires: now.Add(24 * time.Hour), Key: "primary", SHA256: sha256Hex(token)},
		{Time: now, Op: "create", Identity: list[1].ID, Resource: secondResource, Scopes: []string{"voip", "chat"}, Expires: now.Add(time.Hour), Key: "primary"},
		{Time: now, Op: "exchange", Identity: "8:orgid:" + teamsUser, Resource: testResource, Scopes: []string{"chat", "voip"}, Expires: exp, Key: "primary"},
		{Time: now, Op: "entraExchange", Identity: list[2].ID, Resource: testResource, Scopes: []string{"chat", "voip.join"}, Expires: exp, Key: "entra"},
	}
	got := f.Issued()
	for i := range got {
		if len(got[i].SHA256) != 64 {
			t.Errorf("hash %q", got[i].SHA256)
		}
		if i > 0 {
			got[i].SHA256 = ""
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	f.Reset()
	if n := len(f.Issued()); n != 0 {
		t.Errorf("%d after a reset", n)
	}
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestFaultsOfTheNewOperations(t *testing.T) {
	f := newFixture(t, nil)
	var now string // the operation that fails
	met := 0
	f.SetFault(func(op string) Fault {
		if op != now {
			return Fault{}
		}
		met++
		return Fault{Status: 503}
	})
	one := entraList + "/" + teamsUser
	phone := "/access/teamsExtension/tenants/" + homeTenant + "/assignments/" + teamsUser
	for op, call := range map[string]func() *httptest.ResponseRecorder{
		"entraExchange":          func() *httptest.ResponseRecorder { return f.bearer(versionPreview, entraRoute, userClaims()) },
		"entraAssignmentsList":   func() *httptest.ResponseRecorder { return f.preview("GET", entraList, "") },
		"entraAssignmentsUpdate": func() *httptest.ResponseRecorder { return f.patch("{}") },
		"entraAssignmentsGet":    func() *httptest.ResponseRecorder { return f.preview("GET", one, "") },
		"entraAssignmentsPut":    func() *httptest.ResponseRecorder { return f.assign(teamsUser, "user", teamsApp) },
		"entraAssignmentsDelete": func() *httptest.ResponseRecorder { return f.preview("DELETE", one, "") },
		"teamsExtensionExchange": func() *httptest.ResponseRecorder { return f.bearer(versionPhone, phoneRoute, phoneClaims()) },
		"teamsExtensionGet":      func() *httptest.ResponseRecorder { return f.in(versionPhone, "GET", phone, "") },
		"teamsExtensionPut":      func() *httptest.ResponseRecorder { return f.in(versionPhone, "PUT", phone, "{}") },
		"teamsExtensionDelete":   func() *httptest.ResponseRecorder { return f.in(versionPhone, "DELETE", phone, "") },
	} {
		now, met = op, 0
		wantRefusal(t, call(), 503, "ServiceUnavailable", "")
		if met != 1 || !slices.Contains(Operations(), op) {
			t.Errorf("%s: met %d times, operations %v", op, met, Operations())
		}
	}
}
