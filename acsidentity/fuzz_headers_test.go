package acsidentity

import (
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/testkit"
)

// fuzzNow is a fixed moment, so that an input always gives the same.
func fuzzNow() time.Time { return time.Date(2026, 1, 5, 9, 8, 7, 500e6, time.UTC) }

// waitOf reads one Retry-After by hand: digits of any number are seconds, anything else that net/http takes for a date is a date.
func waitOf(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if n, ok := new(big.Int).SetString(v, 10); ok && v != "" && strings.Trim(v, "0123456789") == "" {
		if n.Cmp(big.NewInt(3600)) > 0 {
			return time.Hour
		}
		if n.Sign() > 0 {
			return time.Duration(n.Int64()) * time.Second
		}
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return min(at.Sub(now), time.Hour)
	}
	return 0
}

// Z-12: the wait is that of a second reading by big integers, 0 to 1 h, whatever the header.
func FuzzRetryAfterValue(f *testing.F) {
	for _, v := range []string{"", "0", "1", "30", "3600", "3601", "1e9", "1000000000", "18446744073709551616", "99999999999999999999999999", "-1", "+5", " 7 ", "7,8", "0x10", "٣", "junk",
		"Mon, 05 Jan 2026 09:08:37 GMT", "Mon, 05 Jan 2026 09:08:07 GMT", "Monday, 05-Jan-26 09:09:07 GMT", "Mon Jan  5 09:10:07 2026", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 05 Jan 2026 09:08:37 +0100", "Sun, 06 Nov 1994 08:49:37 GMT"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		testkit.Bounded(t, len(v), func() {
			now := fuzzNow()
			got := RetryAfter(http.Header{"Retry-After": {v}}, now)
			if want := waitOf(v, now); got != want || got < 0 || got > maxRetryAfter {
				t.Fatalf("%q gives %v, want %v", v, got, want)
			}
		})
	})
}

// Z-12: the skew of the clock is what the Date header says in whole seconds, if it is more than two minutes, and never overflows.
func FuzzDate(f *testing.F) {
	for _, v := range []string{"", "Mon, 05 Jan 2026 09:08:07 GMT", "Mon, 05 Jan 2026 09:05:00 GMT", "Mon, 05 Jan 2026 09:10:09 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Sat, 01 Jan 0000 00:00:00 GMT", "Monday, 05-Jan-26 09:00:00 GMT", "Mon Jan  5 09:00:00 2026", "2026-01-05T09:08:07Z", "1767604087"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		now := fuzzNow()
		got := skew(http.Header{"Date": {v}}, now)
		at, err := http.ParseTime(v)
		far := err == nil && (now.Unix()-at.Unix() > 125 || at.Unix()-now.Unix() > 125)
		near := err != nil || now.Unix()-at.Unix() < 115 && at.Unix()-now.Unix() < 115
		switch {
		case near && got != 0, far && got == 0, got != 0 && got%time.Second != 0:
			t.Fatalf("%q gives %v", v, got)
		case got != 0 && (got > 0) != (now.After(at)):
			t.Fatalf("%q gives %v: the wrong direction", v, got)
		}
	})
}
