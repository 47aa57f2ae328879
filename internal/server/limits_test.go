package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth/internal/server"
)

func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		token := w.alice()
		w.do("GET", "/getUser", "", token)
		checked := w.handler
		w.handler = w.server.Handler() // a thousand answers to check take their time
		release := make(chan struct{})
		w.store.fail(func(context.Context) error { <-release; return nil })
		var wg sync.WaitGroup
		for range 1024 {
			wg.Go(func() { w.do("GET", "/api/user", "", token).is(t, 200, "") })
		}
		synctest.Wait()
		w.handler = checked
		a := w.do("GET", "/api/user", "", token)
		a.is(t, 503, "overloaded")
		if a.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
		}
		w.do("GET", "/livez", "").is(t, 200, "")
		close(release)
		wg.Wait()
		w.do("GET", "/api/user", "", token).is(t, 200, "")
	})
}

func TestRequestID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		seen := map[string]bool{}
		for given, kept := range map[string]bool{"a": true, "A-Z_0.9": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false,
			"": false, "a b": false, "a\r\nb": false, "ä": false, "\x1b[31m": false, "a/b": false, `a"b`: false} {
			a := w.do("GET", "/getUser", "", header("X-Request-Id", given))
			id := a.Header.Get("X-Request-Id")
			if (id == given) != kept || a.object(t)["instance"] != id || seen[id] || !strings.Contains(w.log.String(), `"request_id":"`+id+`"`) {
				t.Errorf("given %q, got %q, instance %v", given, id, a.object(t)["instance"])
			}
			seen[id] = true
		}
		a := w.do("GET", "/livez", "", header("X-Request-Id", "one"), header("X-Request-Id", "two"))
		if id := a.Header.Get("X-Request-Id"); id == "one" || id == "two" {
			t.Errorf("one of two ids was taken: %q", id)
		}
	})
}

// lines decodes the log, from the first line that has all the words.
func (w *world) lines(words ...string) []map[string]any {
	w.t.Helper()
	var found []map[string]any
	for line := range strings.Lines(w.log.String()) {
		has := true
		for _, word := range words {
			has = has && strings.Contains(line, word)
		}
		if !has {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			w.t.Fatal(err)
		}
		found = append(found, m)
	}
	return found
}

// TestAccessLog: one line for each request, by pattern, with nothing of the request in it.
func TestAccessLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		id := func(s string) edit { return header("X-Request-Id", s) }
		w.do("GET", "/getToken?scopes=chat", "", w.alice(), id("ok"))
		w.do("GET", "/canary/path?canary=1", "", id("lost"))
		w.do("BREW", "/getToken", "", id("brew"))
		w.do("GET", "/livez", "", id("live"))
		w.do("GET", "/getUser", "", id("anonymous"))
		w.store.fail(func(context.Context) error { return context.DeadlineExceeded })
		w.do("GET", "/getUser", "", w.alice(), id("late"))
		w.store.fail(func(context.Context) error { var none []error; return none[len(none)] })
		w.do("GET", "/getUser", "", w.alice(), id("panic"))
		for name, want := range map[string]map[string]any{
			"ok":        {"level": "INFO", "method": "GET", "route": "/getToken", "status": 200.0},
			"lost":      {"level": "INFO", "route": "unmatched", "status": 404.0, "code": "route_not_found", "kind": "not_found"},
			"brew":      {"level": "INFO", "method": "other", "route": "/getToken", "status": 405.0, "code": "method_not_allowed"},
			"live":      {"level": "DEBUG", "route": "/livez", "status": 200.0},
			"anonymous": {"level": "INFO", "status": 401.0, "code": "token_missing", "kind": "unauthenticated"},
			"late":      {"level": "WARN", "status": 504.0, "code": "store_timeout", "kind": "timeout"},
			"panic":     {"level": "ERROR", "status": 500.0, "code": "internal", "kind": "internal"},
		} {
			lines := w.lines(`"msg":"request"`, `"request_id":"`+name+`"`)
			if len(lines) != 1 {
				t.Fatalf("%s: %d lines", name, len(lines))
			}
			for k, v := range want {
				if lines[0][k] != v {
					t.Errorf("%s: %s is %v, want %v", name, k, lines[0][k], v)
				}
			}
			if _, has := lines[0]["error"]; has != (want["status"].(float64) >= 500) {
				t.Errorf("%s: %v", name, lines[0])
			}
			if _, has := lines[0]["bytes"].(float64); !has || lines[0]["duration_ms"] == nil {
				t.Errorf("%s: %v", name, lines[0])
			}
		}
		p := w.lines(`"request_id":"panic"`)[0]
		if !strings.Contains(p["error"].(string), "index out of range [0] with length 0") || !strings.Contains(p["stack"].(string), "goroutine") {
			t.Errorf("panic line: %v", p)
		}
		scrape := w.scrape()
		for _, want := range []string{
			`acsauth_http_requests_total{method="GET",route="/getToken",status="200"} 1`,
			`acsauth_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
			`acsauth_http_requests_total{method="other",route="/getToken",status="405"} 1`,
			`acsauth_problems_total{code="token_missing"} 1`, `acsauth_problems_total{code="token_kind"} 0`,
			`acsauth_http_panics_total 1`, `acsauth_http_requests_in_flight 0`,
		} {
			if !strings.Contains(scrape, want+"\n") {
				t.Errorf("metrics lack %s", want)
			}
		}
	})
}

func (w *world) scrape() string {
	rec := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return rec.Body.String()
}

// TestClientThatLeaves is counted and gets no answer.
func TestClientThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		ctx, leave := context.WithCancel(t.Context())
		w.store.fail(func(context.Context) error { leave(); return context.Canceled })
		r := httptest.NewRequestWithContext(ctx, "GET", "/api/user", nil)
		w.alice()(r)
		rec := httptest.NewRecorder()
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("the connection was not cut: %v", v)
				}
			}()
			w.server.Handler().ServeHTTP(rec, r)
		}()
		if rec.Body.Len() != 0 || !strings.Contains(w.scrape(), `acsauth_http_requests_total{method="GET",route="/api/user",status="499"} 1`) {
			t.Errorf("answer %q", rec.Body)
		}
	})
}

func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		var w *world
		w = newWorld(t, func(o *server.Options) {
			o.Ready = func(ctx context.Context) error { calls++; return w.store.Ping(ctx) }
		})
		ready := func() string { return string(w.do("GET", "/readyz", "").body) }
		if got := ready(); got != `{"status":"unready","failing":["keys"]}`+"\n" {
			t.Error(got)
		}
		w.do("GET", "/getUser", "", w.alice()) // loads the keys
		for range 100 {
			ready()
		}
		if calls != 1 {
			t.Errorf("%d calls of the store", calls)
		}
		advance()
		if got := ready(); got != `{"status":"ready"}`+"\n" {
			t.Error(got)
		}
		_ = w.store.Close()
		advance()
		if got := ready(); got != `{"status":"unready","failing":["store"]}`+"\n" {
			t.Error(got)
		}
		if w.do("GET", "/livez", "").StatusCode != 200 {
			t.Error("not alive")
		}
	})
}
