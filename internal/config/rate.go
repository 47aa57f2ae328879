package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Rate is a number of events in a time. The zero Rate is no limit.
type Rate struct {
	Events int
	Per    time.Duration
}

// The bounds of a Rate.
const (
	maxRateEvents = 1_000_000
	minRatePer    = time.Second
	maxRatePer    = 24 * time.Hour
)

// UnmarshalText reads 120/1m, or off.
func (r *Rate) UnmarshalText(text []byte) error {
	s := string(text)
	if s == Off {
		*r = Rate{}
		return nil
	}
	events, per, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(events)
	d, derr := time.ParseDuration(per)
	if err != nil || derr != nil || n < 1 || n > maxRateEvents || d < minRatePer || d > maxRatePer {
		return problem("is " + quote(s) + ", which is not a rate")
	}
	*r = Rate{n, d}
	return nil
}

// String writes r as it would be set.
func (r Rate) String() string {
	if r.Events == 0 {
		return Off
	}
	per := r.Per.String()
	for _, zero := range [...]string{"m0s", "h0m"} { // 1m0s is written 1m
		if strings.HasSuffix(per, zero) {
			per = strings.TrimSuffix(per, zero[1:])
		}
	}
	return fmt.Sprintf("%d/%s", r.Events, per)
}
