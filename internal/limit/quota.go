package limit

import (
	"fmt"
	"slices"
	"time"
)

// maxQuota bounds the times that are kept for a key.
const maxQuota = 1000

// Quota limits slow events, such as 5 in a day, exactly: in no period of that
// length are there more. It keeps the time of each event, 8 bytes. A nil *Quota
// limits nothing.
type Quota[K comparable] struct {
	start  time.Time
	events int
	per    int64
	table  *table[K, log]
}

// A log holds the times of events, the oldest first.
type log struct{ times []int64 }

// NewQuota makes a quota of 1 to 1,000 events. For the zero Rate it returns nil, which limits nothing. A nil o stands for the defaults.
func NewQuota[K comparable](r Rate, o *Options) (*Quota[K], error) {
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
	if r.Events > maxQuota {
		return nil, fmt.Errorf("a quota of %d events is out of range: 1 to %d", r.Events, maxQuota)
	}
	q := &Quota[K]{start: time.Now(), events: r.Events, per: int64(r.Per)}
	q.table = newTable[K](keys, q.idle, func(l *log) log { return log{slices.Clone(l.times)} })
	return q, nil
}

func (q *Quota[K]) idle(l *log, now int64) bool {
	return len(l.times) == 0 || l.times[len(l.times)-1] <= now-q.per
}

// Take takes one event of a key. If there is none left, it returns ok false and
// how long to wait, in whole seconds from 1 s to 1 h: a client that is told a day
// would be gone.
func (q *Quota[K]) Take(key K) (wait time.Duration, ok bool) {
	if q == nil {
		return 0, true
	}
	sh, print := q.table.lock(key)
	defer sh.mu.Unlock()
	return q.take(sh, print, int64(time.Since(q.start)))
}

// take takes an event at a time in ns since the start.
func (q *Quota[K]) take(sh *shard[log], print uint64, now int64) (wait time.Duration, ok bool) {
	l := q.table.state(sh, print, now)
	old := 0
	for old < len(l.times) && l.times[old] <= now-q.per {
		old++
	}
	l.times = slices.Delete(l.times, 0, old)
	if len(l.times) >= q.events {
		return retryAfter(time.Duration(l.times[0] + q.per - now)), false
	}
	l.times = append(l.times, now)
	return 0, true
}

// Return gives back the latest event of a key, which Take allowed and which then
// had no effect. Call it once at most for each Take.
func (q *Quota[K]) Return(key K) {
	if q == nil {
		return
	}
	sh, print := q.table.lock(key)
	defer sh.mu.Unlock()
	if l := sh.known(print); len(l.times) > 0 {
		l.times = l.times[:len(l.times)-1]
	}
}

// Stats says how full the quota is.
func (q *Quota[K]) Stats() TableStats {
	if q == nil {
		return TableStats{}
	}
	return q.table.stats()
}
