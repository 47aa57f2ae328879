package tables

import (
	"sync"
	"time"
)

const (
	// settledFor is how long what was read once is believed at most.
	settledFor = 10 * time.Minute
	// maxSettled and maxSettledBytes bound what is remembered: partitions, and answers of ACS in their lines.
	maxSettled      = 100_000
	maxSettledBytes = 32 << 20
)

// settled remembers partitions that hold journal lines and no unfinished row,
// so that lines which are kept for months are not read every few seconds. Each
// write that adds, changes or drops a line, or makes a row unfinished, touches the entry of
// the index first, and so makes what is remembered here void. An entry is remembered only
// if it was old when its partition was read: no write that touched it before was then under way.
type settled struct {
	mu    sync.Mutex
	kept  map[settledKey]settledView
	bytes int // of all
}

type settledKey struct{ index, user string }

type settledView struct {
	touch string
	view  *view
	until time.Time // of this process: a bound on the memory, not on the truth
	bytes int
}

func newSettled() *settled { return &settled{kept: map[settledKey]settledView{}} }

func (s *settled) find(e entry) *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.kept[settledKey{e.index, e.user}]
	if !ok || k.touch != e.touch || time.Now().After(k.until) {
		return nil
	}
	return k.view
}

func (s *settled) keep(e entry, v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := settledKey{e.index, e.user}
	s.drop(key)
	bytes := 0
	for _, l := range v.lines {
		bytes += len(l.Answer)
	}
	if len(s.kept) < maxSettled && s.bytes+bytes <= maxSettledBytes {
		s.kept[key] = settledView{touch: e.touch, view: v, until: time.Now().Add(settledFor), bytes: bytes}
		s.bytes += bytes
	}
}

func (s *settled) drop(key settledKey) {
	s.bytes -= s.kept[key].bytes
	delete(s.kept, key)
}

// prune forgets what is no longer in an index.
func (s *settled) prune(index string, entries []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == 0 {
		return
	}
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.user] = true
	}
	for key := range s.kept {
		if key.index == index && !there[key.user] {
			s.drop(key)
		}
	}
}
