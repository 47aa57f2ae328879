package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/acs-solutions/acsauth"
)

// Insert implements [acsauth.Store], for a Pending row.
func (s *Store) Insert(ctx context.Context, m acsauth.Mapping) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if m.State != acsauth.Pending || m.Identity != "" {
		return shape("insert", "a row that is not Pending")
	}
	_, _, err := s.get(ctx, m.Key, true)
	switch {
	case err == nil:
		return acsauth.ErrConflict
	case !errors.Is(err, acsauth.ErrNotFound):
		return err
	}
	return s.journal.Insert(ctx, m)
}

// Replace implements [acsauth.Store], for Pending by Pending, Pending by Active
// of the same attempt, and Active by Deleting of the same identity. Only the first takes a line.
func (s *Store) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	switch {
	case old.Key != next.Key:
		return shape("replace", "a row of another key")
	case old.State == acsauth.Pending && next.State == acsauth.Pending && next.Identity == "":
		return s.journal.Replace(ctx, old, next, line)
	case line != nil:
	case old.State == acsauth.Pending && next.State == acsauth.Active && old.Attempt == next.Attempt && next.Identity != "":
		return s.commit(ctx, old, next)
	case old.State == acsauth.Active && next.State == acsauth.Deleting && old.Identity == next.Identity && next.Identity != "":
		return s.mark(ctx, old, next)
	}
	return shape("replace", "a swap other than an intent's, a commit's or a deletion's")
}

// Remove implements [acsauth.Store], for a Pending or Deleting row.
func (s *Store) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	switch old.State {
	case acsauth.Pending:
		return s.journal.Remove(ctx, old, line)
	case acsauth.Deleting:
		return s.remove(ctx, old, line)
	}
	return shape("remove", "a row that is neither Pending nor Deleting")
}

// commit makes an intent Active. The intent is renewed first: whoever lost it
// must not write, and who holds it has time until its lease is over again.
func (s *Store) commit(ctx context.Context, old, next acsauth.Mapping) error {
	body, err := s.payload(next)
	if err != nil {
		return fmt.Errorf("graph: replace: %w", err)
	}
	authorize, err := s.authorizer(ctx, next.Key)
	if err != nil {
		return err
	}
	held := old
	held.Resource, held.Generation, held.Lease = next.Resource, next.Generation, s.timing.commitLease
	if err := s.journal.Replace(ctx, old, held, nil); err != nil {
		return err
	}
	post := request{method: http.MethodPost, path: s.user(next.Key) + "/extensions", body: body, authorize: authorize, write: true}
	_, err = s.do(ctx, post)
	if refused, ok := errors.AsType[*refusal](err); ok {
		if refused.status != http.StatusBadRequest && refused.status != http.StatusConflict {
			return refused.public()
		}
		err = s.readBack(ctx, next, refused)
	}
	if err != nil {
		return err
	}
	next.Lease = 0
	s.memory.remember(next)
	// The mapping is there. The intent is of no use any more, and of no harm should it stay.
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timing.detached)
	defer cancel()
	if err := s.journal.Remove(rest, held, nil); err != nil && !errors.Is(err, acsauth.ErrConflict) {
		s.o.Log.Warn("an intent that was met was not removed", "attempt", held.Attempt, "error", err)
	}
	return nil
}

// agreeing is how many reads in a row have to show the same.
const agreeing = 3

// readBack finds out after a refused POST whose mapping is there: nil if it is
// the one of next, ErrConflict if it is another. Reads may lag behind the one that the POST met.
func (s *Store) readBack(ctx context.Context, next acsauth.Mapping, refused *refusal) error {
	limit, cancel := context.WithTimeout(ctx, s.timing.readBack)
	defer cancel()
	var last acsauth.Mapping
	same := 0
	for {
		row, err := s.lookOnce(limit, next.Key)
		switch {
		case errors.Is(err, acsauth.ErrNotFound):
			if !refused.duplicate && refused.maximum {
				return extensionLimit(refused)
			}
			if last.State != "" {
				last, same = acsauth.Mapping{}, 0
			}
			same++
			if !refused.duplicate && same >= agreeing {
				return refused.public() // it was about something else
			}
		case err != nil && limit.Err() != nil:
			return s.unsettled(ctx, refused)
		case err != nil:
			return err
		case row.Attempt == next.Attempt && row.Identity == next.Identity:
			return nil
		case row.Fenced(last):
			same++
		default:
			last, same = row, 1
		}
		if last.State == acsauth.Active && same >= agreeing {
			s.memory.remember(last)
			return acsauth.ErrConflict
		}
		if sleep(limit, s.timing.readPause) != nil {
			return s.unsettled(ctx, refused)
		}
	}
}

// unsettled is the error when reading back took too long.
func (s *Store) unsettled(ctx context.Context, refused *refusal) error {
	if ctx.Err() != nil {
		return fmt.Errorf("graph: %w", ctx.Err())
	}
	return unavailable(fmt.Errorf("the mapping exists and cannot be read: %w", refused))
}

// mark writes the Deleting row, from which on the identity is shown to nobody.
func (s *Store) mark(ctx context.Context, old, next acsauth.Mapping) (err error) {
	defer func() {
		if err == nil {
			s.memory.forget(next.Key, next.Identity)
		}
	}()
	row, intent, err := s.get(ctx, old.Key, false)
	switch {
	case errors.Is(err, acsauth.ErrNotFound):
		return acsauth.ErrConflict
	case err != nil:
		return err
	case !row.Fenced(old):
		return acsauth.ErrConflict
	case intent.State == "":
		return s.journal.Insert(ctx, next)
	}
	// An intent that was met, or that lost: the deletion takes its place.
	if intent.Attempt == old.Attempt {
		return s.journal.Replace(ctx, intent, next, nil)
	}
	line := acsauth.JournalLine{Attempt: intent.Attempt, Kind: acsauth.Suspect, User: intent.Key.Hash(), Resource: intent.Resource}
	return s.journal.Replace(ctx, intent, next, &line)
}
