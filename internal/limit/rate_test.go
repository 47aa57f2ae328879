package limit

import (
	"testing"
	"time"
)

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
