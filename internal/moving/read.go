package moving

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/acs-solutions/acsauth"
)

// get reads one row of the target; a fault that passes is waited for. A target
// without a store is an empty one, for a dry run into a file that is not there yet.
func (t Target) get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	if t.Store == nil {
		return acsauth.Mapping{}, acsauth.ErrNotFound
	}
	var found acsauth.Mapping
	err := t.patiently(ctx, func() (err error) {
		found, err = t.Store.Get(ctx, key)
		return err
	})
	return found, err
}

// belongs reports whether the identity of an orphan belongs to a user of the
// target. Its sweeper would delete that identity.
func (t Target) belongs(ctx context.Context, line acsauth.JournalLine) (bool, error) {
	finder, ok := t.Store.(acsauth.Finder)
	if !ok || line.Kind != acsauth.Orphan {
		return false, nil
	}
	err := t.patiently(ctx, func() error {
		_, err := finder.Find(ctx, line.Identity)
		return err
	})
	if errors.Is(err, acsauth.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// patiently repeats do, which may be repeated, until it succeeds, answers a sentinel, or has been tried often enough.
func (t Target) patiently(ctx context.Context, do func() error) error {
	pause := cmp.Or(t.Pause, 100*time.Millisecond)
	for try := 1; ; try++ {
		err := do()
		if err == nil || errors.Is(err, acsauth.ErrNotFound) || errors.Is(err, acsauth.ErrConflict) {
			return err
		}
		if ctx.Err() != nil || try >= cmp.Or(t.Tries, defaultTries) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, maxPause)
	}
}
