package broker

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
)

// maxHeldLines is how many journal lines of a kind are looked through for those of one user.
const maxHeldLines = 1000

// Holdings is what the store holds about one user.
type Holdings struct {
	Mapping *acsauth.Mapping // nil if there is none
	Lines   []acsauth.JournalLine
	// Complete is false if the journal has more lines than were looked through.
	Complete bool
}

// Holdings returns all that the store holds about a user. Codes: store_*.
func (b *Broker) Holdings(ctx context.Context, key acsauth.UserKey) (Holdings, error) {
	const op = "broker.Holdings"
	h := Holdings{Complete: true}
	row, err := b.read(ctx, key)
	switch {
	case err == nil:
		h.Mapping = &row
	case !errors.Is(err, acsauth.ErrNotFound):
		return Holdings{}, storeError(op, err)
	}
	user := key.Hash()
	for _, kind := range [...]acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan, acsauth.Left} {
		lines, err := b.store.Lines(ctx, kind, maxHeldLines)
		if err != nil {
			return Holdings{}, storeError(op, err)
		}
		h.Complete = h.Complete && len(lines) < maxHeldLines
		for _, line := range lines {
			if line.User == user {
				h.Lines = append(h.Lines, line)
			}
		}
	}
	return h, nil
}

// Describe returns the mapping of a user in whatever state it is. Codes: identity_not_found, store_*.
func (b *Broker) Describe(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	const op = "broker.Describe"
	row, err := b.read(ctx, key)
	return row, rowError(op, err)
}

// Owner returns the mapping that holds an identity. Codes: identity_not_found, store_cannot_find, store_*.
func (b *Broker) Owner(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	const op = "broker.Owner"
	finder, ok := b.store.(acsauth.Finder)
	if !ok {
		return acsauth.Mapping{}, &acsauth.Error{Kind: acsauth.Rejected, Code: "store_cannot_find", Op: op,
			Detail: "The store of this server cannot look up who an identity belongs to.",
			Hint:   "Operator: the graph store has no such index; docs/identity-storage.md says which stores have one."}
	}
	row, err := finder.Find(ctx, id)
	if err == nil && row.Identity != id {
		err = errOtherRow
	}
	return row, rowError(op, err)
}

func rowError(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, acsauth.ErrNotFound):
		return notFound(op)
	}
	return storeError(op, err)
}
