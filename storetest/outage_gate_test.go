package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

var errAway = errors.New("connection refused")

// A gate stands between handles and a database in memory, as a network does.
type gate struct {
	hang bool // calls that find it shut wait, and writes land when it opens

	mu   sync.Mutex
	shut bool
	open chan struct{} // closed when the gate opens
	late sync.WaitGroup
}

func (g *gate) kill() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.open = true, make(chan struct{})
	return nil
}

func (g *gate) back() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		g.shut = false
		close(g.open)
	}
	return nil
}

// state returns whether the gate is shut, and what is closed when it opens.
func (g *gate) state() (bool, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut, g.open
}

// pass waits for the gate, or fails.
func (g *gate) pass(ctx context.Context) error {
	shut, open := g.state()
	switch {
	case !shut:
		return nil
	case !g.hang:
		return errAway
	}
	select {
	case <-open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// call takes a call to the database and its answer back; the gate may shut at either side.
func (g *gate) call(ctx context.Context, do func(ctx context.Context) error) error {
	time.Sleep(rand.N(3 * time.Millisecond)) // the way there
	if err := g.pass(ctx); err != nil {
		if _, open := g.state(); g.hang {
			g.late.Go(func() {
				<-open
				_ = do(context.WithoutCancel(ctx))
			})
		}
		return err
	}
	err := do(ctx)
	time.Sleep(rand.N(3 * time.Millisecond)) // the way back
	if lost := g.pass(ctx); lost != nil {
		return lost
	}
	return err
}

// A page is what List returns.
type page struct {
	rows []acsauth.Mapping
	next string
}

// around puts the gate before every verb.
func (g *gate) around(s acsauth.Store) *tweaked {
	return &tweaked{
		Store: s,
		get: func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
			return gated(ctx, g, func(ctx context.Context) (acsauth.Mapping, error) { return s.Get(ctx, key) })
		},
		insert: func(ctx context.Context, m acsauth.Mapping) error {
			return g.call(ctx, func(ctx context.Context) error { return s.Insert(ctx, m) })
		},
		replace: func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
			return g.call(ctx, func(ctx context.Context) error { return s.Replace(ctx, old, next, line) })
		},
		remove: func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
			return g.call(ctx, func(ctx context.Context) error { return s.Remove(ctx, old, line) })
		},
		putLine: func(ctx context.Context, line acsauth.JournalLine) error {
			return g.call(ctx, func(ctx context.Context) error { return s.PutLine(ctx, line) })
		},
		dropLine: func(ctx context.Context, user, attempt string) error {
			return g.call(ctx, func(ctx context.Context) error { return s.DropLine(ctx, user, attempt) })
		},
		lines: func(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
			return gated(ctx, g, func(ctx context.Context) ([]acsauth.JournalLine, error) { return s.Lines(ctx, kind, limit) })
		},
		unfinished: func(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
			return gated(ctx, g, func(ctx context.Context) ([]acsauth.Mapping, error) { return s.Unfinished(ctx, state, over, limit) })
		},
		counts: func(ctx context.Context) (acsauth.Counts, error) { return gated(ctx, g, s.Counts) },
		lock: func(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
			return gated(ctx, g, func(ctx context.Context) (bool, error) { return s.Lock(ctx, name, holder, d) })
		},
		ping: func(ctx context.Context) error { return g.call(ctx, s.Ping) },
		list: func(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			got, err := gated(ctx, g, func(ctx context.Context) (page, error) {
				rows, next, err := list(ctx, s, cursor, limit)
				return page{rows, next}, err
			})
			return got.rows, got.next, err
		},
		find: func(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
			return gated(ctx, g, func(ctx context.Context) (acsauth.Mapping, error) { return findBy(ctx, s, id) })
		},
	}
}

// gated is call for a verb that returns something: nothing, when it fails.
func gated[T any](ctx context.Context, g *gate, do func(ctx context.Context) (T, error)) (T, error) {
	got := make(chan T, 2)
	err := g.call(ctx, func(ctx context.Context) error {
		found, err := do(ctx)
		got <- found
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return <-got, nil
}
