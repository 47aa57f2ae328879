package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/audit"
	"golang.org/x/time/rate"
)

// How many refusals of unknown callers are written down: a flood of them must
// not fill the disk, and with it keep known callers from being served.
const (
	strangersPerSecond = 10
	strangersAtOnce    = 100
)

// A strangers meters the refusals of callers that nobody knows.
type strangers struct {
	limit      *rate.Limiter
	suppressed atomic.Int64
}

func newStrangers() strangers {
	return strangers{limit: rate.NewLimiter(strangersPerSecond, strangersAtOnce)}
}

// record writes down what became of a call. It returns an error if what was
// decided could not be written down.
func (s *Server) record(ctx context.Context, x *exchange, r *http.Request, c *call, status int, err error) error {
	c.recorded = true
	if s.o.Audit == nil {
		return nil
	}
	e := audit.Event{RequestID: x.id, Operation: string(c.op.name), Outcome: audit.Allowed, Status: status, Caller: c.Caller, Target: c.target,
		Identity: c.identity, Created: c.created, Rule: c.grant.Rule, Policy: c.grant.Version, Noted: c.grant.Noted, Count: c.count,
		Address: s.clientAddress(r)}
	if err != nil {
		told := translate(ctx, err)
		_, e.Status = x.describe(told)
		e.Outcome, e.Code, e.Identity, e.Created = outcomeOf(e.Status), told.Code, "", false
	} else if c.issued.token != "" {
		sum := sha256.Sum256([]byte(c.issued.token))
		e.TokenHash, e.Scopes, e.Lifetime = hex.EncodeToString(sum[:]), c.issued.scopes, c.issued.lifetime
	}
	if e.Caller.Key == (acsauth.UserKey{}) {
		if !s.strangers.limit.Allow() {
			s.strangers.suppressed.Add(1)
			return nil
		}
		e.Count = int(s.strangers.suppressed.Swap(0))
	}
	// What was done is written down even for a client that has left.
	if err := s.o.Audit.Record(context.WithoutCancel(ctx), e); err != nil {
		return errAudit(err)
	}
	return nil
}

func outcomeOf(status int) string {
	if status >= http.StatusInternalServerError {
		return audit.Failed
	}
	return audit.Refused
}

var errPanicked = errors.New("server: panic")

// recordPanic writes down a call that ended in a panic.
func (s *Server) recordPanic(ctx context.Context, x *exchange, r *http.Request, c *call) {
	if !c.recorded {
		_ = s.record(ctx, x, r, c, 0, errPanicked) // the answer is an error in any case
	}
}
