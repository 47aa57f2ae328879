package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A server answers with what its handlers say, one after the other; the last one stays.
type server struct {
	mu       sync.Mutex
	handlers []func(*http.Request) (*http.Response, error)
	requests []*http.Request
	at       []time.Time
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	h := s.handlers[0]
	if len(s.handlers) > 1 {
		s.handlers = s.handlers[1:]
	}
	s.requests, s.at = append(s.requests, r), append(s.at, time.Now())
	s.mu.Unlock()
	return h(r)
}

func (s *server) paths() (list []string) {
	for _, r := range s.requests {
		list = append(list, r.URL.Path)
	}
	return list
}

func reply(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func problem(status int, code string, header ...string) func(*http.Request) (*http.Response, error) {
	return reply(status, fmt.Sprintf(`{"title":"T","status":%d,"detail":"It happened.","code":%q,"instance":"req-1","hint":"Change it."}`, status, code), header...)
}

// token is a fresh answer, made when it is asked for.
func token(life time.Duration, kind string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		end := time.Now().Add(life)
		b, err := json.Marshal(map[string]any{"token": fmt.Sprintf("a.%d.c", end.UnixNano()), "expiresOn": end.UTC().Format(time.RFC3339), "refreshAfter": end.Add(-11 * time.Minute).UTC().Format(time.RFC3339),
			"kind": kind, "endpoint": "https://acs.example", "user": map[string]string{"id": "8:acs:r_u", "rawId": "8:acs:r_u"}})
		if err != nil {
			return nil, err
		}
		return reply(200, string(b))(r)
	}
}

var hour = token(time.Hour, "communicationUser")

func entra(context.Context, Request) (string, error) { return "entra.token.x", nil }

func newClient(t *testing.T, source Source, handlers ...func(*http.Request) (*http.Response, error)) (*Client, *server) {
	t.Helper()
	s := &server{handlers: handlers}
	c, err := New("https://auth.example/base/", source, &Options{HTTP: &http.Client{Transport: s}})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func get(t *testing.T, c *Client) Token {
	t.Helper()
	got, err := c.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTokenInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, entra, hour)
		first := get(t, c)
		time.Sleep(47*time.Minute + 50*time.Second)
		if get(t, c).Token != first.Token || len(s.requests) != 1 {
			t.Errorf("%d requests", len(s.requests))
		}
		time.Sleep(75 * time.Second)
		if get(t, c).Token == first.Token || fmt.Sprint(s.paths()) != "[/base/getToken /base/refreshToken]" {
			t.Errorf("%v", s.paths())
		}
		if got := s.requests[0].Header.Get("Authorization"); got != "Bearer entra.token.x" {
			t.Error(got)
		}
		if _, err := c.Refresh(t.Context()); err != nil || len(s.requests) != 3 {
			t.Errorf("%v, %d requests", err, len(s.requests))
		}
	})
}

func TestCallersShareARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c, s := newClient(t, entra, func(r *http.Request) (*http.Response, error) {
			select {
			case <-release:
				return hour(r)
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { _, err := c.Token(ctx); left <- err }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { get(t, c) })
		}
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(release)
		wg.Wait()
		if len(s.requests) != 1 {
			t.Errorf("%d requests", len(s.requests))
		}
	})
}

func TestARequestThatNobodyWaitsForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, entra, func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		synctest.Wait()
		if s.requests[0].Context().Err() == nil {
			t.Error("the request goes on")
		}
		get(t, c)
	})
}

func TestAFailureIsHiddenWhileTheTokenLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, entra, hour, problem(503, "acs_unavailable", "Retry-After", "20"), hour)
		first := get(t, c)
		time.Sleep(50 * time.Minute)
		for range 5 {
			if get(t, c).Token != first.Token {
				t.Error("another token")
			}
		}
		time.Sleep(19 * time.Second)
		if get(t, c).Token != first.Token || len(s.requests) != 2 {
			t.Errorf("%d requests", len(s.requests))
		}
		time.Sleep(2 * time.Second)
		if get(t, c).Token == first.Token || len(s.requests) != 3 {
			t.Errorf("%d requests", len(s.requests))
		}
	})
}

