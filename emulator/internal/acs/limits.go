package acs

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limitWindow is the length of the window that limits count in.
const limitWindow = 30 * time.Second

// limitWithToken is the limit of creates that ask for a token, too. Without it
// they fall under that of create.
const limitWithToken = "createWithToken"

// ServiceLimits returns the limits that the service publishes, in requests per
// 30 s and operation. The exchanges of Entra users' tokens share "exchange".
func ServiceLimits() map[string]int {
	return map[string]int{"create": 1000, limitWithToken: 1000, "issue": 1000, "exchange": 500, "delete": 500, "revoke": 500}
}

// limiter counts requests per resource and operation in fixed windows. Refused
// requests count, as they do with the service. The zero value is ready.
type limiter struct {
	mu      sync.Mutex
	windows map[limitKey]window
}

type limitKey struct {
	resource uint8
	name     string
}

type window struct {
	start time.Time
	used  int
}

// limit finds the limit that a request falls under.
func (c *call) limit() (name string, limit int, limited bool) {
	candidates := []string{c.op.name, c.op.row}
	if c.op.name == "create" && c.asksToken() {
		candidates = []string{limitWithToken, c.op.name}
	}
	for _, name := range candidates {
		if limit, ok := c.behaviour.Limits[name]; ok {
			return name, limit, true
		}
	}
	return "", 0, false
}

func (l *limiter) take(c *call, now time.Time) *refusal {
	name, limit, limited := c.limit()
	if !limited {
		return nil
	}
	w := l.count(limitKey{c.who.resource, name}, now)
	if w.used <= limit {
		return nil
	}
	wait := limitWindow - now.Sub(w.start)
	ref := plain(http.StatusTooManyRequests, "Too many requests.")
	ref.retryAfter = strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	return ref
}

func (l *limiter) count(k limitKey, now time.Time) window {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.windows == nil {
		l.windows = make(map[limitKey]window)
	}
	w := l.windows[k]
	if now.Sub(w.start) >= limitWindow || now.Before(w.start) {
		w = window{start: now}
	}
	w.used++
	l.windows[k] = w
	return w
}

func (l *limiter) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.windows)
}
