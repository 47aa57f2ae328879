package acs

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limitWindow is the length of the window that limits count in.
const limitWindow = 30 * time.Second

// ServiceLimits returns the limits that the service publishes, in requests per
// 30 s and operation.
func ServiceLimits() map[string]int {
	return map[string]int{"create": 1000, "issue": 1000, "exchange": 500, "delete": 500, "revoke": 500}
}

// limiter counts requests per operation in fixed windows. Refused requests
// count, as they do with the service.
type limiter struct {
	max     map[string]int
	mu      sync.Mutex
	windows map[string]window
}

type window struct {
	start time.Time
	used  int
}

func newLimiter(limits map[string]int) *limiter {
	return &limiter{max: maps.Clone(limits), windows: make(map[string]window)}
}

func (l *limiter) take(op string, now time.Time) *refusal {
	limit, limited := l.max[op]
	if !limited {
		return nil
	}
	w := l.count(op, now)
	if w.used <= limit {
		return nil
	}
	wait := limitWindow - now.Sub(w.start)
	ref := plain(http.StatusTooManyRequests, "Too many requests.")
	ref.retryAfter = strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	return ref
}

func (l *limiter) count(op string, now time.Time) window {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.windows[op]
	if now.Sub(w.start) >= limitWindow || now.Before(w.start) {
		w = window{start: now}
	}
	w.used++
	l.windows[op] = w
	return w
}

func (l *limiter) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.windows)
}
