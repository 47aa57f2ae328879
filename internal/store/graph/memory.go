package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/maypok86/otter/v2"
)

// A mark names the pair of a user and an identity, without personal data.
type mark string

func markOf(key acsauth.UserKey, id acsauth.Identity) mark {
	h := sha256.New()
	put(h, key.Issuer, key.Subject, string(id))
	return mark(hex.EncodeToString(h.Sum(nil)))
}

// seen is an Active row, and when Graph showed it last.
type seen struct {
	row acsauth.Mapping
	at  time.Time
}

// memory is what this store has seen, and what it has removed. All of it is bounded.
type memory struct {
	timing *timing
	rows   *otter.Cache[acsauth.UserKey, seen]
	gone   *otter.Cache[mark, struct{}] // identities removed by this store

	mu    sync.Mutex
	tombs []tomb // that this store wrote, oldest first
}

type tomb struct {
	row acsauth.Mapping
	end time.Time
}

// maxTombs bounds what is remembered for purging; a tombstone beyond it stays in the Journal until it is read.
const maxTombs = 10_000

func newMemory(size int, t *timing) (*memory, error) {
	m := &memory{timing: t}
	var errs [2]error
	m.rows, errs[0] = otter.New(&otter.Options[acsauth.UserKey, seen]{MaximumSize: size, ExpiryCalculator: otter.ExpiryWriting[acsauth.UserKey, seen](lag)})
	m.gone, errs[1] = otter.New(&otter.Options[mark, struct{}]{MaximumSize: size, ExpiryCalculator: otter.ExpiryWriting[mark, struct{}](lag)})
	return m, errors.Join(errs[:]...)
}

func (m *memory) close() {
	m.rows.InvalidateAll()
	m.gone.InvalidateAll()
	m.rows.StopAllGoroutines()
	m.gone.StopAllGoroutines()
}

// remember keeps an Active row, unless this store has removed it meanwhile.
func (m *memory) remember(row acsauth.Mapping) {
	if m.isGone(row.Key, row.Identity) {
		return
	}
	m.rows.Set(row.Key, seen{row: row, at: time.Now()})
	if m.isGone(row.Key, row.Identity) { // looked at again: a removal marks first and forgets then
		m.forget(row.Key, row.Identity)
	}
}

// recall returns the row that was seen within d, and true.
func (m *memory) recall(key acsauth.UserKey, d time.Duration) (acsauth.Mapping, bool) {
	s, ok := m.rows.GetIfPresent(key)
	if !ok || s.row.Key != key || time.Since(s.at) >= d || m.isGone(key, s.row.Identity) {
		return acsauth.Mapping{}, false
	}
	return s.row, true
}

// forget drops the row of key if it holds id.
func (m *memory) forget(key acsauth.UserKey, id acsauth.Identity) {
	m.rows.ComputeIfPresent(key, func(s seen) (seen, otter.ComputeOp) {
		if s.row.Identity == id {
			return s, otter.InvalidateOp
		}
		return s, otter.CancelOp
	})
}

// removed notes that this store has removed an identity.
func (m *memory) removed(key acsauth.UserKey, id acsauth.Identity) {
	m.gone.Set(markOf(key, id), struct{}{})
	m.forget(key, id)
}

func (m *memory) isGone(key acsauth.UserKey, id acsauth.Identity) bool {
	_, ok := m.gone.GetIfPresent(markOf(key, id))
	return ok
}

// entomb remembers a tombstone for purge.
func (m *memory) entomb(row acsauth.Mapping, life time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tombs) < maxTombs {
		m.tombs = append(m.tombs, tomb{row: row, end: time.Now().Add(life)})
	}
}

// over takes the first tombstone that has served its time.
func (m *memory) over() (acsauth.Mapping, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tombs) == 0 || time.Now().Before(m.tombs[0].end) {
		return acsauth.Mapping{}, false
	}
	row := m.tombs[0].row
	m.tombs = m.tombs[1:]
	return row, true
}

// purgeBatch is how many tombstones one purge takes away, at most.
const purgeBatch = 100

// purge takes tombstones away that have served their time. What fails stays in the Journal and masks nothing any more.
func (s *Store) purge(ctx context.Context) {
	for range purgeBatch {
		row, ok := s.memory.over()
		if !ok {
			return
		}
		if err := s.journal.Remove(ctx, row, nil); err != nil && !errors.Is(err, acsauth.ErrConflict) {
			s.o.Log.Warn("a tombstone was not removed", "error", err)
			return
		}
	}
}
