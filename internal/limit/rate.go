package limit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
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

// ParseRate reads a rate such as 120/1m. "off" is the zero Rate.
func ParseRate(text string) (Rate, error) {
	if text == "off" {
		return Rate{}, nil
	}
	number, per, ok := strings.Cut(text, "/")
	n, nerr := strconv.Atoi(number)
	d, derr := time.ParseDuration(per)
	r := Rate{n, d}
	if !ok || nerr != nil || derr != nil || r.check() != nil {
		return Rate{}, errors.New("write a number, a slash and a time of 24h or less, such as 120/1m, or off")
	}
	return r, nil
}

// IsZero reports whether there is no limit.
func (r Rate) IsZero() bool { return r == Rate{} }

// String writes the rate as ParseRate reads it.
func (r Rate) String() string {
	if r.IsZero() {
		return "off"
	}
	return fmt.Sprintf("%d/%s", r.Events, r.Per)
}

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
