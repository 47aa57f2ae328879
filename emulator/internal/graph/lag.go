package graph

import (
	"math/rand/v2"
	"slices"
	"time"
)

// MaxReadLag bounds how far reads may lag behind, and so how long old states are kept.
const MaxReadLag = 10 * time.Minute

// maxPast bounds the old states kept of all users; the oldest go first.
const maxPast = 50_000

// A snapshot is what a user had until a time, by the wall clock.
type snapshot struct {
	user  string
	until time.Time
	list  []extension
}

// history is what users had in the last ten minutes. The zero value is empty.
type history struct {
	users map[string][]*snapshot // oldest first
	order []*snapshot            // of all users, oldest first
}

// remember keeps what user had until now.
func (h *history) remember(user string, list []extension) {
	now := time.Now()
	for len(h.order) > 0 && (len(h.order) >= maxPast || now.Sub(h.order[0].until) > MaxReadLag) {
		h.forget()
	}
	if h.users == nil {
		h.users = make(map[string][]*snapshot)
	}
	p := &snapshot{user, now, list}
	h.users[user] = append(h.users[user], p)
	h.order = append(h.order, p)
}

// forget drops the oldest state of all.
func (h *history) forget() {
	user := h.order[0].user
	h.order[0] = nil
	h.order = h.order[1:]
	if h.users[user] = h.users[user][1:]; len(h.users[user]) == 0 {
		delete(h.users, user)
	}
}

// before returns what user had that long ago.
func (s *store) before(user string, lag time.Duration) []extension {
	s.mu.RLock()
	defer s.mu.RUnlock()
	then := time.Now().Add(-lag)
	for _, p := range s.past.users[user] {
		if then.Before(p.until) {
			return slices.Clone(p.list)
		}
	}
	return slices.Clone(s.users[user])
}

// seen is what a read of user shows: the replica that answers may lag.
func (s *Service) seen(user string) []extension {
	b := s.behaviour.Load()
	lag := b.ReadLag
	if b.LagVaries && lag > 0 {
		lag = rand.N(lag + 1)
	}
	if lag == 0 {
		return s.store.list(user)
	}
	return s.store.before(user, lag)
}
