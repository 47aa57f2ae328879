package acs

import (
	"sync"
	"time"
)

// raceWindow is how long the first of two concurrent creates of a new customId
// waits for the second, in real time.
const raceWindow = 500 * time.Millisecond

// race brings two creates of one customId together, so that both have found it
// unused before either makes its identity. The zero value is ready.
type race struct {
	mu      sync.Mutex
	waiting map[customKey]chan struct{}
}

// meet waits for a rival, but not longer than the window, and reports whether
// there was one.
func (r *race) meet(k customKey, done <-chan struct{}) bool {
	rival, first := r.enter(k)
	if !first {
		close(rival)
		return true
	}
	timer := time.NewTimer(raceWindow)
	defer timer.Stop()
	select {
	case <-rival:
		return true
	case <-timer.C:
	case <-done:
	}
	return !r.leave(k, rival)
}

// enter returns the channel that the second closes. The second takes it away.
func (r *race) enter(k customKey) (rival chan struct{}, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rival, ok := r.waiting[k]; ok {
		delete(r.waiting, k)
		return rival, false
	}
	if r.waiting == nil {
		r.waiting = make(map[customKey]chan struct{})
	}
	rival = make(chan struct{})
	r.waiting[k] = rival
	return rival, true
}

// leave ends the wait of the first and reports whether nobody had come.
func (r *race) leave(k customKey, rival chan struct{}) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[k] != rival {
		return false
	}
	delete(r.waiting, k)
	return true
}

// meetRival lets a create of a customId that is not known run into another, if
// the behaviour says so.
func (s *Service) meetRival(c *call) bool {
	if !c.behaviour.CustomIDRace || c.op.name != "create" {
		return false
	}
	in, _, ref := readCreate(c)
	if ref != nil || in.customID() == "" || s.registry.knows(c.who.resource, in.customID()) {
		return false
	}
	return s.race.meet(customKey{c.who.resource, in.customID()}, s.done)
}
