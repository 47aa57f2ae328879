package broker

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/tracing"
	"github.com/google/uuid"
)

// RevokeTokens revokes every token issued so far for the caller's identity. ACS
// may take up to 15 minutes to spread it; this service hands none of them out
// again on any replica. No identity counts as done. After an error it is to be
// repeated: the tokens may be revoked, but replicas that keep them may not know.
func (b *Broker) RevokeTokens(ctx context.Context, caller acsauth.Caller) (err error) {
	const op = "broker.RevokeTokens"
	ctx, span := tracing.Start(ctx, op)
	defer func() { span.End(err) }()
	h, err := b.lookUp(ctx, op, caller.Key, b.read)
	id := h.id
	if errors.Is(err, acsauth.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, b.timing.call)
	defer cancel()
	if ctx, err = b.quota.Admit(ctx, quota.Revoke); err != nil {
		return acsError(op, err)
	}
	_, err = b.acs.RevokeTokens(ctx, id, nil)
	switch {
	case err == nil:
		b.learn(id)
		return b.renew(ctx, op, caller.Key, id)
	case acsCode(err) == acsidentity.CodeIdentityNotOwned:
		if !b.owns(id) {
			return anotherResource(op)
		}
		if now, gerr := b.read(ctx, caller.Key); gerr == nil && now.State == acsauth.Active && now.Identity == id {
			return lost(op, err)
		}
		return nil // deleted meanwhile, and its tokens with it
	}
	return acsError(op, err)
}

// renew gives the row another attempt, so that no replica finds the tokens that
// it keeps for the one before. That comes after the revocation: what is issued
// under the new attempt is newer. A client that leaves does not stop it.
func (b *Broker) renew(ctx context.Context, op string, key acsauth.UserKey, id acsauth.Identity) error {
	if b.insertOnly {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.timing.call)
	defer cancel()
	poll := b.timing.pause()
	for range b.timing.rounds {
		row, err := b.read(ctx, key)
		switch {
		case errors.Is(err, acsauth.ErrNotFound):
			return nil
		case err != nil:
			return storeError(op, err)
		case row.State != acsauth.Active || row.Identity != id:
			return nil // deleted meanwhile, and its tokens with it
		}
		next := row
		next.Attempt, next.Generation, next.Lease = uuid.NewString(), row.Generation+1, 0
		err = b.store.Replace(ctx, row, next, nil)
		b.mappings.DropKey(key)
		if err == nil {
			return nil
		}
		if err := poll.wait(ctx); err != nil {
			break
		}
	}
	return storeError(op, errors.New("the store takes no new version of the row"))
}
