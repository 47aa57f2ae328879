package broker

import (
	"slices"
	"strings"
	"sync"
	"testing/synctest"
)

// A turn is one I/O call that waits to be let through, with one of several outcomes.
type turn struct {
	proc, op string
	outcomes func() []string
	resume   chan string
}

// A scheduler lets one I/O call through at a time. Between two turns every
// goroutine is blocked, so a schedule is a list of choices and can be replayed.
type scheduler struct {
	mu      sync.Mutex
	waiting []turn
	over    bool // no more turns: every call fails at once
}

const outcomeDead = "dead"

// take blocks until the driver lets the call through, and returns the outcome it chose.
func (s *scheduler) take(proc, op string, outcomes func() []string) string {
	t := turn{proc, op, outcomes, make(chan string)}
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return outcomeDead
	}
	s.waiting = append(s.waiting, t)
	s.mu.Unlock()
	return <-t.resume
}

// end fails all calls from now on.
func (s *scheduler) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, t := range s.waiting {
		t.resume <- outcomeDead
	}
	s.waiting = nil
}

// settle waits until every goroutine is blocked and returns the waiting turns in a fixed order.
func (s *scheduler) settle() []turn {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.waiting, func(a, b turn) int {
		return strings.Compare(a.proc+" "+a.op, b.proc+" "+b.op)
	})
	return slices.Clone(s.waiting)
}

// grant lets one turn through.
func (s *scheduler) grant(t turn, outcome string) {
	s.mu.Lock()
	s.waiting = slices.DeleteFunc(s.waiting, func(w turn) bool { return w.resume == t.resume })
	s.mu.Unlock()
	t.resume <- outcome
}
