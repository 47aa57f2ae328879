//go:build mistakes

package broker

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
)

type mistakes struct{ on mistake }

func (m mistakes) has(x mistake) bool { return m.on == x }

func (m mistakes) wouldCompensate(err error) bool {
	refused := errors.Is(err, acsauth.ErrConflict)
	return m.on == blindLoss && refused || m.on == hastyDelete && !refused
}

// fenceOf forgets, under noFence, whose intent it was.
func (b *Broker) fenceOf(ctx context.Context, row acsauth.Mapping) acsauth.Mapping {
	if b.mistakes.has(noFence) {
		if cur, err := b.read(ctx, row.Key); err == nil && cur.State == acsauth.Pending {
			return cur
		}
	}
	return row
}

// mistaken is the common design, create and then insert. It is here to be caught.
func (b *Broker) mistaken(ctx context.Context, op string, key acsauth.UserKey) (acsauth.Identity, bool, error) {
	if !b.mistakes.has(noIntent) {
		return "", false, nil
	}
	row := b.intent(key, 1)
	r, err := b.send(ctx, row, wish{})
	if err != nil {
		return "", true, acsError(op, err)
	}
	id := r.Identity
	row.State, row.Identity = acsauth.Active, id
	if b.store.Insert(ctx, row) == nil {
		return id, true, nil
	}
	b.compensate(ctx, row, id)
	return "", true, errAgain
}
