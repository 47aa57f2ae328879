package storetest

import (
	"context"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A tweaked store is a good one with some verbs done differently.
type tweaked struct {
	acsauth.Store
	get        func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error)
	insert     func(ctx context.Context, m acsauth.Mapping) error
	replace    func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error
	remove     func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error
	putLine    func(ctx context.Context, line acsauth.JournalLine) error
	dropLine   func(ctx context.Context, user, attempt string) error
	lines      func(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error)
	unfinished func(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error)
	counts     func(ctx context.Context) (acsauth.Counts, error)
	lock       func(ctx context.Context, name, holder string, d time.Duration) (bool, error)
	ping       func(ctx context.Context) error
	list       func(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error)
	find       func(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error)
	close      func() error
}

func (t *tweaked) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	if t.get != nil {
		return t.get(ctx, key)
	}
	return t.Store.Get(ctx, key)
}

func (t *tweaked) Insert(ctx context.Context, m acsauth.Mapping) error {
	if t.insert != nil {
		return t.insert(ctx, m)
	}
	return t.Store.Insert(ctx, m)
}

func (t *tweaked) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	if t.replace != nil {
		return t.replace(ctx, old, next, line)
	}
	return t.Store.Replace(ctx, old, next, line)
}

func (t *tweaked) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	if t.remove != nil {
		return t.remove(ctx, old, line)
	}
	return t.Store.Remove(ctx, old, line)
}

func (t *tweaked) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	if t.putLine != nil {
		return t.putLine(ctx, line)
	}
	return t.Store.PutLine(ctx, line)
}

func (t *tweaked) DropLine(ctx context.Context, user, attempt string) error {
	if t.dropLine != nil {
		return t.dropLine(ctx, user, attempt)
	}
	return t.Store.DropLine(ctx, user, attempt)
}

func (t *tweaked) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	if t.lines != nil {
		return t.lines(ctx, kind, limit)
	}
	return t.Store.Lines(ctx, kind, limit)
}

func (t *tweaked) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	if t.unfinished != nil {
		return t.unfinished(ctx, state, over, limit)
	}
	return t.Store.Unfinished(ctx, state, over, limit)
}

func (t *tweaked) Counts(ctx context.Context) (acsauth.Counts, error) {
	if t.counts != nil {
		return t.counts(ctx)
	}
	return t.Store.Counts(ctx)
}

func (t *tweaked) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	if t.lock != nil {
		return t.lock(ctx, name, holder, d)
	}
	return t.Store.Lock(ctx, name, holder, d)
}

func (t *tweaked) Ping(ctx context.Context) error {
	if t.ping != nil {
		return t.ping(ctx)
	}
	return t.Store.Ping(ctx)
}

func (t *tweaked) List(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
	if t.list != nil {
		return t.list(ctx, cursor, limit)
	}
	return list(ctx, t.Store, cursor, limit)
}

func (t *tweaked) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	if t.find != nil {
		return t.find(ctx, id)
	}
	return findBy(ctx, t.Store, id)
}

// Unwrap lets a tweaked store have no more capabilities than the good one.
func (t *tweaked) Unwrap() acsauth.Store { return t.Store }

func (t *tweaked) Close() error {
	if t.close != nil {
		return t.close()
	}
	return t.Store.Close()
}
