package broker

import (
	"context"
	"errors"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// create sends the create of the intent row, at most one more under a new
// attempt if its outcome is unknown, and commits. written is when the intent's lease began.
//
// The token of w comes with the identity, and leaves this method only once the row is Active by this attempt.
func (b *Broker) create(ctx context.Context, op string, row acsauth.Mapping, w wish, written time.Time) (held, error) {
	for last := false; ; last = true {
		// A process that slept through its lease must not send: by then the sweeper may have settled the attempt.
		if time.Since(written) >= b.timing.lease {
			return held{}, errAgain
		}
		since := b.now()
		r, err := b.send(ctx, row, w)
		switch classify(err) {
		case made:
			b.hold.good()
			h, err := b.commit(ctx, op, row, r.Identity)
			if err == nil && r.AccessToken != nil && h.attempt == row.Attempt { // else it was revoked already
				h.token, h.wished = r.AccessToken, w.form()
				b.issued.put(h, h.wished, *h.token, since)
			}
			return h, err
		case noEffect:
			public := acsError(op, err)
			b.hold.note(err, public)
			if acsauth.KindOf(public) == acsauth.Rejected {
				b.tell(ctx, EventDenied, row.Attempt)
			}
			b.withdraw(ctx, row, nil)
			return held{}, public
		}
		line := b.suspect(row)
		e, _ := errors.AsType[*acsidentity.Error](err)
		unreadable := e != nil && e.StatusCode/100 == 2
		if line != nil && e != nil {
			line.Answer, line.RequestID = e.Answer, e.RequestID
		}
		if unreadable {
			b.hold.note(err, outcomeUnknown(op, err))
			b.tell(ctx, EventUnreadable, row.Attempt)
		}
		if last || unreadable || ctx.Err() != nil {
			b.withdraw(ctx, row, line)
			return held{}, outcomeUnknown(op, err)
		}
		next := b.intent(row.Key, row.Generation+1)
		written = time.Now()
		if err := b.store.Replace(ctx, row, next, line); err != nil {
			return held{}, errAgain
		}
		b.tell(ctx, EventSuspect, row.Attempt)
		row = next
	}
}

// send sends the one create of an attempt.
func (b *Broker) send(ctx context.Context, row acsauth.Mapping, w wish) (acsidentity.CreateIdentityResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, b.timing.create)
	defer cancel()
	o := &acsidentity.CreateIdentityOptions{Scopes: w.scopes, ExpiresIn: w.life}
	if b.customIDs {
		o.CustomID = row.Attempt
	}
	if b.mistakes.has(oneCustomID) || b.mistakes.has(noIntent) {
		o.CustomID = row.Key.Hash()
	}
	r, err := b.acs.CreateIdentity(ctx, o)
	if err != nil {
		return acsidentity.CreateIdentityResponse{}, err
	}
	if guid(b.resource) && r.Identity.Resource() != b.resource {
		return acsidentity.CreateIdentityResponse{}, &acsidentity.Error{Op: "CreateIdentity", StatusCode: 201, Sent: true, RequestID: r.RequestID,
			Answer: []byte(r.Identity), Err: errors.New("the identity carries another resource than ACSAUTH_ACS_RESOURCE")}
	}
	b.learn(r.Identity)
	return r, nil
}

// withdraw takes the own intent away: without a line if its create surely had no
// effect. If the store does not do it now, the lease ends and another caller or the sweeper does.
func (b *Broker) withdraw(ctx context.Context, row acsauth.Mapping, line *acsauth.JournalLine) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.timing.call)
	defer cancel()
	err := b.store.Remove(ctx, row, line)
	switch {
	case err == nil && line != nil:
		b.tell(ctx, EventSuspect, row.Attempt)
	case err != nil:
		b.log.WarnContext(ctx, "intent not withdrawn; its lease will end", "attempt", row.Attempt, "error", err)
	}
}
