package emulator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// variants yields a document with one value replaced at a time.
func variants(v any, replace []any, yield func(where string)) {
	var walk func(where string, v any, set func(any))
	walk = func(where string, v any, set func(any)) {
		for _, other := range replace {
			set(other)
			yield(where)
		}
		set(v)
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(where+"."+name, v[name], func(x any) { v[name] = x })
			}
		case []any:
			for i := range min(len(v), 2) {
				walk(where+"."+strconv.Itoa(i), v[i], func(x any) { v[i] = x })
			}
		}
	}
	root := v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(root)) {
		walk(name, root[name], func(x any) { root[name] = x })
	}
}

// A snapshot from a stranger is refused, or leaves services that answer.
func TestHostileSnapshots(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	b.post(tokenURL(e), codeForm(b.signIn(e, "alice")), "Origin", "http://localhost:3000")
	b.signIn(e, "alice")
	everything(t, e)
	text, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	entra := doc["entra"].(map[string]any)
	nameOf := func(list string) string { return entra[list].([]any)[0].(map[string]any)["name"].(string) }
	refresh, session := nameOf("refresh"), nameOf("sessions")
	taken := 0
	hostile := []any{nil, "x", -1.0, []any{nil}, "9999-12-31T23:59:59Z"}
	variants(doc, hostile, func(where string) {
		bad, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if e.Restore(bad) != nil {
			return
		}
		taken++
		for _, r := range probes(t, refresh, session) {
			rec := httptest.NewRecorder()
			e.Handler().ServeHTTP(rec, r)
			if rec.Code >= http.StatusInternalServerError && rec.Code != http.StatusServiceUnavailable {
				t.Errorf("with another %s %s: %d %.200s", where, r.URL.Path, rec.Code, rec.Body)
			}
		}
		e.Issued()
		if again, err := e.Snapshot(); err != nil {
			t.Errorf("with another %s there is no snapshot: %v", where, err)
		} else if err := e.Restore(again); err != nil {
			t.Errorf("with another %s its own snapshot is refused: %v", where, err)
		}
	})
	if taken == 0 {
		t.Error("none was taken: the test shows nothing")
	}
}

// probes are requests that look at most of the state.
func probes(t *testing.T, refresh, session string) []*http.Request {
	t.Helper()
	tenant := "/" + emulator.TenantID
	posted := func(form url.Values) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), "POST", tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	silent := httptest.NewRequestWithContext(t.Context(), "GET", tenant+"/oauth2/v2.0/authorize?"+with(authorizeForm(), "prompt", "none").Encode(), nil)
	silent.AddCookie(&http.Cookie{Name: "ESTSAUTH", Value: session})
	return []*http.Request{
		httptest.NewRequestWithContext(t.Context(), "GET", tenant+"/discovery/v2.0/keys", nil), silent,
		posted(daemonForm("https://graph.microsoft.com/.default")),
		posted(url.Values{"client_id": {emulator.SPAClientID}, "grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {apiScope + " openid"}}),
	}
}
