package broker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/tracing"
	"github.com/google/uuid"
)

// ensured is what all callers that share one flight get.
type ensured struct {
	held
	created *atomic.Bool // true until one caller has taken the credit
}

// EnsureIdentity returns the identity of the caller, and makes it if there is
// none; created is true for one of the callers that shared the making.
// Codes: identity_of_another_resource, deletion_in_progress, identity_pending,
// create_outcome_unknown, acs_*, store_*.
func (b *Broker) EnsureIdentity(ctx context.Context, caller acsauth.Caller) (id acsauth.Identity, created bool, err error) {
	const op = "broker.EnsureIdentity"
	ctx, span := tracing.Start(ctx, op)
	defer func() { span.End(err) }()
	h, created, err := b.ensureHeld(ctx, op, caller.Key, wish{})
	return h.id, created, err
}

// ensureHeld is EnsureIdentity for a call that wants a token, too: if it makes the identity, the token comes with it.
func (b *Broker) ensureHeld(ctx context.Context, op string, key acsauth.UserKey, w wish) (h held, created bool, err error) {
	first := b.read // an identity that is shown is as fresh as the store
	if len(w.scopes) > 0 {
		first = b.glance
	}
	if row, err := first(ctx, key); err == nil && row.State == acsauth.Active && !b.moves(row) {
		h, err := b.settled(op, row)
		return h, false, err
	}
	// The flight outlives its first caller: others wait for it, and a create cut short is a suspect.
	flight := b.ensures.DoChan(key.Hash(), func() (_ any, err error) {
		defer b.landed(ctx, op, &err)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.timing.ensure)
		defer cancel()
		return b.ensure(ctx, op, key, w)
	})
	select {
	case <-ctx.Done():
		return held{}, false, context.Cause(ctx)
	case r := <-flight:
		if r.Err != nil {
			return held{}, false, r.Err
		}
		e := r.Val.(ensured)
		return e.held, e.created.CompareAndSwap(true, false), nil
	}
}

// errAgain sends a walk back to reading the row, with nothing held.
var errAgain = errors.New("broker: read the row again")

// errUnsure is errAgain after a write of unknown fate: a store that is down must not be asked for ever.
var errUnsure = errors.New("broker: the store did not tell the fate of an intent")

// ensure walks the circle until the row is Active.
func (b *Broker) ensure(ctx context.Context, op string, key acsauth.UserKey, w wish) (ensured, error) {
	result := ensured{created: new(atomic.Bool)}
	poll := b.timing.pause()
	patience := time.Now().Add(b.timing.patience)
	unsure := 0 // intents whose fate the store did not tell
	asked := false
	for range b.timing.rounds {
		row, err := b.read(ctx, key)
		for err == nil && row.State == acsauth.Pending && row.Lease > 0 { // another holder is at work
			if !time.Now().Before(patience) {
				return result, pending(op)
			}
			if err = poll.wait(ctx); err == nil {
				row, err = b.read(ctx, key)
			}
		}
		if err == nil && b.moves(row) {
			if err := b.leave(ctx, row); err != nil {
				return result, storeError(op, err)
			}
			continue
		}
		if err == nil && row.State != acsauth.Pending {
			result.held, err = b.settled(op, row)
			return result, err
		}
		if err != nil && !errors.Is(err, acsauth.ErrNotFound) {
			return result, storeError(op, err)
		}
		if !asked {
			if err := b.tooMany(op, key); err != nil {
				return result, err
			}
			asked = true
		}
		h, fresh, err := b.begin(ctx, op, row, key, w)
		if errors.Is(err, errUnsure) {
			if unsure++; unsure < b.timing.unsure {
				continue
			}
			return result, storeError(op, err)
		}
		if errors.Is(err, errAgain) {
			continue
		}
		if err == nil {
			result.held = h
			result.created.Store(fresh)
		}
		return result, err
	}
	return result, pending(op)
}