func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }
		c, s := newClient(t, entra, down, problem(502, "acs_rejected"), problem(429, "acs_throttled", "Retry-After", "7"), hour)
		get(t, c)
		gaps := []time.Duration{s.at[1].Sub(s.at[0]), s.at[2].Sub(s.at[1]), s.at[3].Sub(s.at[2])}
		if gaps[0] > 500*time.Millisecond || gaps[1] > time.Second || gaps[2] != 7*time.Second {
			t.Errorf("%v", gaps)
		}
		c, s = newClient(t, entra, problem(503, "acs_unavailable"))
		if _, err := c.Token(t.Context()); err == nil || len(s.requests) != 4 {
			t.Errorf("%v after %d requests", err, len(s.requests))
		}
		for code, handler := range map[string]func(*http.Request) (*http.Response, error){"user_limit": problem(429, "user_limit", "Retry-After", "3600"), "policy_denied": problem(403, "policy_denied")} {
			c, s = newClient(t, entra, handler)
			_, err := c.Token(t.Context())
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Code != code || len(s.requests) != 1 || e.RequestID != "req-1" || e.Hint != "Change it." {
				t.Errorf("%v after %d requests", err, len(s.requests))
			}
		}
	})
}

func TestChallenge(t *testing.T) {
	const wanted = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	const field = `Bearer realm="t", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"`
	for _, tc := range []struct {
		challenge string
		want      Request
	}{{field, Request{Claims: wanted}}, {"", Request{ForceRefresh: true}}, {`Bearer claims="bm90IGpzb24="`, Request{ForceRefresh: true}}} {
		synctest.Test(t, func(t *testing.T) {
			var asked []Request
			source := func(_ context.Context, r Request) (string, error) {
				asked = append(asked, r)
				return fmt.Sprintf("n%d.token.x", len(asked)), nil
			}
			c, s := newClient(t, source, problem(401, "step_up_required", "WWW-Authenticate", tc.challenge), hour)
			get(t, c)
			if len(asked) != 2 || asked[0] != (Request{}) || asked[1] != tc.want || s.requests[1].Header.Get("Authorization") != "Bearer n2.token.x" {
				t.Errorf("%+v", asked)
			}
			c, s = newClient(t, entra, problem(401, "token_invalid", "WWW-Authenticate", tc.challenge))
			if _, err := c.Token(t.Context()); err == nil || len(s.requests) != 2 {
				t.Errorf("%v after %d requests", err, len(s.requests))
			}
		})
	}
}

// TestTeamsTokenIsNotAskedForInALoop: it ends with the access token that it was exchanged for.
func TestTeamsTokenIsNotAskedForInALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []Request
		source := func(_ context.Context, r Request) (string, error) { asked = append(asked, r); return "e.t.x", nil }
		c, s := newClient(t, source, token(8*time.Minute, "teamsUser"))
		for range 10 {
			if _, err := c.TeamsToken(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.requests) != 2 || s.requests[0].Header.Get("teams-user-aad-token") != "e.t.x" || s.requests[0].URL.Path != "/base/exchangeToken" {
			t.Errorf("%v", s.paths())
		}
		if fmt.Sprint(asked) != fmt.Sprint([]Request{{}, {Teams: true}, {ForceRefresh: true}, {Teams: true, ForceRefresh: true}}) {
			t.Errorf("%+v", asked)
		}
		time.Sleep(31 * time.Second)
		if _, err := c.TeamsToken(t.Context()); err != nil || len(s.requests) != 3 {
			t.Errorf("%v after %d requests", err, len(s.requests))
		}
	})
}

