package cosmos

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/acs-solutions/acsauth"
)

// row reads the row of a user, with its entity tag. See [absent].
func (s *Store) row(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, azcore.ETag, error) {
	i, now, err := s.get(ctx, key.Hash(), rowID)
	if err != nil {
		return acsauth.Mapping{}, "", err
	}
	m, err := i.mapping(now)
	if err == nil && m.Key != key {
		err = errUnreadable
	}
	if err == nil {
		s.hints.keep(i.Key, m, i.ETag)
	}
	return m, i.ETag, err
}

// Get implements [acsauth.Store].
func (s *Store) Get(ctx context.Context, key acsauth.UserKey) (m acsauth.Mapping, err error) {
	err = s.do(ctx, "get", func(ctx context.Context) (err error) {
		m, _, err = s.row(ctx, key)
		if absent(err) {
			return acsauth.ErrNotFound
		}
		return err
	})
	if err != nil {
		return acsauth.Mapping{}, err
	}
	return m, nil
}

// write is a method that changes something.
func (s *Store) write(ctx context.Context, verb string, call func(ctx context.Context) error) error {
	return s.do(ctx, verb, func(ctx context.Context) error {
		err := call(ctx)
		switch {
		case err == nil, errors.Is(err, acsauth.ErrConflict):
			return err
		case undone(err):
			return fmt.Errorf("not done: %w", err)
		}
		return fmt.Errorf("it may or may not be done: %w", err)
	})
}

// Insert implements [acsauth.Store].
func (s *Store) Insert(ctx context.Context, m acsauth.Mapping) error {
	if err := checkRow(m); err != nil {
		return fmt.Errorf("cosmos: insert: %w", err)
	}
	return s.write(ctx, "insert", func(ctx context.Context) error {
		var etag azcore.ETag
		var err error
		row := rowItem(m)
		for try := range maxTries {
			if etag, err = s.create(ctx, row); !isFault(err, statusRetryWith) || !pause(ctx, try, 0) {
				break
			}
		}
		if err == nil {
			s.hints.keep(row.Key, m, etag)
		}
		if exists(err) {
			return acsauth.ErrConflict
		}
		return err
	})
}

// Replace implements [acsauth.Store].
func (s *Store) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	if old.Key != next.Key {
		return errors.New("cosmos: replace: old and next have different keys")
	}
	if err := errors.Join(checkRow(next), checkLine(line), sameUser(old, line)); err != nil {
		return fmt.Errorf("cosmos: replace: %w", err)
	}
	c := &change{old: old, next: &next, line: keptLine(line)}
	return s.write(ctx, "replace", func(ctx context.Context) error { return s.change(ctx, c) })
}

// Remove implements [acsauth.Store].
func (s *Store) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	if err := errors.Join(checkLine(line), sameUser(old, line)); err != nil {
		return fmt.Errorf("cosmos: remove: %w", err)
	}
	c := &change{old: old, line: keptLine(line)}
	return s.write(ctx, "remove", func(ctx context.Context) error { return s.change(ctx, c) })
}

// sameUser: a row and a line can change together in one partition only.
func sameUser(old acsauth.Mapping, line *acsauth.JournalLine) error {
	if line != nil && line.User != old.Key.Hash() {
		return errors.New("the line is of another user than the row")
	}
	return nil
}
