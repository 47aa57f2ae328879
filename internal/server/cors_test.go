package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/server"
)

// reference is what Access-Control-Allow-Origin must be: nothing but exact equality.
func reference(allowed, origins []string) string {
	if len(origins) == 1 && origins[0] != "" && origins[0] != "null" {
		if len(allowed) == 1 && allowed[0] == "*" {
			return "*"
		} else if slices.Contains(allowed, origins[0]) {
			return origins[0]
		}
	}
	return ""
}

func TestCORS(t *testing.T) {
	lists := [][]string{nil, {"https://app.test"}, {"https://app.test", "http://localhost:5173"}, {"*"}}
	origins := [][]string{nil, {""}, {"null"}, {"NULL"}, {"https://app.test"}, {"https://app.test/"}, {"https://APP.test"}, {"http://app.test"},
		{"https://app.test:443"}, {"https://app.test.evil.test"}, {"https://evil-app.test"}, {"https://sub.app.test"}, {"app.test"}, {"*"},
		{"http://localhost:5173"}, {"http://localhost:51733"}, {"https://app.test", "https://app.test"}, {"https://app.test, https://evil.test"}, {"https://app.test\x00"}}
	synctest.Test(t, func(t *testing.T) {
		for _, allowed := range lists {
			w := newWorld(t, func(o *server.Options) { o.AllowedOrigins = allowed })
			for _, origin := range origins {
				set := func(r *http.Request) { r.Header["Origin"] = origin }
				want := reference(allowed, origin)
				for _, target := range []string{"/getUser", "/livez", "/nowhere"} {
					checkCORS(t, fmt.Sprint("GET ", target, allowed, origin), w.do("GET", target, "", set), want, len(allowed) > 0)
				}
				pre := w.do("OPTIONS", "/getToken", "", set, header("Access-Control-Request-Method", "POST"))
				checkCORS(t, fmt.Sprint("preflight", allowed, origin), pre, want, len(allowed) > 0)
				if status := map[bool]int{true: 204, false: 405}[want != ""]; pre.StatusCode != status {
					t.Errorf("preflight %v %v: status %d, want %d", allowed, origin, pre.StatusCode, status)
				}
			}
		}
	})
}

func checkCORS(t *testing.T, name string, a answer, want string, on bool) {
	t.Helper()
	h := a.Header
	if got := h.Get("Access-Control-Allow-Origin"); got != want || len(h.Values("Access-Control-Allow-Origin")) > 1 {
		t.Errorf("%s: allowed %q, want %q", name, got, want)
	}
	if (h.Get("Vary") == "Origin") != on || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%s: headers %v", name, h)
	}
	if got := h.Get("Access-Control-Expose-Headers"); (got == "WWW-Authenticate, Retry-After, X-Request-Id") != (want != "") {
		t.Errorf("%s: exposed %q", name, got)
	}
}

func TestPreflight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *server.Options) { o.AllowedOrigins = []string{"https://app.test"} })
		origin, ask := header("Origin", "https://app.test"), header("Access-Control-Request-Method", "DELETE")
		a := w.do("OPTIONS", "/api/user", "", origin, ask, header("Access-Control-Request-Headers", "x-evil"))
		if a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Methods") != "DELETE, GET, POST" ||
			a.Header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, teams-user-aad-token, traceparent, tracestate, X-Request-Id" {
			t.Errorf("%d %v", a.StatusCode, a.Header)
		}
		w.do("OPTIONS", "/api/user", "", origin).is(t, 405, "method_not_allowed")
		w.do("OPTIONS", "/nowhere", "", origin, ask).is(t, 404, "route_not_found")
	})
}

// TestRefusedOriginsAreLoggedOnceAMinute, and never more than a number of them.
func TestRefusedOriginsAreLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *server.Options) { o.AllowedOrigins = []string{"https://app.test"} })
		lines := func() int { return strings.Count(w.log.String(), "origin refused") }
		for range 3 {
			w.do("GET", "/livez", "", header("Origin", "https://evil.test"))
			w.do("GET", "/livez", "", header("Origin", "https://evil.test\r\nforged"))
		}
		if n := lines(); n != 2 || strings.Contains(w.log.String(), "forged") {
			t.Errorf("%d lines: %s", n, w.log)
		}
		time.Sleep(time.Minute)
		for i := range 500 {
			w.do("GET", "/livez", "", header("Origin", fmt.Sprintf("https://evil%d.test", i)))
		}
		if n := lines(); n != 2+64 {
			t.Errorf("%d lines", n)
		}
		time.Sleep(time.Minute)
		w.do("GET", "/livez", "", header("Origin", "https://evil499.test"))
		if n := lines(); n != 2+64+1 {
			t.Errorf("%d lines", n)
		}
	})
}