func TestAnswersAreNotTrusted(t *testing.T) {
	for name, h := range map[string]func(*http.Request) (*http.Response, error){
		"no JSON": reply(200, "<html>"), "null": reply(200, "null"), "too long": reply(200, strings.Repeat("x", 70_000)), "another kind": token(time.Hour, "teamsUser"),
		"no problem document": reply(404, "<html>not here</html>"), "a redirect": reply(302, "", "Location", "https://elsewhere.example/"),
	} {
		synctest.Test(t, func(t *testing.T) {
			c, s := newClient(t, entra, h)
			_, err := c.Token(t.Context())
			if e, ok := errors.AsType[*Error](err); !ok || e.Code != "answer_invalid" || len(s.requests) != 1 {
				t.Errorf("%s: %v after %d requests", name, err, len(s.requests))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, _ := newClient(t, entra, token(-5*time.Minute, "communicationUser"))
		if _, err := c.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "clock_wrong") {
			t.Error(err)
		}
		c, s := newClient(t, func(context.Context, Request) (string, error) { return "two words", nil }, hour)
		if _, err := c.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "access_token") || len(s.requests) != 0 {
			t.Error(err)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for _, bad := range []string{"http://a.example", "ftp://a.example", "https://u:p@a.example", "https://a.example/?q", "https://a.example/#f", "a.example", ""} {
		if _, err := New(bad, entra, nil); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if _, err := New("https://a.example", nil, nil); err == nil {
		t.Error("no source: no error")
	}
	for _, fine := range []string{"https://a.example", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1"} {
		if _, err := New(fine, entra, nil); err != nil {
			t.Error(err)
		}
	}
}

// TestADay: over 26 hours with several callers, what is handed out lives for 10 minutes if the server gives one, and for a minute if a fifth of the calls fails.
func TestADay(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			failing := float64(seed%2) * 0.2
			c, s := newClient(t, entra, func(r *http.Request) (*http.Response, error) {
				if random.Float64() < failing {
					return problem(503, "acs_unavailable")(r)
				}
				return hour(r)
			})
			least := time.Hour
			for end := time.Now().Add(26 * time.Hour); time.Now().Before(end); time.Sleep(time.Duration(random.IntN(240)) * time.Second) {
				least = min(least, time.Until(get(t, c).ExpiresOn))
			}
			floor := 10 * time.Minute
			if failing > 0 {
				floor = time.Minute
			}
			if n := len(s.requests); least < floor || n < 31 || n > 70 {
				t.Errorf("seed %d: %d calls, least life left %v", seed, n, least)
			}
			t.Logf("seed %d: %d calls, least life left %v", seed, len(s.requests), least.Round(time.Second))
		})
	}
}

func TestTokensAreNotShown(t *testing.T) {
	c := Token{Token: "secret.token.x", ExpiresOn: time.Unix(0, 0)}
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.LogValue()); strings.Contains(s, "secret") {
		t.Error(s)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"token":"a.b.c","expiresOn":"2026-01-31T13:00:00Z","refreshAfter":"2026-01-31T12:49:00Z","kind":"communicationUser","endpoint":"https://a","user":{"id":"8:acs:r_u","rawId":"8:acs:r_u"}}`), `Bearer claims="e30="`, "7")
	f.Add([]byte(`{"code":"x","hint":1}`), `Bearer claims="`, "Sat, 31 Jan 2026 12:00:00 GMT")
	f.Fuzz(func(t *testing.T, body []byte, challenge, after string) {
		if got, err := parseToken(body, "communicationUser"); err == nil && (!isToken(got.Token) || got.User.ID == "" || got.RefreshAfter.After(got.ExpiresOn)) {
			t.Errorf("%+v", got.User)
		}
		if c := claims(challenge); c != "" && !json.Valid([]byte(c)) {
			t.Errorf("%q", c)
		}
		if d := retryAfter(after, time.Unix(0, 0)); d < 0 {
			t.Error(d)
		}
		r := &http.Response{StatusCode: 401, Header: http.Header{"Www-Authenticate": {challenge}, "Retry-After": {after}}}
		if e := refusal("Token", r, body, time.Unix(0, 0)); e.Code == "" || len(e.Detail) > maxText {
			t.Errorf("%+v", e)
		}
	})
}
