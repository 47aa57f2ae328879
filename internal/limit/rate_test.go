package limit

import (
	"testing"
	"time"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"120/1m": {120, time.Minute}, "5/24h": {5, 24 * time.Hour}, "1/1s": {1, time.Second}, "off": {},
	} {
		got, err := ParseRate(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if again, err := ParseRate(got.String()); err != nil || again != got {
			t.Errorf("%v is written as %q", got, got.String())
		}
	}
	for _, text := range []string{"", "0/1m", "-1/1m", "5", "5/", "/1m", "5/25h", "5/0s", "5/-1m", "10/1ns", "2000000000/1h", "5 / 1m", "Off"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{
		1: time.Second, time.Second: time.Second, time.Second + 1: 2 * time.Second, time.Hour: time.Hour,
		time.Hour + 1: time.Hour, 1<<63 - 1: time.Hour,
	} {
		if got := retryAfter(wait); got != want {
			t.Errorf("%v: %v, not %v", wait, got, want)
		}
	}
}