// tooMany refuses to make one more identity for a user, or for those of one issuer, who had too many.
func (b *Broker) tooMany(op string, key acsauth.UserKey) error {
	if b.mayCreate == nil {
		return nil
	}
	if wait, ok := b.mayCreate(key); !ok {
		return &acsauth.Error{Kind: acsauth.Throttled, Code: "create_limit", Op: op, RetryAfter: wait,
			Detail: "Too many identities were made for this user, or for the users of this tenant together.",
			Hint:   "Keep the identity and do not delete it at sign-out. Operator: ACSAUTH_LIMIT_CREATES and ACSAUTH_LIMIT_TENANT_CREATES."}
	}
	return nil
}

// begin gives a key an identity that another place holds for it, or a fresh
// one. old is the dead intent in the way, or empty.
func (b *Broker) begin(ctx context.Context, op string, old acsauth.Mapping, key acsauth.UserKey, w wish) (h held, fresh bool, err error) {
	if old.Attempt == "" {
		if id, err := b.adopt(ctx, op, key); id != "" || err != nil {
			return held{id: id}, false, err
		}
	}
	h, err = b.attempt(ctx, op, old, key, w)
	return h, err == nil, err
}

// moves reports whether the identity of row is to be left for a new one.
func (b *Broker) moves(row acsauth.Mapping) bool {
	return b.rehome && row.State != acsauth.Pending && row.Resource != b.resource
}

// leave takes a row of another resource away and writes its identity down: only
// a server that calls that resource can delete it. A refusal means that the row has changed.
func (b *Broker) leave(ctx context.Context, row acsauth.Mapping) error {
	line := acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Left, User: row.Key.Hash(), Identity: row.Identity, Resource: row.Resource}
	err := b.store.Remove(ctx, row, &line)
	b.mappings.DropKey(row.Key)
	if errors.Is(err, acsauth.ErrConflict) {
		return nil
	}
	if err == nil {
		b.tell(ctx, EventRehomed, row.Attempt)
	}
	return err
}

// settled answers from a row that is Active or Deleting.
func (b *Broker) settled(op string, row acsauth.Mapping) (held, error) {
	switch {
	case row.Resource != b.resource:
		return held{}, anotherResource(op)
	case row.State == acsauth.Deleting:
		return held{}, deleting(op)
	}
	return held{id: row.Identity, attempt: row.Attempt}, nil
}

// attempt writes an intent, over the dead intent old unless that is empty, and
// creates. errAgain: somebody was faster, or the intent's fate is unknown.
func (b *Broker) attempt(ctx context.Context, op string, old acsauth.Mapping, key acsauth.UserKey, w wish) (held, error) {
	if err := b.hold.check(); err != nil {
		return held{}, err
	}
	kind := quota.Create
	if len(w.scopes) > 0 {
		kind = quota.CreateWithToken
	}
	ctx, err := b.quota.Admit(ctx, kind) // before the intent: who is told to come later costs the store nothing
	if err != nil {
		return held{}, acsError(op, err)
	}
	if id, done, err := b.mistaken(ctx, op, key); done {
		return held{id: id}, err
	}
	next := b.intent(key, old.Generation+1)
	written := time.Now()
	if old.Attempt == "" {
		err = b.store.Insert(ctx, next)
	} else {
		err = b.store.Replace(ctx, old, next, b.suspect(old))
	}
	if err != nil { // an intent whose fate is unknown is never used, nor written again
		if ctx.Err() != nil {
			return held{}, storeError(op, err)
		}
		if errors.Is(err, acsauth.ErrConflict) {
			return held{}, errAgain
		}
		return held{}, fmt.Errorf("%w: attempt %s: %w", errUnsure, next.Attempt, err)
	}
	if old.Attempt != "" {
		b.tell(ctx, EventTakeover, next.Attempt)
		b.tell(ctx, EventSuspect, old.Attempt)
	}
	return b.create(ctx, op, next, w, written)
}

// intent returns a Pending row of a fresh attempt.
func (b *Broker) intent(key acsauth.UserKey, generation int64) acsauth.Mapping {
	return acsauth.Mapping{Key: key, State: acsauth.Pending, Attempt: uuid.NewString(), Resource: b.resource,
		Generation: generation, Lease: b.timing.lease}
}

// suspect returns the journal line for an intent that is taken away.
func (b *Broker) suspect(row acsauth.Mapping) *acsauth.JournalLine {
	if b.mistakes.has(noJournal) {
		return nil
	}
	return &acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Suspect, User: row.Key.Hash(), Resource: row.Resource}
}
