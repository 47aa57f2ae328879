package storetest

import (
	"bytes"
	"context"
	"time"

	"github.com/acs-solutions/acsauth"
)

var (
	_ acsauth.Store  = (*Faulty)(nil)
	_ acsauth.Lister = (*Faulty)(nil)
	_ acsauth.Finder = (*Faulty)(nil)
)

// Get implements [acsauth.Store].
func (f *Faulty) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	return reading(ctx, f, VerbGet, func(ctx context.Context) (acsauth.Mapping, error) { return f.store.Get(ctx, key) })
}

// Insert implements [acsauth.Store].
func (f *Faulty) Insert(ctx context.Context, m acsauth.Mapping) error {
	return f.write(ctx, VerbInsert, func(ctx context.Context) error { return f.store.Insert(ctx, m) })
}

// Replace implements [acsauth.Store].
func (f *Faulty) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	line = cloneLine(line)
	return f.write(ctx, VerbReplace, func(ctx context.Context) error { return f.store.Replace(ctx, old, next, line) })
}

// Remove implements [acsauth.Store].
func (f *Faulty) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	line = cloneLine(line)
	return f.write(ctx, VerbRemove, func(ctx context.Context) error { return f.store.Remove(ctx, old, line) })
}

// PutLine implements [acsauth.Store].
func (f *Faulty) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	line = *cloneLine(&line)
	return f.write(ctx, VerbPutLine, func(ctx context.Context) error { return f.store.PutLine(ctx, line) })
}

// DropLine implements [acsauth.Store].
func (f *Faulty) DropLine(ctx context.Context, user, attempt string) error {
	return f.write(ctx, VerbDropLine, func(ctx context.Context) error { return f.store.DropLine(ctx, user, attempt) })
}

// Lines implements [acsauth.Store].
func (f *Faulty) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	return reading(ctx, f, VerbLines, func(ctx context.Context) ([]acsauth.JournalLine, error) { return f.store.Lines(ctx, kind, limit) })
}

// Unfinished implements [acsauth.Store].
func (f *Faulty) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	return reading(ctx, f, VerbUnfinished, func(ctx context.Context) ([]acsauth.Mapping, error) {
		return f.store.Unfinished(ctx, state, over, limit)
	})
}

// Counts implements [acsauth.Store].
func (f *Faulty) Counts(ctx context.Context) (acsauth.Counts, error) {
	return reading(ctx, f, VerbCounts, f.store.Counts)
}

// Lock implements [acsauth.Store].
func (f *Faulty) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	var has bool
	err := f.write(ctx, VerbLock, func(ctx context.Context) error {
		got, err := f.store.Lock(ctx, name, holder, d)
		has = got
		return err
	})
	if err != nil {
		return false, err
	}
	return has, nil
}

// Ping implements [acsauth.Store].
func (f *Faulty) Ping(ctx context.Context) error {
	_, err := reading(ctx, f, VerbPing, func(ctx context.Context) (struct{}, error) { return struct{}{}, f.store.Ping(ctx) })
	return err
}

// List implements [acsauth.Lister]. It is an error if the store behind is none.
func (f *Faulty) List(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
	type page struct {
		rows []acsauth.Mapping
		next string
	}
	got, err := reading(ctx, f, VerbList, func(ctx context.Context) (page, error) {
		rows, next, err := list(ctx, f.store, cursor, limit)
		return page{rows, next}, err
	})
	return got.rows, got.next, err
}

// Find implements [acsauth.Finder]. It is an error if the store behind is none.
func (f *Faulty) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	return reading(ctx, f, VerbFind, func(ctx context.Context) (acsauth.Mapping, error) { return findBy(ctx, f.store, id) })
}

// Unwrap returns the store behind, which decides whether there are List and Find.
func (f *Faulty) Unwrap() acsauth.Store { return f.store }

// Close closes the store behind. Late writes that were not delivered are lost.
func (f *Faulty) Close() error {
	f.mu.Lock()
	f.held = nil
	f.mu.Unlock()
	return f.store.Close()
}

// cloneLine takes a copy, because a late write outlives the call it came from.
func cloneLine(line *acsauth.JournalLine) *acsauth.JournalLine {
	if line == nil {
		return nil
	}
	out := *line
	out.Answer = bytes.Clone(line.Answer)
	return &out
}
