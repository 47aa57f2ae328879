package tables

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

// Get implements [acsauth.Store]. It is one point read.
func (s *Store) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	m, err := s.read(ctx, key.Hash())
	if err == nil && m.Key != key {
		err = errUnreadable
	}
	switch {
	case absent(err):
		return acsauth.Mapping{}, acsauth.ErrNotFound
	case err != nil:
		return acsauth.Mapping{}, fmt.Errorf("tables: get: %w", err)
	}
	return m, nil
}

// read reads the row of a user.
func (s *Store) read(ctx context.Context, user string) (acsauth.Mapping, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return acsauth.Mapping{}, err
	}
	defer done()
	r, now, err := s.row(ctx, user)
	if err != nil {
		return acsauth.Mapping{}, err
	}
	return r.at(now), nil
}

// row reads the row of a user and the moment of the answer.
func (s *Store) row(ctx context.Context, user string) (*row, time.Time, error) {
	e, err := s.get(ctx, user, mappingRow)
	if err != nil {
		return nil, time.Time{}, err
	}
	r, err := decodeRow(e.EDMEntity)
	if err != nil {
		return nil, time.Time{}, err
	}
	r.etag = e.etag
	return r, e.now, nil
}

// Insert implements [acsauth.Store].
func (s *Store) Insert(ctx context.Context, m acsauth.Mapping) error {
	if err := checkRow(m); err != nil {
		return fmt.Errorf("tables: insert: %w", err)
	}
	return s.write(ctx, "insert", func(ctx context.Context) error { return s.insert(ctx, m) })
}

// write runs one writing method. A sentinel is returned as it is.
func (s *Store) write(ctx context.Context, verb string, do func(ctx context.Context) error) error {
	ctx, done, err := s.begin(ctx)
	if err == nil {
		defer done()
		err = do(ctx)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, acsauth.ErrConflict):
		return acsauth.ErrConflict
	}
	return fmt.Errorf("tables: %s: %w", verb, err)
}

func (s *Store) insert(ctx context.Context, m acsauth.Mapping) error {
	user, r, start := m.Key.Hash(), &row{Mapping: m, write: rand.Text()}, time.Now()
	first, before := errgroup.WithContext(ctx)
	if unfinished(m) {
		first.Go(func() (err error) { r.open, err = s.touch(before, openPartition, user, "", aRow); return err })
		defer s.touchLate(openPartition, user, start)
	}
	first.Go(func() (err error) { r.claim, err = s.stake(before, m, user); return err })
	if err := first.Wait(); err != nil {
		return err
	}
	content, err := r.encode()
	if err != nil {
		return err
	}
	if _, err = s.add(ctx, content); err == nil {
		return nil
	}
	if s.landed(ctx, user, r.write) {
		return nil
	}
	if exists(err) {
		s.forget(openPartition, user, r.open) // this write will not come any more
		return acsauth.ErrConflict
	}
	return err
}

// landed reports whether the row is the one that a write of ours made, whose
// answer was lost or was given by somebody in between. No is not known.
func (s *Store) landed(ctx context.Context, user, write string) bool {
	if ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, readTry)
	defer cancel()
	r, _, err := s.row(ctx, user)
	return err == nil && r.write == write
}

// Replace implements [acsauth.Store].
func (s *Store) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	if old.Key != next.Key {
		return errors.New("tables: replace: old and next have different keys")
	}
	if err := errors.Join(checkRow(next), checkLineOf(old.Key, line)); err != nil {
		return fmt.Errorf("tables: replace: %w", err)
	}
	c := &change{user: old.Key.Hash(), old: old, next: &next, line: keptLine(line), write: rand.Text(), touched: touches{}}
	return s.write(ctx, "replace", func(ctx context.Context) error { return s.change(ctx, c) })
}

// Remove implements [acsauth.Store].
func (s *Store) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	if err := checkLineOf(old.Key, line); err != nil {
		return fmt.Errorf("tables: remove: %w", err)
	}
	c := &change{user: old.Key.Hash(), old: old, line: keptLine(line), write: rand.Text(), touched: touches{}}
	return s.write(ctx, "remove", func(ctx context.Context) error { return s.change(ctx, c) })
}

// checkLineOf also refuses a line of another user: it could not be written in one write.
func checkLineOf(key acsauth.UserKey, l *acsauth.JournalLine) error {
	if l != nil && l.User != key.Hash() {
		return errors.New("the journal line is of another user")
	}
	return checkLine(l)
}
