package broker

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/google/uuid"
)

// codeTampered is the code for a mapping that this service did not write; the graph store has it, too.
const codeTampered = "mapping_tampered"

// adopt takes over the identity that another place holds for a key without a
// row. "": there is none that can be had. errAgain: somebody was faster.
func (b *Broker) adopt(ctx context.Context, op string, key acsauth.UserKey) (acsauth.Identity, error) {
	if b.adoptFrom == nil {
		return "", nil
	}
	id, err := b.adoptFrom(ctx, key)
	if err != nil || id == "" {
		return "", err
	}
	if err := b.unclaimed(ctx, op, id); err != nil {
		return "", err
	}
	if alive, err := b.alive(ctx, op, id); err != nil || !alive {
		return "", err // unsure is no reason to make a second identity
	}
	row := acsauth.Mapping{Key: key, State: acsauth.Active, Attempt: uuid.NewString(), Identity: id, Resource: b.resource, Generation: 1}
	if err := b.store.Insert(ctx, row); errors.Is(err, acsauth.ErrConflict) {
		return "", errAgain
	} else if err != nil {
		return "", storeError(op, err)
	}
	b.tell(ctx, EventAdopted, row.Attempt)
	return id, nil
}

// unclaimed refuses an identity that the store knows as another user's.
func (b *Broker) unclaimed(ctx context.Context, op string, id acsauth.Identity) error {
	finder, ok := b.store.(acsauth.Finder)
	if !ok {
		return nil
	}
	_, err := finder.Find(ctx, id)
	if errors.Is(err, acsauth.ErrNotFound) {
		return nil
	}
	if err != nil {
		return storeError(op, err)
	}
	b.tell(ctx, EventTampered, "")
	return &acsauth.Error{Kind: acsauth.Conflict, Code: codeTampered, Op: op,
		Detail: "The mapping of this user in Microsoft Graph names an identity that belongs to another user.",
		Hint:   "Operator: remove the open extension from this user, and find out who wrote it."}
}

// alive reports whether ACS gives tokens for id. The token is thrown away: there is no look-up.
func (b *Broker) alive(ctx context.Context, op string, id acsauth.Identity) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, b.timing.call)
	defer cancel()
	ctx, err := b.quota.Admit(ctx, quota.Issue)
	if err != nil {
		return false, acsError(op, err)
	}
	_, err = b.acs.IssueToken(ctx, id, b.scopes[:1], &acsidentity.IssueTokenOptions{ExpiresIn: acsauth.MinTokenLifetime})
	switch {
	case err == nil:
		b.learn(id)
		return true, nil
	case acsCode(err) == acsidentity.CodeIdentityNotOwned:
		return false, nil
	}
	return false, acsError(op, err)
}
