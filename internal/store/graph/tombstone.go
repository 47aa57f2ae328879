package graph

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
	"github.com/google/uuid"
)

// A tombstone says that the identity of a user was deleted at ACS and its
// mapping is being, or was, removed. It is an Active row of the Journal under a
// key of its own, made of hashes only; Active rows of the Journal are counted nowhere.
//
// Its attempt says how far the removal got. Whoever wrote the present one,
// other than waits, has claimed the removal, and is the only one to send a DELETE: a second
// DELETE that came late would take away whatever mapping is there by then.
const (
	tombIssuer = "removed from Microsoft Graph"
	waits      = "waits" // nothing is being sent to Graph; anybody may claim
)

func (s *Store) tombstone(key acsauth.UserKey, id acsauth.Identity, step string) acsauth.Mapping {
	m := markOf(key, id)
	return acsauth.Mapping{
		Key: acsauth.UserKey{Issuer: tombIssuer, Subject: string(m)}, State: acsauth.Active, Attempt: step,
		Identity: acsauth.Identity("removed:" + m), Generation: 1, Lease: s.timing.lag,
	}
}

// buried returns the tombstone of an identity, or the zero Mapping if there is
// none or it is so old that no read can lag that much.
func (s *Store) buried(ctx context.Context, key acsauth.UserKey, id acsauth.Identity) (acsauth.Mapping, error) {
	row, err := s.journal.Get(ctx, s.tombstone(key, id, waits).Key)
	switch {
	case errors.Is(err, acsauth.ErrNotFound):
		return acsauth.Mapping{}, nil
	case err != nil:
		return acsauth.Mapping{}, err
	case row.Attempt != waits && row.Lease <= 0:
		_ = s.journal.Remove(ctx, row, nil) // of no use any more, and of no harm should it stay
		return acsauth.Mapping{}, nil
	}
	return row, nil
}

// claimed reports whether somebody has claimed the removal so lately that its DELETE may still run.
func (s *Store) claimed(tomb acsauth.Mapping) bool {
	return tomb.Attempt != waits && tomb.Lease > s.timing.lag-s.timing.unsure
}

// bury writes a tombstone with that step, and reports whether it did: not if
// the removal is claimed. A tombstone that waits stays as it is if asked to wait.
func (s *Store) bury(ctx context.Context, key acsauth.UserKey, id acsauth.Identity, step string) (tomb acsauth.Mapping, mine bool, err error) {
	next := s.tombstone(key, id, step)
	for range 3 {
		err = s.journal.Insert(ctx, next)
		if err == nil {
			return next, true, nil
		}
		if !errors.Is(err, acsauth.ErrConflict) {
			return next, false, err
		}
		old, gerr := s.journal.Get(ctx, next.Key)
		switch {
		case errors.Is(gerr, acsauth.ErrNotFound):
			continue
		case gerr != nil:
			return next, false, gerr
		case s.claimed(old), step == waits && old.Attempt == waits:
			return old, false, nil
		}
		if err = s.journal.Replace(ctx, old, next, nil); err == nil {
			return next, true, nil
		}
		if !errors.Is(err, acsauth.ErrConflict) {
			return next, false, err
		}
	}
	return next, false, nil // others are at it
}

// claim takes the removal for this call alone.
func (s *Store) claim(ctx context.Context, key acsauth.UserKey, id acsauth.Identity) (tomb acsauth.Mapping, mine bool, err error) {
	tomb, mine, err = s.bury(ctx, key, id, "sent "+uuid.NewString())
	if mine {
		s.memory.entomb(tomb, s.timing.lag)
	}
	return tomb, mine, err
}

// unclaim lets others try: surely no DELETE of ours is under way.
func (s *Store) unclaim(ctx context.Context, tomb acsauth.Mapping) {
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timing.detached)
	defer cancel()
	free := tomb
	free.Attempt, free.Lease = waits, s.timing.lag
	if err := s.journal.Replace(rest, tomb, free, nil); err != nil {
		s.o.Log.Warn("a removal stays claimed for a while", "error", err)
	}
}
