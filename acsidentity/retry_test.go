package acsidentity

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

var errNetwork = errors.New("read tcp: connection reset by peer")

func broken(*http.Request) (*http.Response, error) { return nil, errNetwork }

func TestTriesByStatus(t *testing.T) {
	retried := []int{408, 429, 500, 502, 503, 504}
	final := []int{301, 302, 307, 308, 400, 401, 403, 404, 409, 422, 501, 505}
	for _, op := range operations() {
		synctest.Test(t, func(t *testing.T) {
			for i, status := range append(retried, final...) {
				want := 3
				if i >= len(retried) || op.name == "CreateIdentity" {
					want = 1
				}
				s := play(always(status, "", "Location", "https://other.example/"))
				e := asError(t, op.call(t.Context(), keyClient(t, testHost, with(s))))
				if s.tries != want || e.StatusCode != status || !e.Sent {
					t.Errorf("%s, %d: %d tries, want %d; %v", op.name, status, s.tries, want, e)
				}
			}
		})
	}
}

func TestTriesOnNetworkError(t *testing.T) {
	for _, op := range operations() {
		synctest.Test(t, func(t *testing.T) {
			want := 3
			if op.name == "CreateIdentity" {
				want = 1
			}
			s := play(broken)
			e := asError(t, op.call(t.Context(), keyClient(t, testHost, with(s))))
			if s.tries != want || e.StatusCode != 0 || !e.Sent || !errors.Is(e, errNetwork) || e.Op != op.name {
				t.Errorf("%s: %d tries, want %d; %v", op.name, s.tries, want, e)
			}
		})
	}
}

// No option, context or policy makes a create go out twice.
func TestCreateIsSentOnceWhateverTheOptionsSay(t *testing.T) {
	eager := policy.RetryOptions{MaxRetries: 9, RetryDelay: -1, ShouldRetry: func(*http.Response, error) bool { return true }}
	again := policyFunc(func(r *policy.Request) (*http.Response, error) {
		if resp, err := r.Next(); err == nil && resp.StatusCode < 300 {
			return resp, nil
		}
		if err := r.RewindBody(); err != nil {
			return nil, err
		}
		return r.Next()
	})
	for _, step := range []transportFunc{broken, always(408, ""), always(429, "", "Retry-After", "1"), always(500, ""), always(503, "")} {
		s := play(step)
		o := with(s)
		o.Retry = eager
		o.PerRetryPolicies = []policy.Policy{again}
		o.PerCallPolicies = []policy.Policy{again}
		_, err := keyClient(t, testHost, o).CreateIdentity(policy.WithRetryOptions(t.Context(), eager), nil)
		if e := asError(t, err); s.tries != 1 || !e.Sent {
			t.Errorf("%d tries; %v", s.tries, err)
		}
	}
}

// A claims challenge makes the bearer policy try again at once. For a create, the
// answer stands; the next create has the new token.
func TestCreateIsSentOnceUnderAChallenge(t *testing.T) {
	s := play(always(401, `{"error":{"code":"Denied","message":"m"}}`,
		"WWW-Authenticate", `Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ=="`))
	cred := &credential{token: "t"}
	c, err := NewClient(testHost, cred, with(s))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateIdentity(t.Context(), nil)
	if e := asError(t, err); s.tries != 1 || e.StatusCode != 401 || e.Code != CodeDenied || cred.calls != 2 {
		t.Errorf("%d tries, %d tokens; %v", s.tries, cred.calls, err)
	}
	if _, err := c.RevokeTokens(t.Context(), testID, nil); err == nil || s.tries != 3 {
		t.Errorf("revoke: %d tries in all, want 3; %v", s.tries, err)
	}
}

type policyFunc func(*policy.Request) (*http.Response, error)

func (f policyFunc) Do(r *policy.Request) (*http.Response, error) { return f(r) }

