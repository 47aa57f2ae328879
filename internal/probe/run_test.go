package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// jwt makes a token that nobody signed.
func jwt(claims map[string]any) string {
	t := token{header: map[string]any{"alg": "RS256", "typ": "JWT", "kid": "k"}, claims: claims}
	t.parts = [3]string{encode(t.header), encode(t.claims), b64(bytes.Repeat([]byte{7}, 256))}
	return t.compact()
}

func userToken() string {
	return jwt(map[string]any{"iss": "http://127.0.0.1:1", "aud": "api", "tid": newGUID(), "oid": newGUID(), "azp": newGUID(), "scp": "access_as_user", "exp": time.Now().Unix() + 3600})
}

// probeOf runs against a handler.
func probeOf(t *testing.T, h http.HandlerFunc, change func(*Options)) Report {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o := Options{URL: srv.URL, Tokens: Tokens{Good: userToken()}}
	for _, c := range GivenControls() {
		claims := map[string]any{"exp": time.Now().Unix() - 60}
		if c == "not-before" {
			claims["nbf"] = time.Now().Unix() + 3600
		}
		o.Tokens.Wrong = append(o.Tokens.Wrong, Wrong{Control: c, Name: "given", Token: jwt(claims), Exact: true})
	}
	if change != nil {
		change(&o)
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	text := new(strings.Builder)
	if err := r.WriteText(text); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range append(o.Tokens.Wrong, Wrong{Token: o.Tokens.Good}) {
		if payload := strings.Split(tok.Token, ".")[1]; strings.Contains(text.String()+string(asJSON), payload) {
			t.Error("a token is in the report")
		}
	}
	return r
}

func problem(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"code":%q}`, code)
}

// A server that lets everybody in fails in every control that a request was sent for.
func TestServerThatLetsAllIn(t *testing.T) {
	r := probeOf(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.URL.Path == "/exchangeToken" {
			problem(w, 403, rejected)
		}
	}, nil)
	var want []string
	for _, c := range Controls() {
		if c != "no-store" && c != "redirect" && c != "plain-http" { // they are as they must be, in this server
			want = append(want, c)
		}
	}
	got := r.Findings()
	slices.Sort(got)
	want = append(want, "no-store", "redirect") // a refusal and an unknown path are served, too
	slices.Sort(want)
	if !slices.Equal(got, want) || r.Passed || len(r.Proven) > 0 {
		t.Errorf("findings %v\nwant     %v\nproven %v", got, want, r.Proven)
	}
	if n := r.count(LetIn); n < 40 {
		t.Errorf("%d requests count as let in", n)
	}
}

// A server that refuses everything, breaks or is overloaded proves nothing.
func TestServerThatServesNobody(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"refuses":   func(w http.ResponseWriter, _ *http.Request) { problem(w, 401, "token_audience") },
		"breaks":    func(w http.ResponseWriter, _ *http.Request) { problem(w, 500, "internal") },
		"is silent": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"sends on":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"floods":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, zeros{}, 1<<20); problem(w, 200, "x") },
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			r := probeOf(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); h(w, r) }, nil)
			if name == "floods" { // it serves everybody, and no answer is read to its end
				if r.Passed {
					t.Error("it passed")
				}
				return
			}
			if calls.Load() != 1 || r.Passed || len(r.Proven) > 0 || !slices.Equal(r.Findings(), []string{goodControl}) || len(r.Untested) != len(Controls()) {
				t.Errorf("%d calls, %+v", calls.Load(), r)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// A token is sent to the server only, wherever that points.
func TestNoRedirectIsFollowed(t *testing.T) {
	var seen atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer other.Close()
	t.Setenv("HTTP_PROXY", other.URL)
	probeOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/user" && r.Header.Get("Origin") == "" && len(r.Header.Values("Authorization")) == 1 {
			problem(w, 404, "identity_not_found")
			return
		}
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}, nil)
	if seen.Load() > 0 {
		t.Errorf("the other server got %d requests", seen.Load())
	}
}

// What Retry-After says is waited for, and then the request counts.
func TestRateLimit(t *testing.T) {
	var calls atomic.Int64
	r := probeOf(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			problem(w, 429, "user_limit")
			return
		}
		problem(w, 401, "token_client")
	}, nil)
	if calls.Load() != 2 || r.Results[0].Got != "401 token_client" {
		t.Errorf("%d calls, %+v", calls.Load(), r.Results)
	}
}

func TestSkip(t *testing.T) {
	r := probeOf(t, func(w http.ResponseWriter, _ *http.Request) { problem(w, 404, "identity_not_found") }, func(o *Options) { o.Skip = []string{"teams", "guest", "cors"} })
	for _, x := range r.Results {
		if strings.HasPrefix(x.Control, "teams") || x.Control == "guest" || x.Control == "cors" {
			t.Errorf("%s was tried", x.Control)
		}
	}
	for _, u := range r.Untested {
		if strings.HasPrefix(u.Control, "teams") {
			t.Errorf("%s counts as not tested, not as skipped", u.Control)
		}
	}
}

// A token that another rule refuses first proves nothing about its own control, and is no finding.
func TestRefusedByAnother(t *testing.T) {
	k := refused("app-only", "x", get(), 403, "token_app_only", "token_client")
	for got, want := range map[string]string{
		"403 token_app_only": Refused, "403 token_client": Another, "401 token_client": WrongAnswer, "403 token_scope": WrongAnswer, "200 ": LetIn, "204 ": LetIn,
		"404 identity_not_found": LetIn, "404 route_not_found": WrongAnswer, "302 ": WrongAnswer, "429 user_limit": NoAnswer, "503 keys_unavailable": NoAnswer,
	} {
		status, code, _ := strings.Cut(got, " ")
		n, err := strconv.Atoi(status)
		if err != nil {
			t.Fatal(err)
		}
		a := answer{status: n, code: code}
		if r := k.judge(a); r.Verdict != want {
			t.Errorf("%s: %s, want %s", got, r.Verdict, want)
		}
	}
}
