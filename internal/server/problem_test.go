package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/telemetry"
	"github.com/google/go-cmp/cmp"
)

// bare returns a server that can answer with problems only.
func bare() *Server {
	return &Server{metrics: telemetry.NewMetrics(), log: slog.New(slog.DiscardHandler), o: Options{
		ErrorsURL: "https://errors.test/", Scope: "access_as_user", AuthorizationServers: []string{"https://login.test/tenant-1/v2.0"},
	}, public: &publicURL{metadata: "https://auth.test/.well-known/oauth-protected-resource"}}
}

// failed answers an error and returns the recorded answer and the exchange.
func failed(s *Server, err error) (*httptest.ResponseRecorder, *exchange) {
	rec := httptest.NewRecorder()
	x := &exchange{ResponseWriter: rec, id: "id-1"}
	s.fail(x, httptest.NewRequest("GET", "/getUser", nil), err)
	return rec, x
}

// TestProblemGolden pins the answer for every code. To accept a wanted change:
// UPDATE_GOLDEN=1 go test ./internal/server -run TestProblemGolden.
func TestProblemGolden(t *testing.T) {
	var b strings.Builder
	for _, c := range codes {
		rec, _ := failed(bare(), &acsauth.Error{Kind: c.Kind, Code: c.Code, Op: "op", Detail: `A "detail".`, Hint: "A hint.", Err: errors.New("inside")})
		fmt.Fprintf(&b, "%s\n%d\n", c.Code, rec.Code)
		for _, h := range []string{"Content-Type", "WWW-Authenticate", "Retry-After", "Connection"} {
			if v := rec.Header().Get(h); v != "" {
				fmt.Fprintf(&b, "%s: %s\n", h, v)
			}
		}
		fmt.Fprintf(&b, "%s\n", rec.Body)
	}
	const file = "testdata/problems.golden"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownErrorsSayNothing(t *testing.T) {
	for name, err := range map[string]error{
		"plain":         errors.New("secret words"),
		"wrapped plain": fmt.Errorf("around: %w", errors.New("secret words")),
		"kind Internal": &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Detail: "secret words"},
		"without code":  &acsauth.Error{Kind: acsauth.Invalid, Detail: "secret words"},
		"canceled":      fmt.Errorf("secret words: %w", context.Canceled),
	} {
		rec, x := failed(bare(), err)
		if rec.Code != 500 || strings.Contains(rec.Body.String(), "secret") || !strings.Contains(x.cause, "secret words") {
			t.Errorf("%s: status %d, body %s, cause %q", name, rec.Code, rec.Body, x.cause)
		}
	}
}

func TestWrappedErrorsKeepTheirKind(t *testing.T) {
	rec, _ := failed(bare(), fmt.Errorf("around: %w", &acsauth.Error{Kind: acsauth.NotFound, Code: "identity_not_found", Detail: "d"}))
	if rec.Code != 404 {
		t.Errorf("status %d", rec.Code)
	}
	rec, x := failed(bare(), fmt.Errorf("around: %w", context.DeadlineExceeded))
	if rec.Code != 504 || x.failure.Code != "request_timeout" {
		t.Errorf("status %d, code %s", rec.Code, x.failure.Code)
	}
}

// TestClaimsChallenge pins the form that the client libraries of Microsoft parse.
func TestClaimsChallenge(t *testing.T) {
	e := &acsauth.Error{Kind: acsauth.StepUp, Code: "interaction_required", Detail: "d", Claims: `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`}
	const claims = `error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"`
	for _, c := range []struct {
		servers []string
		want    string
	}{
		{nil, `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/v2.0/authorize", ` + claims},
		{[]string{"https://login.test/t1/v2.0"}, `Bearer realm="t1", authorization_uri="https://login.test/t1/oauth2/v2.0/authorize", ` + claims},
		{[]string{"https://login.test/t1/v2.0", "https://login.test/t2/v2.0"}, `Bearer realm="", authorization_uri="https://login.test/common/oauth2/v2.0/authorize", ` + claims},
	} {
		s := bare()
		s.o.AuthorizationServers = c.servers
		rec, _ := failed(s, e)
		if got := rec.Header().Get("WWW-Authenticate"); rec.Code != 401 || got != c.want {
			t.Errorf("%d\n got %s\nwant %s", rec.Code, got, c.want)
		}
	}
}

