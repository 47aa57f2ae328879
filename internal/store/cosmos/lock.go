package cosmos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

// Lock implements [acsauth.Store]. A lock is over when the clock of the service
// shows it, which it does in full seconds: up to a second late or early.
func (s *Store) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	if err := errors.Join(acsauth.CheckLen("lock name", name, acsauth.MaxTextLen), acsauth.CheckLen("lock holder", holder, acsauth.MaxTextLen)); err != nil {
		return false, fmt.Errorf("cosmos: lock: %w", err)
	}
	var has bool
	mine := item{ID: lockID, Key: lockKey(name), Kind: kindLock, Holder: text(holder), Lease: int64(d)}
	err := s.write(ctx, "lock", func(ctx context.Context) (err error) {
		has, err = s.lock(ctx, mine)
		return err
	})
	return has && err == nil, err
}

func (s *Store) lock(ctx context.Context, mine item) (bool, error) {
	for try := range maxTries {
		is, now, err := s.get(ctx, mine.Key, mine.ID)
		switch {
		case absent(err):
			_, err = s.create(ctx, mine)
		case err != nil:
			return false, notDone{err}
		case is.Kind != kindLock:
			return false, errUnreadable
		case is.Holder != mine.Holder && is.left(now) > 0:
			return false, nil
		default:
			_, err = s.replace(ctx, mine, is.ETag)
		}
		if err == nil {
			return true, nil
		}
		if !refused(err) {
			return false, err
		}
		if !pause(ctx, try, 0) {
			break
		}
	}
	return false, errBusy
}
