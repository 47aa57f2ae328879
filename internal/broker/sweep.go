package broker

import (
	"context"
	"errors"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/tracing"
)

// codeMultiple is what ACS answers when one customId has several identities.
const codeMultiple = "MultipleIdentitiesForCustomId"

// Run sweeps until ctx ends: it finishes what crashes and lost answers left
// behind. Every replica runs it; a lock in the store lets one work at a time.
func (b *Broker) Run(ctx context.Context) {
	defer b.mappings.Close()
	defer b.issued.close()
	for {
		if err := b.safeSweep(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "sweep cut short", "error", err)
		}
		if b.timing.sleep(ctx, b.timing.sweepEvery) != nil {
			return
		}
	}
}

// safeSweep survives a panic: the next pass may get further.
func (b *Broker) safeSweep(ctx context.Context) (err error) {
	defer b.landed(ctx, "broker.Sweep", &err)
	return b.Sweep(quota.WithPriority(ctx, quota.Background))
}

// Sweep makes one pass, unless another replica has the lock.
func (b *Broker) Sweep(ctx context.Context) (err error) {
	mine, err := b.store.Lock(ctx, "sweeper", b.holder, b.timing.sweepLock)
	if err != nil || !mine {
		return err
	}
	ctx, span := tracing.StartWork(ctx, "broker.Sweep")
	defer func() { span.End(err) }()
	return errors.Join(b.sweepIntents(ctx), b.sweepDeletions(ctx), b.sweepOrphans(ctx), b.sweepSuspects(ctx))
}

// sweepIntents removes intents whose holder is long gone, and journals them.
func (b *Broker) sweepIntents(ctx context.Context) error {
	if b.mistakes.has(noSweep) {
		return nil
	}
	rows, err := b.store.Unfinished(ctx, acsauth.Pending, b.timing.intentGrace, b.timing.sweepBatch)
	for _, row := range rows {
		err := b.store.Remove(ctx, row, b.suspect(row))
		if errors.Is(err, acsauth.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		b.tell(ctx, EventIntentSwept, row.Attempt)
		b.tell(ctx, EventSuspect, row.Attempt)
	}
	return err
}

// sweepDeletions finishes deletions that were postponed or cut short.
func (b *Broker) sweepDeletions(ctx context.Context) error {
	rows, err := b.store.Unfinished(ctx, acsauth.Deleting, 0, b.timing.sweepBatch)
	var t tries
	for _, row := range rows {
		if row.Resource != b.resource {
			continue
		}
		if err := b.paced(ctx); err != nil {
			return err
		}
		if t.failed(b.finish(ctx, row)) {
			break
		}
	}
	return errors.Join(err, t.last)
}

// sweepOrphans deletes what is known to belong to nobody.
func (b *Broker) sweepOrphans(ctx context.Context) error {
	lines, err := b.store.Lines(ctx, acsauth.Orphan, b.timing.sweepBatch)
	var t tries
	for _, line := range lines {
		if line.Resource != b.resource {
			continue
		}
		if err := b.paced(ctx); err != nil {
			return err
		}
		if t.failed(b.dropOrphan(ctx, line)) {
			break
		}
	}
	return errors.Join(err, t.last)
}

// tries counts failures in a row. Many of them mean that ACS cannot delete now,
// and refused calls count against its limit too.
type tries struct {
	inARow int
	last   error
}

// failed notes the outcome of a deletion and reports whether the pass should
// end. An identity that ACS says is not ours fails by itself and tells nothing
// of the others; a row that changed meanwhile is somebody else's work.
func (t *tries) failed(err error) bool {
	if errors.Is(err, errAgain) {
		err = nil
	}
	if err != nil {
		t.last = err
	}
	if err == nil || acsCode(err) == acsidentity.CodeIdentityNotOwned {
		t.inARow = 0
		return false
	}
	t.inARow++
	return t.inARow >= 3
}

// sweepSuspects drops suspects that are too old to matter and, with customIds,
// finds the hidden identity of the others and deletes it.
func (b *Broker) sweepSuspects(ctx context.Context) error {
	lines, err := b.store.Lines(ctx, acsauth.Suspect, b.timing.sweepBatch)
	for _, line := range lines {
		age := time.Since(line.Since)
		switch {
		case age > b.timing.keepSuspects:
			if err := b.store.DropLine(ctx, line.User, line.Attempt); err != nil {
				return err
			}
			b.tell(ctx, EventSuspectAged, line.Attempt)
		case b.customIDs && line.Resource == b.resource && age < b.timing.resolve && (age > b.timing.quiet || b.mistakes.has(resolveEarly)):
			if err := b.resolve(ctx, line); err != nil {
				return err
			}
		}
	}
	return err
}

// resolve repeats the create of a suspect under its customId: the answer names
// the hidden identity, or a new one. Either way nobody knows it, and it is deleted.
func (b *Broker) resolve(ctx context.Context, line acsauth.JournalLine) error {
	if err := b.paced(ctx); err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, b.timing.create)
	defer cancel()
	call, err := b.quota.Admit(call, quota.Create)
	if err != nil {
		return err
	}
	r, err := b.acs.CreateIdentity(call, &acsidentity.CreateIdentityOptions{CustomID: line.Attempt})
	if acsCode(err) == codeMultiple {
		b.tell(ctx, EventUnresolved, line.Attempt)
		return nil
	}
	if err != nil {
		return err
	}
	b.learn(r.Identity)
	line.Kind, line.Identity = acsauth.Orphan, r.Identity
	if err := b.putLine(ctx, line); err != nil {
		return err
	}
	if err := b.dropOrphan(ctx, line); err != nil {
		return err
	}
	b.tell(ctx, EventResolved, line.Attempt)
	return nil
}

// paced keeps the sweeper below half of the delete quota of ACS and its lock alive.
func (b *Broker) paced(ctx context.Context) error {
	if err := b.timing.sleep(ctx, b.timing.deletePause); err != nil {
		return err
	}
	mine, err := b.store.Lock(ctx, "sweeper", b.holder, b.timing.sweepLock)
	if err == nil && !mine {
		err = errors.New("broker: another replica took over sweeping")
	}
	return err
}
