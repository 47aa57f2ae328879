package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// plays is what a client sees in each rehearsal, with real requests. begin starts the rehearsal over the administration.
var plays = map[string]func(t *testing.T, e *emulator.Emulator, begin func(options string)){
	"quota-hit": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin(`{"times":2,"retryAfter":"7"}`)
		for range 2 {
			if a := acsCall(t, e, "POST", "/identities", "{}"); !a.has(429, "TooManyRequests") || a.header.Get("Retry-After") != "7" {
				t.Errorf("%+v", a)
			}
		}
		newIdentity(t, e)
	},
	"lost-reply": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin("")
		if a := acsCall(t, e, "POST", "/identities", "{}"); a.err == nil || len(e.Identities()) != 1 {
			t.Errorf("%+v, %d identities", a, len(e.Identities()))
		}
		newIdentity(t, e)
	},
	"key-rotated": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		token := issueACS(t, e)
		begin("")
		if a := acsCall(t, e, "POST", "/identities", "{}"); !a.has(401, "Denied") || e.TokenState(token) != "revoked" {
			t.Errorf("old key: %+v, token %s", a, e.TokenState(token))
		}
		for _, key := range []string{emulator.AccessKeySecondary, e.AccessKey(emulator.PrimaryKey)} {
			if a := try(t, signed(t, e, key, "POST", "/identities", "{}")); a.status != 201 {
				t.Errorf("good key: %+v", a)
			}
		}
		if !strings.HasSuffix(e.ConnectionString(), e.AccessKey(emulator.PrimaryKey)) {
			t.Errorf("the connection string has the old key")
		}
		e.EndRehearsals()
		newIdentity(t, e)
		if e.TokenState(token) != "revoked" {
			t.Error("a revoked token came back")
		}
	},
	"entra-keys-rolled": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		old := mint(t, e, emulator.TokenRequest{})
		begin("")
		if !verify(t, e.Authority()+"/discovery/keys", old) || header(t, mint(t, e, emulator.TokenRequest{}))["kid"] == header(t, old)["kid"] {
			t.Error("the next key has to sign, and the old one has to stay")
		}
		begin(`{"drop":true}`)
		if verify(t, e.Authority()+"/discovery/keys", old) || !verify(t, e.Authority()+"/discovery/keys", mint(t, e, emulator.TokenRequest{})) {
			t.Error("the old keys have to be withdrawn")
		}
	},
	"consent-withdrawn": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin("")
		if a := askOnBehalf(t, e); !a.has(400, "AADSTS65001") || !a.has(400, "consent_required") {
			t.Errorf("%+v", a)
		}
		e.EndRehearsals()
		if a := askOnBehalf(t, e); a.status != 200 {
			t.Errorf("after the end: %+v", a)
		}
	},
	"mfa-required": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin("")
		if a := askOnBehalf(t, e); !a.has(400, "AADSTS50076") || !a.has(400, `"claims":"{\"access_token\":{\"acrs\"`) {
			t.Errorf("%+v", a)
		}
		e.EndRehearsals()
		if a := askOnBehalf(t, e); a.status != 200 {
			t.Errorf("after the end: %+v", a)
		}
	},
	"foreign-identity": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		id := newIdentity(t, e)
		begin(`{"times":1}`)
		if a := acsCall(t, e, "POST", issuePath(id), `{"scopes":["chat"]}`); !a.has(401, "IdentityNotOwned") {
			t.Errorf("%+v", a)
		}
		if a := acsCall(t, e, "POST", issuePath(id), `{"scopes":["chat"]}`); a.status != 200 {
			t.Errorf("after the end: %+v", a)
		}
	},
	"graph-lag": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin(`{"lag":"1m"}`)
		add := `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"com.example.lag","x":"1"}`
		if a := graphCall(t, e, "POST", "/me/extensions", add); a.status != 201 {
			t.Fatalf("%+v", a)
		}
		if a := graphCall(t, e, "GET", "/me/extensions/com.example.lag", ""); a.status != 404 {
			t.Errorf("a read right after the write: %+v", a)
		}
		e.EndRehearsals()
		if a := graphCall(t, e, "GET", "/me/extensions/com.example.lag", ""); a.status != 200 {
			t.Errorf("after the end: %+v", a)
		}
	},
	"graph-throttled": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin(`{"times":1,"retryAfter":"none"}`)
		if a := graphCall(t, e, "GET", "/me", ""); !a.has(429, "TooManyRequests") || a.header.Get("Retry-After") != "" {
			t.Errorf("%+v", a)
		}
		begin(`{"times":1}`)
		if a := graphCall(t, e, "GET", "/me", ""); a.status != 429 || a.header.Get("Retry-After") != "2" {
			t.Errorf("%+v", a)
		}
		if a := graphCall(t, e, "GET", "/me", ""); a.status != 200 {
			t.Errorf("%+v", a)
		}
	},
	"slow-upstream": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin(`{"times":3,"delay":"30ms"}`)
		acsCall(t, e, "POST", "/identities", "{}")
		graphCall(t, e, "GET", "/me", "")
		askOnBehalf(t, e)
		for _, q := range e.Requests() {
			if q.Status >= 400 || q.Milliseconds < 30 {
				t.Errorf("%+v", q)
			}
		}
	},
	"clock-24h": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		token, before := issueACS(t, e), e.Now()
		begin("")
		if e.TokenState(token) != "expired" || e.Now().Sub(before) < 24*time.Hour {
			t.Errorf("token %s, clock %v on", e.TokenState(token), e.Now().Sub(before))
		}
		e.EndRehearsals()
		if e.TokenState(token) != "active" {
			t.Errorf("back: %s", e.TokenState(token))
		}
	},
	"acs-down": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin(`{"for":"1m"}`)
		for range 3 {
			if a := acsCall(t, e, "POST", "/identities", "{}"); !a.has(503, "ServiceUnavailable") {
				t.Errorf("%+v", a)
			}
		}
		if err := e.Advance(time.Minute); err != nil {
			t.Fatal(err)
		}
		newIdentity(t, e)
	},
	"entra-down": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin(`{"times":1}`)
		if a := askOnBehalf(t, e); !a.has(503, "AADSTS90033") || !a.has(503, "temporarily_unavailable") || a.header.Get("Retry-After") != "1" {
			t.Errorf("%+v", a)
		}
		if a := askOnBehalf(t, e); a.status != 200 {
			t.Errorf("after the end: %+v", a)
		}
	},
	"bad-json": func(t *testing.T, e *emulator.Emulator, begin func(string)) {
		begin("")
		if a := acsCall(t, e, "POST", "/identities", "{}"); a.status != 201 || json.Valid([]byte(a.body)) || len(e.Identities()) != 1 {
			t.Errorf("%+v", a)
		}
	},
}

