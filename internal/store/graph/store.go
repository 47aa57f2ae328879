package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

// How long things last.
const (
	// lag is how long a read of Graph may miss a write, at most.
	lag = 10 * time.Minute
	// fresh is how long an Active row is answered from memory.
	fresh = 30 * time.Second
)

// timing holds every duration of the store. Tests make some shorter.
type timing struct {
	lag, fresh  time.Duration
	call        time.Duration // limit of one request to Graph
	patience    time.Duration // longest wait before a repeat
	firstPause  time.Duration // before the first repeat, then doubled
	commitLease time.Duration // of an intent while it is committed
	readBack    time.Duration // limit of reading back after a duplicate
	readPause   time.Duration // between two reads back
	unsure      time.Duration // a DELETE whose answer is missing may run for this long
	watch       time.Duration // wait for somebody else's removal
	absentLease time.Duration // a removal whose user is absent is tried again after this
	detached    time.Duration // limit of what is finished although ctx ended
}

func defaultTiming() timing {
	return timing{
		lag: lag, fresh: fresh, call: 10 * time.Second, patience: 5 * time.Second, firstPause: 200 * time.Millisecond,
		commitLease: 30 * time.Second, readBack: 10 * time.Second, readPause: 100 * time.Millisecond,
		unsure: 30 * time.Second, watch: 3 * time.Second, absentLease: 24 * time.Hour, detached: 2 * time.Second,
	}
}

var _ acsauth.Store = (*Store)(nil)

// A Store keeps mappings in Microsoft Graph. See the package comment.
type Store struct {
	o       Options
	journal acsauth.Store
	http    *http.Client
	timing  timing
	memory  *memory

	closed  atomic.Bool
	closing sync.Once
	err     error
}

// Open checks the options and returns a Store. It sends nothing to Graph, and
// asks the Journal whether it can serve. If it fails, the Journal stays open.
func Open(ctx context.Context, o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	if err := o.Journal.Ping(ctx); err != nil {
		return nil, fmt.Errorf("graph: the journal cannot serve: %w", err)
	}
	s := &Store{o: o, journal: o.Journal, http: newHTTP(&o), timing: defaultTiming()}
	if s.memory, err = newMemory(o.MaxCached, &s.timing); err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	return s, nil
}

// Close forgets what is remembered and closes the Journal.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.closed.Store(true)
		s.memory.close()
		s.http.CloseIdleConnections()
		s.err = s.journal.Close()
	})
	return s.err
}

// ready fails a call after Close, and one whose ctx has ended.
func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	return nil
}

// PutLine implements [acsauth.Store].
func (s *Store) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.journal.PutLine(ctx, line)
}

// DropLine implements [acsauth.Store].
func (s *Store) DropLine(ctx context.Context, user, attempt string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.journal.DropLine(ctx, user, attempt)
}

// Lines implements [acsauth.Store].
func (s *Store) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	return s.journal.Lines(ctx, kind, limit)
}

// Unfinished implements [acsauth.Store]. A Pending row that it lists may be
// Active by now; to remove it does no harm.
func (s *Store) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.purge(ctx)
	return s.journal.Unfinished(ctx, state, over, limit)
}

// Counts implements [acsauth.Store]. Active rows are not counted: they are in Graph.
func (s *Store) Counts(ctx context.Context) (acsauth.Counts, error) {
	if err := s.ready(ctx); err != nil {
		return acsauth.Counts{}, err
	}
	c, err := s.journal.Counts(ctx)
	if err != nil {
		return acsauth.Counts{}, err
	}
	c.Active = acsauth.NotCounted
	return c, nil
}

// Lock implements [acsauth.Store].
func (s *Store) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	if err := s.ready(ctx); err != nil {
		return false, err
	}
	return s.journal.Lock(ctx, name, holder, d)
}

// Ping implements [acsauth.Store]: it asks the Journal and, in application mode
// with an Issuer, gets a token. Graph itself is not asked.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.o.Mode == Application && s.o.Issuer != "" {
		tenant, err := tenantOf(s.o.Issuer)
		if err != nil {
			return err
		}
		if _, _, err := s.asApp(tenant)(ctx); err != nil {
			return err
		}
	}
	return s.journal.Ping(ctx)
}

// intent returns the row of the Journal, or the zero Mapping. It is Active only
// if the Journal was a store of its own before.
func (s *Store) intent(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	row, err := s.journal.Get(ctx, key)
	if errors.Is(err, acsauth.ErrNotFound) {
		return acsauth.Mapping{}, nil
	}
	if err != nil {
		return acsauth.Mapping{}, err
	}
	if row.Key != key {
		return acsauth.Mapping{}, errors.New("graph: the journal returned the row of another key")
	}
	return row, nil
}
