package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	readyTimeout = 2 * time.Second
	// readyFresh is how long an answer is kept, so that a flood of probes is not a flood of store calls.
	readyFresh = time.Second
	// A refusal is kept for less: who waits for the start wants to know soon.
	unreadyFresh = 50 * time.Millisecond
)

// A check is one thing without which the server cannot serve.
type check struct {
	name string
	run  func(context.Context) error
}

// readiness runs the checks, at most once a second, or twenty times while one fails.
type readiness struct {
	checks []check

	mu      sync.Mutex
	at      time.Time
	failing []string
}

type healthResponse struct {
	Status  string   `json:"status"`            // ok, ready or unready
	Failing []string `json:"failing,omitempty"` // names of checks: keys, shutdown, store
}

func (s *Server) readyChecks() []check {
	checks := []check{{"keys", func(context.Context) error { return s.o.Verifier.Ready() }}}
	if s.o.Ready != nil {
		checks = append(checks, check{"store", s.o.Ready})
	}
	return checks
}

// live answers while the process serves at all.
func (s *Server) live(x *exchange, _ *http.Request) error {
	return x.answer(http.StatusOK, "application/json", healthResponse{Status: "ok"})
}

func (s *Server) readyz(x *exchange, r *http.Request) error {
	failing := s.unready(r.Context())
	if len(failing) > 0 {
		return x.answer(http.StatusServiceUnavailable, "application/json", healthResponse{"unready", failing})
	}
	return x.answer(http.StatusOK, "application/json", healthResponse{Status: "ready"})
}

// unready returns the names of the failing checks.
func (s *Server) unready(ctx context.Context) []string {
	if s.stopping.Load() {
		return []string{"shutdown"}
	}
	return s.ready.failingNow(ctx, s.log)
}

func (d *readiness) failingNow(ctx context.Context, log *slog.Logger) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := readyFresh
	if len(d.failing) > 0 {
		fresh = unreadyFresh
	}
	if !d.at.IsZero() && time.Since(d.at) < fresh {
		return d.failing
	}
	// A prober that leaves must not make the next one see red.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	var failing []string
	for _, c := range d.checks {
		if err := c.run(ctx); err != nil {
			failing = append(failing, c.name)
			log.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.String("check", c.name), slog.String("error", cause(err)))
		}
	}
	d.at, d.failing = time.Now(), failing
	return failing
}