// Every rehearsal does what it says, tells how it stands, and leaves nothing behind.
func TestRehearsals(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	for _, r := range e.Rehearsals() {
		play := plays[r.Name]
		if play == nil || r.Summary == "" || r.Sees == "" || r.Right == "" || r.Ends == "" || r.Active {
			t.Errorf("%+v", r)
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			play(t, e, func(options string) {
				answer := b.send("POST", e.AdminURL()+"/rehearsals/"+r.Name, options)
				if answer.status != http.StatusOK || answer.json(t)["active"] != (r.Name != "entra-keys-rolled") || answer.json(t)["started"] == nil {
					t.Fatalf("%d %s", answer.status, answer.body)
				}
			})
			b.send("DELETE", e.AdminURL()+"/rehearsals", "")
			for _, after := range e.Rehearsals() {
				if after.Active {
					t.Errorf("still under way: %+v", after)
				}
			}
			newIdentity(t, e)
			if a := askOnBehalf(t, e); a.status != 200 {
				t.Errorf("after all: %+v", a)
			}
			e.Reset()
		})
	}
	if len(plays) != len(e.Rehearsals()) {
		t.Errorf("%d plays for %d rehearsals", len(plays), len(e.Rehearsals()))
	}
}

func TestRehearsalBounds(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	for _, tt := range []struct {
		name, body string
		status     int
		text       string
	}{
		{"rain", "", 404, "quota-hit"}, {"quota-hit", `{"lag":"1s"}`, 400, "it takes times, retryAfter, op, for"},
		{"consent-withdrawn", `{"times":1}`, 400, "no options"}, {"quota-hit", `{"tims":1}`, 400, "tims"}, {"quota-hit", `{"times":-2}`, 400, "times"},
		{"acs-down", `{"for":"soon"}`, 400, "duration"}, {"acs-down", `{"for":"-1s"}`, 400, "for"}, {"acs-down", `{"status":200}`, 400, "400..599"},
		{"slow-upstream", `{"delay":"11m"}`, 400, "10m"}, {"graph-lag", `{"lag":"11m"}`, 400, "10m"}, {"clock-24h", `{"by":"90000h"}`, 400, "10 years"},
		{"key-rotated", `{"slot":"third"}`, 400, "secondary"}, {"quota-hit", `{"op":"dance"}`, 400, "dance"}, {"quota-hit", "[]", 400, "JSON"},
	} {
		if r := b.send("POST", e.AdminURL()+"/rehearsals/"+tt.name, tt.body); r.status != tt.status || !strings.Contains(r.body, tt.text) {
			t.Errorf("%s %s: %d %s", tt.name, tt.body, r.status, r.body)
		}
	}
	for _, r := range e.Rehearsals() {
		if r.Active {
			t.Errorf("a refused rehearsal began: %+v", r)
		}
	}
	if r, err := e.Rehearse("quota-hit"); err != nil || !r.Active || r.Left != 3 {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := e.Rehearse("quota-hit"); err != nil || r.Left != 3 { // anew, not twice
		t.Errorf("%+v %v", r, err)
	}
	e.EndRehearsal("quota-hit")
	newIdentity(t, e)
	if _, err := e.Rehearse("rain"); err == nil {
		t.Error("an unknown name")
	}
}

// header is the header of a token.
func header(t *testing.T, token string) map[string]any {
	t.Helper()
	h, _ := parts(t, token)
	return h
}

// Faults of Entra ID: before, after, and by operation.
func TestEntraFaults(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	form := daemonForm("https://communication.azure.com//.default")
	add := func(op string, f emulator.Fault) {
		t.Helper()
		if err := e.AddFault(op, 0, f); err != nil {
			t.Fatal(err)
		}
	}
	minted := func() int64 { return e.Counters().Entra["token.client_credentials"] }
	add("entra.token", emulator.Fault{Status: 429, RetryAfter: "3"})
	if a := tokenCall(t, e, form); !a.has(429, "AADSTS90055") || a.header.Get("Retry-After") != "3" || minted() != 0 || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("status: %+v", a)
	}
	add("entra.token", emulator.Fault{Status: 400, Code: "50196"})
	if a := tokenCall(t, e, form); !a.has(400, "AADSTS50196") {
		t.Errorf("code: %+v", a)
	}
	add("entra.token", emulator.Fault{DropBefore: true})
	if a := tokenCall(t, e, form); a.err == nil || minted() != 0 {
		t.Errorf("drop before: %+v, %d", a, minted())
	}
	add("entra.token", emulator.Fault{DropAfter: true})
	if a := tokenCall(t, e, form); a.err == nil || minted() != 1 {
		t.Errorf("drop after: %+v, %d", a, minted())
	}
	add("entra.token", emulator.Fault{StatusAfter: 500})
	if a := tokenCall(t, e, form); !a.has(500, "server_error") || minted() != 2 {
		t.Errorf("status after: %+v, %d", a, minted())
	}
	add("entra.token", emulator.Fault{BadJSON: true})
	if a := tokenCall(t, e, form); a.status != 200 || json.Valid([]byte(a.body)) {
		t.Errorf("bad JSON: %+v", a)
	}
	add("entra.*", emulator.Fault{DropAfter: true}) // a refusal arrives
	if a := tokenCall(t, e, url.Values{"grant_type": {"dance"}}); a.status != 400 {
		t.Errorf("refusal: %+v", a)
	}
	b := newBrowser(t)
	for op, path := range map[string]string{
		"entra.discovery": "/v2.0/.well-known/openid-configuration", "entra.keys": "/discovery/v2.0/keys", "entra.authorize": "/oauth2/v2.0/authorize",
	} {
		add(op, emulator.Fault{Status: 503})
		if r := b.get(e.Authority() + path); r.status != 503 || !strings.Contains(r.body, "AADSTS90033") {
			t.Errorf("%s: %d %s", op, r.status, r.body)
		}
	}
	if a := tokenCall(t, e, form); a.status != 200 {
		t.Errorf("after all: %+v", a)
	}
	for _, bad := range []string{"entra.dance", "graph.dance", "dance"} {
		if e.AddFault(bad, 0, emulator.Fault{Status: 500}) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	if e.AddFault("entra.token", -2, emulator.Fault{}) == nil || e.AddFault("entra.token", 0, emulator.Fault{Status: 99}) == nil || e.AddFault("", 0, emulator.Fault{Status: 400, Code: "a b"}) == nil {
		t.Error("out of bounds")
	}
}
