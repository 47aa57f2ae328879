package graph

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// TestThrottle: by application and tenant, in windows of 10 s of the emulator's clock.
func TestThrottle(t *testing.T) {
	f := newFixture(t)
	now := time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC)
	f.opts.Now = func() time.Time { return now }
	f.behave(Behaviour{Throttle: 5})
	get := func(change emu.Claims) *httptest.ResponseRecorder { return f.as(change, "GET", "/v1.0/me", "") }
	for i, pressure := range []string{"", "", "", "0.8", "1.0"} {
		w := get(nil)
		if got := w.Header().Get("x-ms-throttle-limit-percentage"); w.Code != 200 || got != pressure {
			t.Errorf("request %d: %d, pressure %q", i, w.Code, got)
		}
		now = now.Add(time.Second)
	}
	w := get(emu.Claims{"tid": nil})
	wantRefusal(t, w, 429, "TooManyRequests", "Too many requests.")
	for name, value := range map[string]string{
		"Retry-After": "5", "x-ms-throttle-limit-percentage": "1.2", "x-ms-throttle-information": "ResourceUnitLimitExceeded",
		"x-ms-throttle-scope": "Tenant_Application/ReadWrite/" + appOne + "/",
	} {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for name, change := range map[string]emu.Claims{"another app": {"appid": appTwo}, "another tenant": {"tid": "t"}} {
		if w := get(change); w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	wantRefusal(t, f.send("", "GET", "/v1.0/me", ""), 401, "InvalidAuthenticationToken", "")
	now = now.Add(5 * time.Second)
	if w := get(nil); w.Code != 200 {
		t.Errorf("after the window: %d", w.Code)
	}
	now = now.Add(-time.Hour)
	if w := get(nil); w.Code != 200 {
		t.Errorf("after the clock went back: %d", w.Code)
	}
	if got := f.Counters()["throttled"]; got != 1 {
		t.Errorf("%d throttled", got)
	}
}

func TestRetryAfter(t *testing.T) {
	f := newFixture(t)
	for seconds, want := range map[int]string{0: "10", -1: "", 7: "7"} {
		f.Reset()
		f.behave(Behaviour{Throttle: 1, RetryAfter: seconds})
		f.as(nil, "GET", "/v1.0/me", "")
		w := f.as(nil, "GET", "/v1.0/me", "")
		if got := w.Header().Get("Retry-After"); w.Code != 429 || got != want {
			t.Errorf("%d: %d, Retry-After %q, want %q", seconds, w.Code, got, want)
		}
	}
}

func TestThrottleIsBounded(t *testing.T) {
	var th throttle
	for i := range maxWindows * 2 {
		th.hit(fmt.Sprint(i), time.Time{})
	}
	if len(th.windows) > maxWindows {
		t.Errorf("%d windows", len(th.windows))
	}
}
