package storetest

import (
	"context"
	"sync"

	"github.com/acs-solutions/acsauth"
)

// A Database opens handles on one database. Every handle is closed by the kit.
// Two handles that are open at once stand for two replicas, so each MUST have
// its own connections. A handle opened after all others were closed stands for a
// restart. If the store allows one handle only, wrap its open function in [OneHandle].
type Database func(ctx context.Context) (acsauth.Store, error)

// OneHandle adapts a store that allows one open handle on a database. While
// that handle is open, further handles are the same one; it is closed when the
// last of them is. All calls go through to it, so every check still judges the
// store: two replicas become two callers in one process, which is all that such
// a store promises.
func OneHandle(open Database) Database {
	s := &sharer{open: open}
	return s.handle
}

// A sharer counts the handles on one open store.
type sharer struct {
	open Database

	mu    sync.Mutex
	store acsauth.Store
	users int
}

func (s *sharer) handle(ctx context.Context) (acsauth.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		store, err := s.open(ctx)
		if err != nil {
			return nil, err
		}
		s.store = store
	}
	s.users++
	return &shared{Store: s.store, release: s.release}, nil
}

func (s *sharer) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return nil
	}
	return s.store.Close()
}

// shared is one handle of a sharer.
type shared struct {
	acsauth.Store
	release func() error
}

// List implements [acsauth.Lister] if the store does.
func (s *shared) List(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
	return list(ctx, s.Store, cursor, limit)
}

// Find implements [acsauth.Finder] if the store does.
func (s *shared) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	return findBy(ctx, s.Store, id)
}

// Unwrap returns the store that all handles are.
func (s *shared) Unwrap() acsauth.Store { return s.Store }

// Close closes the store if no other handle is left.
func (s *shared) Close() error { return s.release() }
