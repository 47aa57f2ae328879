package graph

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth"
)

// remove ends a deletion whose identity is gone at ACS.
func (s *Store) remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	intent, err := s.intent(ctx, old.Key)
	if err != nil {
		return err
	}
	if !intent.Fenced(old) {
		return acsauth.ErrConflict
	}
	if _, err := s.authorizer(ctx, old.Key); err != nil {
		return s.wait(ctx, intent, err)
	}
	tomb, mine, err := s.claim(ctx, old.Key, old.Identity)
	switch {
	case err != nil:
		return err
	case !mine:
		return s.watch(ctx, old)
	}
	return s.erase(ctx, old, tomb, line)
}

// errClaimed: an earlier DELETE may still run, and must not meet a new mapping.
var errClaimed = errors.New("graph: the removal of this mapping is under way, or its fate is unknown; it is repeated later")

// watch waits for somebody else's removal of the same row.
func (s *Store) watch(ctx context.Context, old acsauth.Mapping) error {
	for end := time.Now().Add(s.timing.watch); time.Now().Before(end); {
		intent, err := s.intent(ctx, old.Key)
		if err != nil {
			return err
		}
		if !intent.Fenced(old) {
			return acsauth.ErrConflict
		}
		if err := sleep(ctx, s.timing.readPause/4); err != nil {
			return err
		}
	}
	return errClaimed
}

// wait notes that the identity is gone at ACS and that the removal needs its
// user, and lets the sweeper rest over it.
func (s *Store) wait(ctx context.Context, intent acsauth.Mapping, why error) error {
	if e, ok := errors.AsType[*acsauth.Error](why); !ok || e.Code != "user_absent" {
		return why
	}
	tomb, _, err := s.bury(ctx, intent.Key, intent.Identity, waits)
	if err != nil {
		return err
	}
	if tomb.Attempt != waits {
		return why // somebody who has the user is at it
	}
	later := intent
	later.Lease = s.timing.absentLease
	if err := s.journal.Replace(ctx, intent, later, nil); err != nil {
		return err
	}
	s.o.Observe(EventWaits)
	return why
}

// takesUp finishes a removal that waited, now that the user is there, and
// reports whether it is done. Of several at once one takes it up.
func (s *Store) takesUp(ctx context.Context, intent acsauth.Mapping) bool {
	if _, err := s.authorizer(ctx, intent.Key); err != nil {
		return false
	}
	if tomb, err := s.buried(ctx, intent.Key, intent.Identity); err != nil || tomb.Attempt != waits {
		return false
	}
	tomb, mine, err := s.claim(ctx, intent.Key, intent.Identity)
	if err != nil || !mine {
		return false
	}
	if err := s.erase(ctx, intent, tomb, nil); err != nil {
		s.o.Log.Warn("a removal that had waited goes on later", "attempt", intent.Attempt, "error", err)
		return errors.Is(err, acsauth.ErrConflict)
	}
	return true
}

// erase deletes the extension if it holds the identity, and then the row of the
// Journal. While that row is there nobody commits, and the claim keeps a second
// DELETE away, so nobody else's mapping is hit.
func (s *Store) erase(ctx context.Context, old, tomb acsauth.Mapping, line *acsauth.JournalLine) error {
	sent, err := s.delete(ctx, old)
	if err != nil {
		if !sent && !errors.Is(err, acsauth.ErrConflict) {
			s.unclaim(ctx, tomb)
		}
		return err
	}
	s.memory.removed(old.Key, old.Identity)
	return s.journal.Remove(ctx, old, line)
}

// delete deletes the extension, unless another value is there. sent: after an error, the DELETE may still run.
func (s *Store) delete(ctx context.Context, old acsauth.Mapping) (sent bool, err error) {
	intent, err := s.intent(ctx, old.Key) // read after the claim: another may have ended the deletion before it
	if err != nil {
		return false, err
	}
	if !intent.Fenced(old) {
		return false, acsauth.ErrConflict
	}
	authorize, err := s.authorizer(ctx, old.Key)
	if err != nil {
		return false, err
	}
	mine, err := s.holds(ctx, old)
	if err != nil || !mine {
		return false, err
	}
	_, err = s.do(ctx, request{method: http.MethodDelete, path: s.user(old.Key) + "/extensions/" + s.o.Extension, authorize: authorize, write: true})
	refused, ok := errors.AsType[*refusal](err)
	switch {
	case err == nil, ok && refused.status == http.StatusNotFound:
		return true, nil
	case ok:
		return refused.status >= 500, refused.public()
	}
	return true, err
}

// holds reports whether the extension is to be deleted for old: it holds the
// identity, or reads show nothing, or one removed before, which may lag. A
// value of somebody else that three reads agree on is left alone.
func (s *Store) holds(ctx context.Context, old acsauth.Mapping) (bool, error) {
	for range agreeing {
		e, err := s.fetch(ctx, old.Key)
		if err != nil {
			return false, err
		}
		if e == nil || e.identity == string(old.Identity) {
			return true, nil
		}
		removed, err := s.removed(ctx, old.Key, acsauth.Identity(e.identity))
		if err != nil || removed {
			return removed, err
		}
		if err := sleep(ctx, s.timing.readPause); err != nil {
			return false, err
		}
	}
	return false, nil
}
