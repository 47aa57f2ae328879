package entra

import (
	"fmt"
	"sync"
	"time"
)

const revokedText = "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password."

// revocations say which sessions and grants of a user are over. They are counted and not timed: the clock may stand still.
type revocations struct {
	mu    sync.Mutex
	users map[string]revocation // by object id
}

type revocation struct {
	count int
	at    time.Time
}

func (r *revocations) get(oid string) revocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.users[oid]
}

func (r *revocations) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.users)
}

// RevokeSessions ends all sessions, codes and refresh tokens of a user, as a changed password and Graph's revokeSignInSessions
// do: what rests on them is refused with AADSTS50173. Access tokens stay valid, except as the assertion of On-Behalf-Of.
func (s *Service) RevokeSessions(user string) error {
	u := s.dir.user(user)
	if u == nil {
		return fmt.Errorf("entra: no user %q", clip(user))
	}
	r := &s.flow.revoked
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users == nil {
		r.users = make(map[string]revocation)
	}
	old, known := r.users[u.ObjectID]
	if !known && len(r.users) >= vaultLimit {
		return fmt.Errorf("entra: sessions of %d users are revoked already, no more than that are kept", vaultLimit)
	}
	r.users[u.ObjectID] = revocation{old.count + 1, s.now()}
	s.counts.add("revoked")
	return nil
}

// generation counts the revocations of a user so far.
func (s *Service) generation(user *User) int { return s.flow.revoked.get(user.ObjectID).count }

// checkRevoked refuses a grant of a time before the last revocation.
func (s *Service) checkRevoked(g grantFacts) *Error {
	last := s.flow.revoked.get(g.user.ObjectID)
	if last.count == g.generation {
		return nil
	}
	return revokedGrant(g.issued, last.at)
}

// revokedGrant is the error for a grant that was revoked.
func revokedGrant(issued, at time.Time) *Error {
	e := fail(50173, "%s The grant was issued on '%s' and the TokensValidFrom date (before which tokens are not valid) for this user is '%s'.",
		revokedText, issued.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339))
	e.Suberror = "bad_token"
	return e
}