func TestEachTryHasAFreshDateAndTheWholeBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dates, ids, bodies []string
		note := func(r *http.Request) (*http.Response, error) {
			b, err := readBody(r)
			dates, ids, bodies = append(dates, r.Header.Get("X-Ms-Date")), append(ids, r.Header.Get(headerRequestID)), append(bodies, string(b))
			return respond(503, "", "Retry-After", "2"), err
		}
		c := keyClient(t, testHost, with(transportFunc(note)))
		if _, err := c.IssueToken(t.Context(), testID, scopes("chat"), nil); err == nil {
			t.Fatal("no error")
		}
		for i := range 3 {
			if bodies[i] != `{"scopes":["chat"]}` || ids[i] != ids[0] || i > 0 && dates[i] == dates[i-1] {
				t.Errorf("try %d: date %s, id %s, body %s", i, dates[i], ids[i], bodies[i])
			}
		}
	})
}

func TestDelays(t *testing.T) {
	for _, c := range []struct {
		name   string
		header []string
		lo, hi time.Duration // between the first and the second try; 0: there is no second
	}{
		{"backoff", nil, 200 * time.Millisecond, 325 * time.Millisecond},
		{"seconds", []string{"Retry-After", "2"}, 2 * time.Second, 2 * time.Second},
		{"milliseconds", []string{"Retry-After-Ms", "1500"}, 1500 * time.Millisecond, 1500 * time.Millisecond},
		{"ms header of the SDK", []string{"X-Ms-Retry-After-Ms", "700"}, 700 * time.Millisecond, 700 * time.Millisecond},
		{"at the cap", []string{"Retry-After", "5"}, 5 * time.Second, 5 * time.Second},
		{"over the cap", []string{"Retry-After", "6"}, 0, 0},
		{"thirty seconds", []string{"Retry-After", "30"}, 0, 0},
		{"overflow", []string{"Retry-After", "18446744074"}, 0, 0},
		{"endless", []string{"Retry-After", "99999999999999999999"}, 0, 0},
		{"junk", []string{"Retry-After", "soon"}, 200 * time.Millisecond, 325 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			s := play(always(429, "", c.header...), always(204, ""))
			_, err := keyClient(t, testHost, with(s)).RevokeTokens(t.Context(), testID, nil)
			switch {
			case c.hi == 0:
				e := asError(t, err)
				if s.tries != 1 || time.Since(start) != 0 || e.RetryAfter <= maxRetryDelay || e.RetryAfter > maxRetryAfter {
					t.Errorf("%s: %d tries in %v; %v", c.name, s.tries, time.Since(start), err)
				}
			case err != nil || s.tries != 2:
				t.Errorf("%s: %d tries; %v", c.name, s.tries, err)
			default:
				if d := s.times[1].Sub(s.times[0]); d < c.lo || d > c.hi {
					t.Errorf("%s: waited %v, want %v to %v", c.name, d, c.lo, c.hi)
				}
			}
		})
	}
}

func TestThrottledThirtySecondsComesBackAtOnce(t *testing.T) {
	for _, op := range operations() {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			s := play(always(429, `{"error":{"code":"TooManyRequests","message":"slow down"}}`, "Retry-After", "30"))
			e := asError(t, op.call(t.Context(), keyClient(t, testHost, with(s))))
			if e.RetryAfter != 30*time.Second || e.Code != CodeTooManyRequests || s.tries != 1 || time.Since(start) != 0 {
				t.Errorf("%s: %v after %v, %d tries", op.name, e, time.Since(start), s.tries)
			}
		})
	}
}

// A wait that would outlast the caller is not begun.
func TestDelayBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		s := play(always(503, "", "Retry-After", "3"))
		_, err := keyClient(t, testHost, with(s)).RevokeTokens(ctx, testID, nil)
		if e := asError(t, err); e.StatusCode != 503 || e.RetryAfter != 3*time.Second || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestContextEndsDuringABackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		s := play(always(503, "", "Retry-After", "3"))
		_, err := keyClient(t, testHost, with(s)).RevokeTokens(ctx, testID, nil)
		if e := asError(t, err); e.StatusCode != 503 || !errors.Is(err, context.Canceled) || s.tries != 1 {
			t.Errorf("%d tries; %v", s.tries, err)
		}
	})
}

