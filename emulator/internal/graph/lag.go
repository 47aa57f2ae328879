package graph

import (
	"math/rand/v2"
	"slices"
	"time"
)

// MaxReadLag bounds how far reads may lag behind, and so how long old states are kept.
const MaxReadLag = 10 * time.Minute

// maxPast bounds the old states kept of one user.
const maxPast = 1000

// A snapshot is what a user had until a time, by the wall clock.
type snapshot struct {
	until time.Time
	list  []extension
}

// remember keeps what user has now, for readers that lag. The caller holds the lock.
func (s *store) remember(user string) {
	now := time.Now()
	if s.past == nil {
		s.past = make(map[string][]snapshot)
	}
	old := slices.DeleteFunc(s.past[user], func(p snapshot) bool { return now.Sub(p.until) > MaxReadLag })
	if len(old) >= maxPast {
		old = slices.Delete(old, 0, 1)
	}
	s.past[user] = append(old, snapshot{until: now, list: slices.Clone(s.users[user])})
}

// before returns what user had that long ago.
func (s *store) before(user string, lag time.Duration) []extension {
	s.mu.RLock()
	defer s.mu.RUnlock()
	then := time.Now().Add(-lag)
	for _, p := range s.past[user] {
		if then.Before(p.until) {
			return slices.Clone(p.list)
		}
	}
	return slices.Clone(s.users[user])
}

// holders returns the object ids of all users that have an extension.
func (s *store) holders() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []string
	for id, list := range s.users {
		if len(list) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
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
