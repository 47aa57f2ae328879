package limit

import (
	"fmt"
	"time"
)

const (
	// maxEvents bounds the number of a rate.
	maxEvents = 1_000_000_000
	// longestWait is the most that a client is told to wait. A longer wait would outlive most clients.
	longestWait = time.Hour
)

// A Rate is so many events in a time. The zero Rate stands for no limit.
type Rate struct {
	Events int           // 1 to 1,000,000,000
	Per    time.Duration // 1 ns per event or more, 24 h or less
}

// IsZero reports whether there is no limit.
func (r Rate) IsZero() bool { return r == Rate{} }

func (r Rate) check() error {
	if r.Events < 1 || r.Events > maxEvents || r.Per < time.Duration(r.Events) || r.Per > 24*time.Hour {
		return fmt.Errorf("a limit of %d events in %s is out of range", r.Events, r.Per)
	}
	return nil
}

// retryAfter makes a wait fit for Retry-After: whole seconds, 1 s to 1 h.
func retryAfter(wait time.Duration) time.Duration {
	whole := (min(wait, longestWait) + time.Second - 1).Truncate(time.Second)
	return min(max(whole, time.Second), longestWait)
}
