package acs

import "time"

// maxLate bounds the revocations that are still on their way. When there are
// more, the oldest take effect early.
const maxLate = 10_000

// delayed is a revocation that has not spread yet: the tokens with serial
// numbers above from and up to upTo are good until it is due.
type delayed struct {
	key        key
	from, upTo int64
	due        time.Time
}

// late holds the revocations on their way, oldest first.
type late struct{ list []delayed }

// add puts a revocation on its way, unless it takes effect at once.
func (l *late) add(d delayed, now time.Time, delay time.Duration) {
	for len(l.list) > 0 && (len(l.list) >= maxLate || !now.Before(l.list[0].due)) {
		l.list = l.list[1:]
	}
	if delay > 0 && d.upTo > d.from {
		l.list = append(l.list, d)
	}
}

// covers reports whether the revocation of a token is on its way.
func (l *late) covers(k key, serial int64, now time.Time) bool {
	for _, d := range l.list {
		if d.key == k && d.from < serial && serial <= d.upTo {
			return now.Before(d.due)
		}
	}
	return false
}

// settle lets all revocations take effect.
func (g *registry) settle() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.late = late{}
}
