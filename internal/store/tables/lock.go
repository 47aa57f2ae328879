package tables

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
)

// Lock implements [acsauth.Store]. A lock is over when the clock of the service
// shows it, which it does in full seconds: up to a second late, and never early.
func (s *Store) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	if err := errors.Join(acsauth.CheckLen("lock name", name, acsauth.MaxTextLen), acsauth.CheckLen("lock holder", holder, acsauth.MaxTextLen)); err != nil {
		return false, fmt.Errorf("tables: lock: %w", err)
	}
	sum := sha256.Sum256([]byte(name))
	var has bool
	err := s.write(ctx, "lock", func(ctx context.Context) (err error) {
		has, err = s.lock(ctx, hex.EncodeToString(sum[:]), holder, d)
		return err
	})
	return has && err == nil, err
}

func (s *Store) lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	content, err := entity(lockPartition, name, map[string]any{"Holder": aztables.EDMBinary(holder), "Lease": aztables.EDMInt64(d)})
	if err != nil {
		return false, err
	}
	for range maxTries {
		e, err := s.get(ctx, lockPartition, name)
		switch {
		case absent(err):
			_, err = s.add(ctx, content)
		case err != nil:
			return false, err
		default:
			f := &fields{EDMEntity: e.EDMEntity}
			by, lease := string(field[aztables.EDMBinary](f, "Holder")), time.Duration(field[aztables.EDMInt64](f, "Lease"))
			if f.bad {
				return false, errUnreadable
			}
			if by != holder && time.Time(e.Timestamp).Add(lease).After(e.now) {
				return false, nil
			}
			_, err = s.swap(ctx, content, e.etag)
		}
		if err == nil {
			return true, nil
		}
		if !refused(err) {
			return false, err
		}
	}
	return false, errBusy
}