func TestChallengeHoldsLegalCharactersOnly(t *testing.T) {
	detail := "a\"b\\c\r\nd\x00é" + strings.Repeat("x", 1000)
	rec, _ := failed(bare(), &acsauth.Error{Kind: acsauth.Unauthenticated, Code: "token_invalid", Detail: detail})
	got := rec.Header().Get("WWW-Authenticate")
	want := `Bearer realm="acsauth", error="invalid_token", error_description="abcd` + strings.Repeat("x", maxDescription-4) +
		`", resource_metadata="https://auth.test/.well-known/oauth-protected-resource"`
	if got != want {
		t.Errorf("got %s", got)
	}
	s := bare()
	s.public = nil
	if rec, _ = failed(s, &acsauth.Error{Kind: acsauth.Unauthenticated, Code: "token_missing"}); rec.Header().Get("WWW-Authenticate") != `Bearer realm="acsauth"` {
		t.Errorf("got %s", rec.Header().Get("WWW-Authenticate"))
	}
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		kind acsauth.Kind
		d    time.Duration
		want string
	}{
		{acsauth.Throttled, 0, "1"}, {acsauth.Unavailable, -time.Second, "1"}, {acsauth.Throttled, time.Nanosecond, "1"},
		{acsauth.Throttled, time.Second, "1"}, {acsauth.Throttled, time.Second + 1, "2"}, {acsauth.Throttled, 48 * time.Hour, "3600"},
		{acsauth.Conflict, 0, ""}, {acsauth.Conflict, 1500 * time.Millisecond, "2"}, {acsauth.Timeout, 0, ""}, {acsauth.Invalid, 0, ""},
	} {
		if got := retryAfter(&acsauth.Error{Kind: c.kind, RetryAfter: c.d}); got != c.want {
			t.Errorf("%v %v: %q, want %q", c.kind, c.d, got, c.want)
		}
	}
}

// TestFailAfterAnAnswerBegan: what was sent cannot be taken back, but the log says what happened.
func TestFailAfterAnAnswerBegan(t *testing.T) {
	rec := httptest.NewRecorder()
	x := &exchange{ResponseWriter: rec}
	_ = x.send(200, "text/plain", []byte("begun"))
	bare().fail(x, httptest.NewRequest("GET", "/", nil), errors.New("late"))
	if rec.Body.String() != "begun" || x.failure.Code != "internal" || x.cause != "late" || x.status != 200 {
		t.Errorf("body %q, exchange %+v", rec.Body, x)
	}
}

func TestProblemIsJSON(t *testing.T) {
	rec, _ := failed(bare(), errBody("The member '<b>' \u2028 has the wrong type."))
	var p problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || p.Instance != "id-1" || p.Type != "https://errors.test/#body_invalid" {
		t.Errorf("%v: %+v", err, p)
	}
}

// TestPanicAfterAnAnswerBegan: the client must not take half an answer for a whole one.
func TestPanicAfterAnAnswerBegan(t *testing.T) {
	s := bare()
	s.table = map[string]route{"/x": {"GET": func(x *exchange, _ *http.Request) error {
		_ = x.send(http.StatusOK, "text/plain", []byte("half"))
		panic("secret words")
	}}}
	rec := httptest.NewRecorder()
	defer func() {
		if v := recover(); v != http.ErrAbortHandler || rec.Body.String() != "half" {
			t.Errorf("panic %v, body %q", v, rec.Body)
		}
	}()
	s.serve(rec, httptest.NewRequest("GET", "/x", nil))
	t.Error("the handler ended as if all were well")
}
