package graph

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
)

// Get implements [acsauth.Store]. See the package comment for what it may
// overlook, and for how long. Codes: mapping_tampered, mapping_unsigned,
// user_absent, step_up_required, consent_required, graph_*, entra_*.
func (s *Store) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	if err := s.ready(ctx); err != nil {
		return acsauth.Mapping{}, err
	}
	row, _, err := s.get(ctx, key, true)
	return row, err
}

// get returns the row of key and, beside it, what the Journal holds. Without
// memory, Graph is read even if the row was seen a moment ago.
func (s *Store) get(ctx context.Context, key acsauth.UserKey, memory bool) (row, intent acsauth.Mapping, err error) {
	intent, err = s.intent(ctx, key)
	if err != nil {
		return acsauth.Mapping{}, acsauth.Mapping{}, err
	}
	if intent.State == acsauth.Deleting {
		s.memory.forget(key, intent.Identity) // it never becomes Active again
		if !s.takesUp(ctx, intent) {
			return intent, intent, nil
		}
		if intent, err = s.intent(ctx, key); err != nil || intent.State == acsauth.Deleting {
			return intent, intent, err
		}
	}
	if intent.State == acsauth.Active {
		return intent, intent, nil
	}
	if row, ok := s.memory.recall(key, s.timing.fresh); ok && memory {
		return row, intent, nil
	}
	row, err = s.look(ctx, key)
	switch {
	case err == nil:
		s.memory.remember(row)
		return row, intent, nil
	case !errors.Is(err, acsauth.ErrNotFound):
		return acsauth.Mapping{}, intent, err
	case intent.State == acsauth.Pending:
		return intent, intent, nil
	}
	return acsauth.Mapping{}, intent, acsauth.ErrNotFound
}

// look reads Graph and returns the Active row, or ErrNotFound, as it is after
// all writes that this store knows of.
func (s *Store) look(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	row, err := s.lookOnce(ctx, key)
	if err != nil && !errors.Is(err, acsauth.ErrNotFound) {
		return acsauth.Mapping{}, err
	}
	known, ok := s.memory.recall(key, s.timing.lag)
	if !ok || err == nil && row.Fenced(known) {
		return row, err
	}
	// Graph shows no row, or another one, where this store has seen one: either the read lags, or the row was removed.
	tomb, berr := s.buried(ctx, key, known.Identity)
	switch {
	case berr != nil:
		return acsauth.Mapping{}, berr
	case tomb.State != "":
		s.memory.forget(key, known.Identity)
		return row, err
	}
	return known, nil
}

// lookOnce reads Graph and returns the Active row that it shows. What was removed counts as not there.
func (s *Store) lookOnce(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	e, err := s.fetch(ctx, key)
	if err != nil {
		return acsauth.Mapping{}, err
	}
	if e == nil {
		return acsauth.Mapping{}, acsauth.ErrNotFound
	}
	removed, err := s.removed(ctx, key, acsauth.Identity(e.identity))
	if err != nil {
		return acsauth.Mapping{}, err
	}
	if removed {
		return acsauth.Mapping{}, acsauth.ErrNotFound
	}
	return s.active(key, e)
}

// removed reports whether an identity was removed a short while ago, by any replica.
func (s *Store) removed(ctx context.Context, key acsauth.UserKey, id acsauth.Identity) (bool, error) {
	if s.memory.isGone(key, id) {
		return true, nil
	}
	tomb, err := s.buried(ctx, key, id)
	return tomb.State != "", err
}
