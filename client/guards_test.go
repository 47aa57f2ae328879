package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func TestLongRetryAfterIsNotWaitedFor(t *testing.T) {
	for _, after := range []string{"61", "4294967296", "99999999999999999999999"} {
		synctest.Test(t, func(t *testing.T) {
			c, s := newClient(t, entra, problem(429, "user_limit", "Retry-After", after))
			if _, err := c.Token(t.Context()); err == nil || len(s.requests) != 1 {
				t.Errorf("%s: %v after %d requests", after, err, len(s.requests))
			}
		})
	}
}

func TestATokenThatIsShortIsBetterThanNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, entra, token(5*time.Minute, "communicationUser"), problem(403, "policy_denied"))
		if get(t, c); len(s.requests) != 2 {
			t.Errorf("%d requests", len(s.requests))
		}
	})
}

// TestRefreshUnderWayIsOvertaken: a token that was under way when the user signed out everywhere is not kept.
func TestRefreshUnderWayIsOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c, s := newClient(t, entra, func(r *http.Request) (*http.Response, error) { <-release; return hour(r) }, reply(204, ""), hour)
		early := make(chan Token)
		go func() { early <- get(t, c) }()
		synctest.Wait()
		if err := c.Revoke(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		late := get(t, c)
		close(release)
		<-early
		if got := get(t, c); got.Token != late.Token || fmt.Sprint(s.paths()) != "[/base/getToken /base/revokeTokens /base/refreshToken]" {
			t.Errorf("%v %v", got, s.paths())
		}
	})
}

func TestNoVerbShowsAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newClient(t, entra, hour)
		got := get(t, c)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			for _, v := range []any{c, got, &got, []Token{got}} {
				if s := fmt.Sprintf(verb, v); strings.Contains(s, got.Token) || strings.Contains(s, fmt.Sprintf("%x", got.Token)) {
					t.Errorf("%s of %T shows it", verb, v)
				}
			}
		}
	})
}

// The page of a proxy is no success, with which status it may come.
func TestOnlyTheRoutesOwnStatusIsSuccess(t *testing.T) {
	calls := map[string]func(*testing.T, *Client) error{
		"User":   func(t *testing.T, c *Client) error { _, err := c.User(t.Context()); return err },
		"Revoke": func(t *testing.T, c *Client) error { return c.Revoke(t.Context()) },
		"Delete": func(t *testing.T, c *Client) error { _, err := c.Delete(t.Context()); return err },
		"Export": func(t *testing.T, c *Client) error { _, err := c.Export(t.Context()); return err },
	}
	for op, call := range calls {
		c, _ := newClient(t, entra, reply(http.StatusOK, "<html>Sign in to the network"))
		e, ok := errors.AsType[*Error](call(t, c))
		if !ok || e.Code != "answer_invalid" || e.Op != op || e.Status != http.StatusOK {
			t.Errorf("%s: %v", op, e)
		}
	}
	for status, want := range map[int]bool{http.StatusNoContent: true, http.StatusAccepted: false} {
		c, _ := newClient(t, entra, reply(status, ""))
		if done, err := c.Delete(t.Context()); err != nil || done != want {
			t.Errorf("%d: %v %v", status, done, err)
		}
	}
}

func TestAWorseTokenDoesNotReplaceABetterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, entra, hour, token(5*time.Minute, "communicationUser"))
		first := get(t, c)
		time.Sleep(50 * time.Minute)
		if got := get(t, c); got.ExpiresOn != first.ExpiresOn || len(s.requests) != 3 {
			t.Errorf("%v after %d requests, want %v", got, len(s.requests), first)
		}
		if get(t, c); len(s.requests) != 3 {
			t.Errorf("%d requests: the server is not left alone", len(s.requests))
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for _, bad := range []time.Duration{-time.Hour, time.Second, 59 * time.Minute, time.Hour + time.Second, 25 * time.Hour} {
		if _, err := New("https://a.example", entra, &Options{Lifetime: bad}); err == nil {
			t.Errorf("Lifetime %v: no error", bad)
		}
	}
	for _, bad := range []string{"https://a.example?", "https://:443"} {
		if _, err := New(bad, entra, nil); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	for own, want := range map[time.Duration]time.Duration{0: tryTimeout, time.Second: time.Second} {
		h := &http.Client{Timeout: own}
		c, err := New("https://a.example/base/#", entra, &Options{HTTP: h, Lifetime: 24 * time.Hour})
		if err != nil || c.http.Timeout != want || c.base != "https://a.example/base" || h.Timeout != own || h.CheckRedirect != nil {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

func TestLongTextsStayText(t *testing.T) {
	c, _ := newClient(t, entra, reply(http.StatusBadRequest, fmt.Sprintf(`{"code":"x","detail":%q}`, "a"+strings.Repeat("é", maxText))))
	_, err := c.User(t.Context())
	if err == nil || !utf8.ValidString(err.Error()) || len(err.Error()) > maxText+100 {
		t.Error(err)
	}
}
