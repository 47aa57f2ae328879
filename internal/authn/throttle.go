package authn

import "time"

const (
	refetchEvery = time.Minute     // between two loads that unknown keys cause
	extraEvery   = 5 * time.Minute // one load more is free this often
	forgetAfter  = time.Minute     // how long a kid counts as unknown
	maxUnknown   = 1024
)

// A budget limits the loads that tokens with unknown keys cause: one a minute,
// and every five minutes one more, so that one stray token does not delay a
// rotation. However many such tokens come, the next load is at most a minute away.
type budget struct{ last, extra time.Time }

func (b *budget) take(now time.Time) bool {
	switch {
	case now.Sub(b.last) >= refetchEvery:
		b.last = now
	case now.Sub(b.extra) >= extraEvery:
		b.last, b.extra = now, now
	default:
		return false
	}
	return true
}

// wait returns how long the next load is away.
func (b *budget) wait(now time.Time) time.Duration { return refetchEvery - now.Sub(b.last) }

// An unknowns remembers the last kids that a load did not bring.
type unknowns struct {
	until map[keyID]time.Time
	ring  [maxUnknown]keyID
	next  int
}

func (u *unknowns) has(id keyID, now time.Time) bool { return now.Before(u.until[id]) }

func (u *unknowns) add(id keyID, now time.Time) {
	if u.until == nil {
		u.until = make(map[keyID]time.Time)
	}
	if _, ok := u.until[id]; !ok {
		delete(u.until, u.ring[u.next])
		u.ring[u.next] = id
		u.next = (u.next + 1) % maxUnknown
	}
	u.until[id] = now.Add(forgetAfter)
}
