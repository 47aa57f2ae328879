package acs

import (
	"crypto/tls"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersions(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	for _, tc := range []struct {
		version, oldest string
		body            string
		status          int
	}{
		{"2021-03-07", "", `{"scopes":["chat"]}`, 200},
		{"2021-03-07", "", `{"scopes":["chat"],"expiresInMinutes":1}`, 200}, // unknown field there
		{"2022-06-01", "", `{"scopes":["voip"],"expiresInMinutes":1}`, 200},
		{"2022-10-01", "", `{"scopes":["voip"],"expiresInMinutes":1}`, 400},
		{"2022-10-01", "", `{"scopes":["chat.join"]}`, 400},
		{"2023-10-01", "", `{"scopes":["chat.join"]}`, 200},
		{"2025-03-02-preview", "", `{"scopes":["chat.join.limited"]}`, 200},
		{"2025-06-30", "", `{"scopes":["voip.join"]}`, 200},
		{"2026-09-23", "", `{"scopes":["chat"]}`, 200},
	} {
		w := f.serve(f.request("POST", pathOf(id)+"/:issueAccessToken?api-version="+tc.version, tc.body))
		if w.Code != tc.status {
			t.Errorf("%s %s: %d, want %d: %s", tc.version, tc.body, w.Code, tc.status, w.Body)
		}
	}
}

func TestVersionRefusals(t *testing.T) {
	f := newFixture(t, nil)
	for _, tc := range []struct{ method, target, code string }{
		{"POST", "/identities", "ApiVersionUnspecified"},
		{"POST", "/identities?api-version=", "ApiVersionUnspecified"},
		{"POST", "/identities?api-version=2021-03-07&api-version=2023-10-01", "AmbiguousApiVersion"},
		{"POST", "/identities?api-version=2024-01-01", "UnsupportedApiVersion"},
		{"POST", "/identities?api-version=2025-03-02", "UnsupportedApiVersion"},
		{"POST", "/teamsUser/:exchangeAccessToken?api-version=2021-03-07", "UnsupportedApiVersion"},
		{"GET", "/identities/8:acs:x?api-version=2025-06-30", "UnsupportedApiVersion"},
	} {
		wantRefusal(t, f.serve(f.request(tc.method, tc.target, "")), 400, tc.code, "")
	}
	r := f.request("POST", "/identities?api-version=2024-01-01", "")
	r.Header.Del("Authorization") // the version is judged first
	got := read[envelope](t, f.serve(r), 400)
	want := "The HTTP resource that matches the request URI 'http://" + testHost + "/identities' does not support the API version '2024-01-01'."
	if diff := cmp.Diff(want, got.Error.Message); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/", "/identities/", "/Identities", "/identities/x/:nothing", "/identities/x/y/z", "/teamsUser", "/emulator"} {
		if path == "/identities/" {
			wantRefusal(t, f.do("POST", path, ""), 405, "MethodNotAllowed", "")
			continue
		}
		wantRefusal(t, f.do("POST", path, ""), 404, "NotFound", "")
	}
	for path, allow := range map[string]string{"/identities": "POST", "/identities/x": "DELETE, GET, PATCH", "/teamsUser/:exchangeAccessToken": "POST"} {
		w := f.do("PUT", path, "")
		wantRefusal(t, w, 405, "MethodNotAllowed", "")
		if got := w.Header().Get("Allow"); got != allow {
			t.Errorf("%s: Allow %q, want %q", path, got, allow)
		}
	}
}

func TestBodyIsBounded(t *testing.T) {
	f := newFixture(t, nil)
	blank := strings.Repeat(" ", maxBody-2)
	if w := f.do("POST", "/identities", "{}"+blank); w.Code != 201 {
		t.Errorf("largest body: %d", w.Code)
	}
	wantRefusal(t, f.do("POST", "/identities", "{} "+blank), 413, "RequestEntityTooLarge", "")
}

func TestResponseHeaders(t *testing.T) {
	f := newFixture(t, nil)
	const teams = "2021-03-31-preview1, 2021-10-31-preview, 2022-06-01, 2022-10-01, 2023-08-01, 2023-10-01, 2025-03-02-preview, 2025-06-30, 2026-09-23"
	const all = "2020-07-20-preview2, 2021-02-22-preview1, 2021-03-07, " + teams
	for _, tc := range []struct{ method, path, contentType, versions string }{
		{"POST", "/identities", "application/json; charset=utf-8", all},
		{"DELETE", "/identities/x", "application/json", all},
		{"POST", "/teamsUser/:exchangeAccessToken", "application/json", teams},
		{"POST", "/nothing", "application/json", ""},
	} {
		r := f.request(tc.method, tc.path+"?api-version="+stable, "")
		r.Header.Set("x-ms-client-request-id", "39b9d4eb-ebbd-476d-93b9-a79347ee2850")
		r.TLS = &tls.ConnectionState{}
		h := f.serve(r).Header()
		for name, want := range map[string]string{
			"Content-Type": tc.contentType, "api-supported-versions": tc.versions, "Request-Context": "appId=",
			"x-ms-client-request-id":    "39b9d4eb-ebbd-476d-93b9-a79347ee2850",
			"Strict-Transport-Security": "max-age=2592000",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", tc.path, name, got, want)
			}
		}
		if cv := h.Get("MS-CV"); !regexp.MustCompile(`^[A-Za-z0-9+/]{22}\.0$`).MatchString(cv) {
			t.Errorf("MS-CV %q", cv)
		}
		if d := h.Get("X-Processing-Time"); !regexp.MustCompile(`^\d+ms$`).MatchString(d) {
			t.Errorf("X-Processing-Time %q", d)
		}
	}
	if h := f.do("POST", "/identities", "").Header(); h.Get("x-ms-client-request-id") != "" || h.Get("Strict-Transport-Security") != "" {
		t.Error("headers that were not asked for")
	}
}
