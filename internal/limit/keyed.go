package limit

import (
	"fmt"
	"time"
)

// Options says how large a limiter may grow.
type Options struct {
	// MaxKeys is how many keys have a state of their own: 1 to 4,194,304; 0 is DefaultKeys.
	// Those that do not fit share states, by 16 states for 256 keys of the bound.
	MaxKeys int
}

func (o *Options) keys() (int, error) {
	if o == nil || o.MaxKeys == 0 {
		return DefaultKeys, nil
	}
	if o.MaxKeys < 1 || o.MaxKeys > maxKeys {
		return 0, fmt.Errorf("MaxKeys is %d; it must be 1 to %d", o.MaxKeys, maxKeys)
	}
	return o.MaxKeys, nil
}

// Keyed limits the rate of events of each key by a token bucket: as many events
// as the rate has at once, then as they flow in again. In the first period up to
// twice the number can pass. A nil *Keyed limits nothing.
//
// The bucket is kept as one number, the time at which it is full again (the
// generic cell rate algorithm, ITU-T I.371 annex A). That also tells when a
// bucket may be forgotten.
type Keyed[K comparable] struct {
	start    time.Time
	interval int64 // ns between events
	depth    int64 // ns from empty to full
	table    *table[K, int64]
}

// NewKeyed makes a limiter. For the zero Rate it returns nil, which limits nothing. A nil o stands for the defaults.
func NewKeyed[K comparable](r Rate, o *Options) (*Keyed[K], error) {
	if r.IsZero() {
		return nil, nil
	}
	keys, err := o.keys()
	if err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	interval := int64(r.Per) / int64(r.Events)
	return &Keyed[K]{
		start: time.Now(), interval: interval, depth: interval * int64(r.Events),
		table: newTable[K](keys, func(full *int64, now int64) bool { return *full <= now }, func(full *int64) int64 { return *full }),
	}, nil
}

// Take takes one event of a key. If there is none left, it returns ok false and
// how long to wait, in whole seconds from 1 s to 1 h. Refused events cost nothing.
func (l *Keyed[K]) Take(key K) (wait time.Duration, ok bool) {
	if l == nil {
		return 0, true
	}
	sh, print := l.table.lock(key)
	defer sh.mu.Unlock()
	return l.take(sh, print, int64(time.Since(l.start)))
}

// take takes an event at a time in ns since the start.
func (l *Keyed[K]) take(sh *shard[int64], print uint64, now int64) (wait time.Duration, ok bool) {
	full := l.table.state(sh, print, now)
	next := max(*full, now) + l.interval
	if over := next - now - l.depth; over > 0 {
		return retryAfter(time.Duration(over)), false
	}
	*full = next
	return 0, true
}

// Stats says how full the limiter is.
func (l *Keyed[K]) Stats() TableStats {
	if l == nil {
		return TableStats{}
	}
	return l.table.stats()
}
