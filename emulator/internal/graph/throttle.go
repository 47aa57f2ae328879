package graph

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	throttleWindow = 10 * time.Second
	maxWindows     = 1000 // applications and tenants that are counted at a time
)

// throttle counts requests of an application in a tenant. Refused requests count, too. The zero value is empty.
type throttle struct {
	mu      sync.Mutex
	windows map[string]*window
}

type window struct {
	start time.Time
	count int
}

// hit counts a request and returns how many there were in this window, and how long it lasts from now.
func (t *throttle) hit(key string, now time.Time) (count int, left time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.windows[key]
	if w == nil && len(t.windows) >= maxWindows {
		clear(t.windows)
	}
	if t.windows == nil {
		t.windows = make(map[string]*window)
	}
	if age := now.Sub(startOf(w)); w == nil || age < 0 || age >= throttleWindow { // the clock may be moved, either way
		w = &window{start: now}
		t.windows[key] = w
	}
	w.count++
	return w.count, throttleWindow - now.Sub(w.start)
}

func startOf(w *window) time.Time {
	if w == nil {
		return time.Time{}
	}
	return w.start
}

func (t *throttle) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.windows)
}

// admit refuses the request when the application has made too many.
func (s *Service) admit(c *call) *refusal {
	b := s.behaviour.Load()
	if b.Throttle == 0 {
		return nil
	}
	count, left := s.throttle.hit(c.grant.app+"/"+c.grant.tenant, c.now)
	c.pressure = float64(count) / float64(b.Throttle)
	if count <= b.Throttle {
		return nil
	}
	s.count("throttled")
	ref := &refusal{
		status: http.StatusTooManyRequests, code: "TooManyRequests", message: "Too many requests.",
		scope: "Tenant_Application/ReadWrite/" + c.grant.app + "/" + c.grant.tenant,
	}
	switch b.RetryAfter {
	case -1:
	case 0:
		ref.retryAfter = strconv.Itoa(int(math.Ceil(left.Seconds())))
	default:
		ref.retryAfter = strconv.Itoa(b.RetryAfter)
	}
	return ref
}
