//go:build failpoints

package failpoint

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

// Store returns a store that dies at the point that the environment names. If s is a Finder, so is it.
func Store(s acsauth.Store) acsauth.Store {
	w := &store{Store: s, point: read()}
	if f, ok := s.(acsauth.Finder); ok {
		return &finder{w, f}
	}
	return w
}

// A store passes the points F1 to F3, F7 to F10, F13 and F14.
type store struct {
	acsauth.Store
	point    *point
	sweeping atomic.Bool
}

type finder struct {
	*store
	acsauth.Finder
}

func (s *store) Insert(ctx context.Context, m acsauth.Mapping) error {
	return s.intent(func() error { return s.Store.Insert(ctx, m) })
}

func (s *store) intent(write func() error) error {
	s.point.pass("F1")
	err := s.point.during("F2", write)
	if err == nil {
		s.point.pass("F3")
	}
	return err
}

func (s *store) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	write := func() error { return s.Store.Replace(ctx, old, next, line) }
	after := "F10"
	switch next.State {
	case acsauth.Pending:
		return s.intent(write)
	case acsauth.Active:
		after, write = "F8", func() error {
			return s.point.during("F7", func() error { return s.Store.Replace(ctx, old, next, line) })
		}
	}
	err := write()
	if err == nil {
		s.point.pass(after)
	}
	return err
}

func (s *store) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	s.sweep()
	err := s.Store.Remove(ctx, old, line)
	if err == nil && old.State == acsauth.Deleting {
		s.point.pass("F13")
	}
	return err
}

func (s *store) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	err := s.Store.PutLine(ctx, line)
	if err == nil && line.Kind == acsauth.Orphan {
		s.point.pass("F9")
	}
	return err
}

func (s *store) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	s.sweep()
	mine, err := s.Store.Lock(ctx, name, holder, d)
	if mine {
		s.sweeping.Store(true)
	}
	return mine, err
}

func (s *store) DropLine(ctx context.Context, user, attempt string) error {
	s.sweep()
	return s.Store.DropLine(ctx, user, attempt)
}

func (s *store) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	s.sweep()
	return s.Store.Lines(ctx, kind, limit)
}

func (s *store) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	s.sweep()
	return s.Store.Unfinished(ctx, state, over, limit)
}

// sweep counts the calls that the sweeper makes once it has its lock.
func (s *store) sweep() {
	if s.sweeping.Load() {
		s.point.pass("F14")
	}
}
