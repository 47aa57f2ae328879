package emulator

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// maxClockShift bounds how far the clock can be away from the real time.
const maxClockShift = 10 * 365 * 24 * time.Hour

// shiftedClock is the clock of all services: the one of the options, moved by an offset.
type shiftedClock struct {
	base   func() time.Time
	offset atomic.Int64 // ns
}

// now has no monotonic part: moved times are compared by the wall clock.
func (c *shiftedClock) now() time.Time { return c.base().Round(0).Add(c.shift()) }

func (c *shiftedClock) shift() time.Duration { return time.Duration(c.offset.Load()) }

// set moves the clock to an offset from the real time.
func (c *shiftedClock) set(offset time.Duration) error {
	if offset < -maxClockShift || offset > maxClockShift {
		return fmt.Errorf("emulator: the clock would be %v away from the real time, at most 87600h (10 years) is allowed", offset)
	}
	c.offset.Store(int64(offset))
	return nil
}

// advance moves the clock by d.
func (c *shiftedClock) advance(d time.Duration) error {
	if d < -2*maxClockShift || d > 2*maxClockShift { // so that the sum cannot overflow
		return fmt.Errorf("emulator: the clock cannot be moved by %v: at most 87600h (10 years) from the real time is allowed", d)
	}
	for {
		old := c.offset.Load()
		if next := time.Duration(old) + d; next < -maxClockShift || next > maxClockShift {
			return c.set(next)
		}
		if c.offset.CompareAndSwap(old, old+int64(d)) {
			return nil
		}
	}
}

// Advance moves the clock that all services share, forwards or, with a negative d, backwards. Tokens, codes, sessions and
// limits expire by it. It fails if the clock would be more than 10 years away from the real time. Delays of faults and
// timeouts of connections stay in real time.
func (e *Emulator) Advance(d time.Duration) error { return e.clock.advance(d) }

// Now is the time by the clock of the services.
func (e *Emulator) Now() time.Time { return e.clock.now() }

// clockState is what GET /clock shows.
type clockState struct {
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"` // from the real time, such as 24h0m0s
}

func (e *Emulator) adminClock(*http.Request) (any, error) {
	return clockState{e.Now().UTC(), e.clock.shift().String()}, nil
}

// adminSetClock moves the clock: {"advance":"24h"} by a duration, {"reset":true} back to the real time.
func (e *Emulator) adminSetClock(r *http.Request) (any, error) {
	var in struct {
		Advance string `json:"advance"`
		Reset   bool   `json:"reset"`
	}
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if in.Reset == (in.Advance != "") {
		return nil, refuse(http.StatusBadRequest, `the body has to hold either "advance", such as "24h", or "reset": true`)
	}
	if in.Reset {
		e.clock.offset.Store(0)
		return e.adminClock(r)
	}
	d, err := time.ParseDuration(in.Advance)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "advance has to be a duration such as 90s, 24h or -1h30m, at most 175200h")
	}
	if err := e.Advance(d); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return e.adminClock(r)
}
