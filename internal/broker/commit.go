package broker

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
)

// commit makes row Active with id. Refused and unknown are treated alike: the
// row is read, since it may already be Active by an earlier write of ours.
func (b *Broker) commit(ctx context.Context, op string, row acsauth.Mapping, id acsauth.Identity) (held, error) {
	active := row
	active.State, active.Identity, active.Lease = acsauth.Active, id, 0
	poll := b.timing.pause()
	var err error
	for range b.timing.commitTries {
		err = b.store.Replace(ctx, b.fenceOf(ctx, row), active, nil)
		if err == nil {
			b.tell(ctx, EventCreated, row.Attempt)
			return held{id: id, attempt: row.Attempt}, nil
		}
		if b.mistakes.wouldCompensate(err) {
			b.compensate(ctx, row, id)
			return held{}, errAgain
		}
		var cur acsauth.Mapping
		if cur, err = b.look(ctx, row.Key); err != nil {
			break
		}
		if cur.State == acsauth.Active && cur.Identity == id {
			b.tell(ctx, EventCreated, row.Attempt)
			return held{id: id, attempt: cur.Attempt}, nil
		}
		if !cur.Fenced(row) {
			b.compensate(ctx, row, id)
			return held{}, errAgain
		}
		if err = poll.wait(ctx); err != nil {
			break
		}
	}
	// The row is still this attempt's intent, or cannot be read. Nothing may be deleted now.
	if err == nil {
		err = errors.New("the store takes no commit")
	}
	return held{}, storeError(op, err)
}

// look reads the row until the store answers. A missing row is the zero Mapping.
func (b *Broker) look(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	if b.mistakes.has(staleRead) {
		return acsauth.Mapping{}, nil
	}
	poll := b.timing.pause()
	var err error
	for range b.timing.commitTries {
		var row acsauth.Mapping
		row, err = b.read(ctx, key)
		if err == nil || errors.Is(err, acsauth.ErrNotFound) {
			return row, nil
		}
		if werr := poll.wait(ctx); werr != nil {
			return acsauth.Mapping{}, errors.Join(err, werr)
		}
	}
	return acsauth.Mapping{}, err
}

// compensate deletes id, which a linearizable read has shown to be nobody's:
// the row left Pending(a) for good and is not Active with id.
func (b *Broker) compensate(ctx context.Context, row acsauth.Mapping, id acsauth.Identity) {
	line := acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Orphan, User: row.Key.Hash(), Identity: id, Resource: row.Resource}
	if !b.mistakes.has(noJournal) {
		if err := b.putLine(ctx, line); err != nil {
			// The suspect line that took Pending(a) away still covers the attempt.
			b.log.WarnContext(ctx, "orphan not journalled", "attempt", row.Attempt, "error", err)
		}
	}
	b.tell(ctx, EventOrphan, row.Attempt)
	if err := b.dropOrphan(ctx, line); err != nil {
		b.log.WarnContext(ctx, "orphan not deleted; the sweeper goes on", "attempt", row.Attempt, "error", err)
	}
}

func (b *Broker) putLine(ctx context.Context, line acsauth.JournalLine) error {
	poll := b.timing.pause()
	var err error
	for range 3 {
		if err = b.store.PutLine(ctx, line); err == nil {
			return nil
		}
		if werr := poll.wait(ctx); werr != nil {
			return errors.Join(err, werr)
		}
	}
	return err
}

// dropOrphan deletes the identity of a line at ACS and then the line.
func (b *Broker) dropOrphan(ctx context.Context, line acsauth.JournalLine) error {
	if err := b.erase(ctx, line.Identity); err != nil {
		return err
	}
	if err := b.store.DropLine(ctx, line.User, line.Attempt); err != nil {
		return err
	}
	b.tell(ctx, EventOrphanGone, line.Attempt)
	return nil
}