// hang never answers.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTryTimeouts(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout time.Duration
		op      operation
		tries   int
		lo, hi  time.Duration
	}{
		{"create", 0, operations()[0], 1, 30 * time.Second, 30 * time.Second},
		{"revoke", 0, operations()[2], 3, 15 * time.Second, 17 * time.Second},
		{"revoke, own timeout", time.Second, operations()[2], 3, 3 * time.Second, 5 * time.Second},
		{"revoke, no timeout but the context's", -1, operations()[2], 1, 40 * time.Second, 40 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			s := play(hang)
			o := with(transportFunc(s.unlocked))
			o.TryTimeout = c.timeout
			start := time.Now()
			e := asError(t, c.op.call(ctx, keyClient(t, testHost, o)))
			took := time.Since(start)
			if s.tries != c.tries || took < c.lo || took > c.hi || !errors.Is(e, context.DeadlineExceeded) || !e.Sent || e.StatusCode != 0 {
				t.Errorf("%s: %d tries in %v; %v", c.name, s.tries, took, e)
			}
		})
	}
}

// unlocked is Do for steps that block.
func (s *script) unlocked(r *http.Request) (*http.Response, error) {
	s.tries++
	return s.steps[0](r)
}

func TestFewerTriesCanBeAskedFor(t *testing.T) {
	for retries, want := range map[int32]int{-1: 1, 0: 3, 1: 2, 2: 3, 50: 3} {
		s := play(always(503, ""))
		o := with(s)
		o.Retry = policy.RetryOptions{MaxRetries: retries, RetryDelay: -1}
		if err := operations()[2].call(t.Context(), keyClient(t, testHost, o)); err == nil || s.tries != want {
			t.Errorf("MaxRetries %d: %d tries, want %d; %v", retries, s.tries, want, err)
		}
	}
	s := play(always(503, ""))
	o := with(s)
	o.Retry = policy.RetryOptions{RetryDelay: -1, ShouldRetry: func(*http.Response, error) bool { return false }}
	if err := operations()[2].call(t.Context(), keyClient(t, testHost, o)); err == nil || s.tries != 1 {
		t.Errorf("ShouldRetry: %d tries; %v", s.tries, err)
	}
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	s := play(func(*http.Request) (*http.Response, error) {
		return nil, &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
	})
	if err := operations()[2].call(t.Context(), keyClient(t, testHost, with(s))); err == nil || s.tries != 1 {
		t.Errorf("%d tries; %v", s.tries, err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "3600": time.Hour, "3601": time.Hour,
		"1000000000": time.Hour, "99999999999999999999": time.Hour, "1e9": 0, "-1": 0, "+5": 0, "1.5": 0, "soon": 0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Minute).Format(http.TimeFormat):     0,
		now.AddDate(5, 0, 0).Format(http.TimeFormat):      time.Hour,
		now.Add(time.Minute).Format(time.RFC3339):         0,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {v}}, now); got != want {
			t.Errorf("%q: %v, want %v", v, got, want)
		}
	}
	both := http.Header{"Retry-After-Ms": {"junk"}, "X-Ms-Retry-After-Ms": {"250"}, "Retry-After": {"9"}}
	if got := RetryAfter(both, now); got != 250*time.Millisecond {
		t.Errorf("several headers: %v", got)
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		v := strconv.FormatUint(rnd.Uint64()>>rnd.IntN(64), 10)
		name := []string{"Retry-After", "Retry-After-Ms", "X-Ms-Retry-After-Ms"}[rnd.IntN(3)]
		h := http.Header{}
		h.Set(name, v)
		d := RetryAfter(h, time.Now())
		n, _ := strconv.ParseUint(v, 10, 64)
		if d < 0 || d > time.Hour || (d == 0) != (n == 0) {
			t.Fatalf("%s: %s gives %v", name, v, d)
		}
	}
}
