package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/tracing"
)

// DeleteIdentity deletes the identity of the caller at ACS, with its tokens and
// chat messages, and then the mapping. done is false if ACS cannot do it now:
// from then on the identity is shown to nobody and the sweeper goes on. No
// identity counts as done. Codes: identity_of_another_resource, store_*.
func (b *Broker) DeleteIdentity(ctx context.Context, caller acsauth.Caller) (done bool, err error) {
	const op = "broker.DeleteIdentity"
	ctx, span := tracing.Start(ctx, op)
	defer func() { span.End(err) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.timing.ensure)
	defer cancel()
	poll := b.timing.pause()
	for range b.timing.rounds {
		row, err := b.read(ctx, caller.Key)
		if errors.Is(err, acsauth.ErrNotFound) {
			return true, nil
		}
		if err != nil {
			return false, storeError(op, err)
		}
		done, err = b.deleteRow(ctx, op, row)
		if !errors.Is(err, errAgain) {
			return done, err
		}
		if err := poll.wait(ctx); err != nil {
			break
		}
	}
	return false, storeError(op, errors.New("the row never settled"))
}

// deleteRow takes one step of a deletion. errAgain: read the row again.
func (b *Broker) deleteRow(ctx context.Context, op string, row acsauth.Mapping) (bool, error) {
	if row.State == acsauth.Pending {
		if err := b.store.Remove(ctx, row, b.suspect(row)); err != nil {
			return false, errAgain
		}
		b.tell(ctx, EventSuspect, row.Attempt)
		return true, nil
	}
	if row.Resource != b.resource {
		return false, anotherResource(op)
	}
	if b.mistakes.has(unmapFirst) {
		err := b.store.Remove(ctx, row, nil)
		b.mappings.DropKey(row.Key)
		if err != nil {
			return false, errAgain
		}
		return b.erase(ctx, row.Identity) == nil, nil
	}
	if row.State == acsauth.Active {
		next := row
		next.State, next.Lease = acsauth.Deleting, b.timing.deleteLease
		err := b.store.Replace(ctx, row, next, nil)
		b.mappings.DropKey(row.Key)
		if err != nil {
			return false, errAgain
		}
		row = next
	}
	err := b.finish(ctx, row)
	if errors.Is(err, errPostponed) {
		return false, nil
	}
	return err == nil, err
}

// errPostponed: ACS could not delete an identity now.
var errPostponed = errors.New("broker: ACS did not delete the identity")

// finish completes the deletion of a row in state Deleting. errPostponed: the
// sweeper goes on. errAgain: read the row again.
func (b *Broker) finish(ctx context.Context, row acsauth.Mapping) error {
	if err := b.erase(ctx, row.Identity); err != nil {
		b.log.WarnContext(ctx, "deletion goes on in the background", "attempt", row.Attempt, "error", err)
		b.tell(ctx, EventDeleteLater, row.Attempt)
		return fmt.Errorf("%w: %w", errPostponed, err)
	}
	if err := b.store.Remove(ctx, row, nil); err != nil {
		return errAgain
	}
	b.tell(ctx, EventDeleted, row.Attempt)
	return nil
}

// erase deletes id at ACS. IdentityNotOwned means gone only if id surely
// belongs to the resource that we call: a wrong connection string gives the same answer.
func (b *Broker) erase(ctx context.Context, id acsauth.Identity) error {
	ctx, cancel := context.WithTimeout(ctx, b.timing.call)
	defer cancel()
	ctx, err := b.quota.Admit(ctx, quota.Delete)
	if err != nil {
		return err
	}
	_, err = b.acs.DeleteIdentity(ctx, id, nil)
	if acsCode(err) == acsidentity.CodeIdentityNotOwned && b.owns(id) {
		return nil
	}
	if err == nil {
		b.learn(id)
	}
	return err
}
