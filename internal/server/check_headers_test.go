package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// headersOf fails unless an answer has the header fields that every answer has, and none that tells what is behind it.
func headersOf(t *testing.T, op string, a answer) {
	t.Helper()
	h, kind := a.Header, a.Header.Get("Content-Type")
	at := fmt.Sprintf("%s %d", op, a.StatusCode)
	if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Request-Id") == "" {
		t.Errorf("%s: %v", at, h)
	}
	for _, name := range []string{"Etag", "Server", "X-Powered-By", "Last-Modified", "Expires", "Age", "Set-Cookie", "Location", "Refresh", "Via", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
		if _, there := h[name]; there {
			t.Errorf("%s: has %s: %q", at, name, h[name])
		}
	}
	for name, values := range h {
		if len(values) != 1 {
			t.Errorf("%s: %s is there %d times", at, name, len(values))
		}
	}
	switch {
	case a.StatusCode == http.StatusNoContent:
		if kind != "" || len(a.body) != 0 {
			t.Errorf("%s: no content of type %q", at, kind)
		}
	case a.StatusCode >= 400:
		if kind != "application/problem+json" {
			t.Errorf("%s: type %q", at, kind)
		}
	case kind != "application/json":
		t.Errorf("%s: type %q", at, kind)
	}
	if len(a.body) > 0 && !json.Valid(a.body) { // JSON is UTF-8: a charset parameter has no meaning (RFC 8259 section 11)
		t.Errorf("%s: body %q", at, a.body)
	}
	if (h.Get("WWW-Authenticate") != "") != (a.StatusCode == 401 || strings.Contains(string(a.body), `"code":"token_scope"`)) && a.StatusCode != 403 {
		t.Errorf("%s: challenge %q", at, h.Get("WWW-Authenticate"))
	}
	if after := h.Get("Retry-After"); (a.StatusCode == 429 || a.StatusCode == 503) && after == "" || strings.Trim(after, "0123456789") != "" {
		t.Errorf("%s: Retry-After %q", at, after)
	}
}

// K-06: each route with each status that it can give: no-store, nosniff, the type of the content, a request id, no ETag,
// no Server, nothing twice. And methods and paths that there are not.
func TestHeadersOfEveryAnswer(t *testing.T) {
	seen, statuses, routes := map[string]bool{}, map[int]bool{}, map[string]bool{}
	see := func(op string, a answer) {
		headersOf(t, op, a)
		_, target, _ := strings.Cut(op, " ")
		seen[fmt.Sprintf("%s %d", op, a.StatusCode)], statuses[a.StatusCode], routes[target] = true, true, true
	}
	for _, s := range scenarios() {
		for _, op := range bearerOperations(t) {
			method, target, _ := strings.Cut(op, " ")
			if strings.Contains(s.without, " "+op+" ") {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				if s.prepare != nil {
					s.prepare(w, target)
				}
				see(op, s.request(w, method, target))
			})
		}
	}
	successes(t, see)
	adminScenarios(t, see)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		for _, op := range bearerOperations(t) {
			_, target, _ := strings.Cut(op, " ")
			for _, method := range []string{"PUT", "PATCH", "TRACE", "OPTIONS"} {
				a := w.do(method, target, "", w.alice())
				see(method+" "+target, a)
				if a.Header.Get("Allow") == "" {
					t.Errorf("%s %s: no Allow", method, target)
				}
			}
			see("GET "+target+"/x", w.do("GET", target+"/x", "", w.alice()))
		}
	})
	if len(seen) < 72 || len(statuses) < 12 || len(routes) < 6 {
		t.Errorf("%d answers, %d statuses, %d routes: want 72, 12 and 6", len(seen), len(statuses), len(routes))
	}
	t.Logf("%d answers that differ in route, method or status; %d statuses, %d routes", len(seen), len(statuses), len(routes))
}
