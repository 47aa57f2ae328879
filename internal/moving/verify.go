package moving

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

// A Verdict is what a comparison found.
type Verdict struct {
	Rows    int64 // Active and Deleting rows of the source
	Equal   int64 // of them in the target, the same
	Missing int64 // of them not in the target
	Differ  int64 // of them different in the target
	Pending int64 // rows of the source that do not move
}

// Complete reports whether the target has all rows of the source, equal.
func (v Verdict) Complete() bool { return v.Rows == v.Equal }

// Verify lists the source and reads each row in the target. It reads both afresh, and writes nothing.
func Verify(ctx context.Context, o Options) (Verdict, error) {
	if err := o.fill(); err != nil {
		return Verdict{}, err
	}
	total, err := o.Source.Total(ctx)
	if err != nil {
		return Verdict{}, fmt.Errorf("cannot count the source: %w", err)
	}
	o.Meter.start("verifying", 0, total)
	var v Verdict
	var mu sync.Mutex // guards v and Note
	err = o.pages(ctx, "", func(rows []acsauth.Mapping, _ string) error {
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(o.Concurrency)
		for _, row := range rows {
			g.Go(func() error {
				var got acsauth.Mapping
				var err error
				if Moves(row.State) {
					got, err = o.Target.get(ctx, row.Key)
				}
				o.Meter.add(1)
				mu.Lock()
				defer mu.Unlock()
				return v.count(row, got, err, o.Note)
			})
		}
		return g.Wait()
	})
	return v, err
}

// count adds one row and what was read for it.
func (v *Verdict) count(row, got acsauth.Mapping, err error, note func(Note)) error {
	if !Moves(row.State) {
		v.Pending++
		return nil
	}
	v.Rows++
	var reason string
	switch {
	case errors.Is(err, acsauth.ErrNotFound):
		v.Missing++
		reason = "it is missing in the target"
	case err != nil:
		return fmt.Errorf("the row of user %s: %w", row.Key.Hash(), err)
	case !Same(row, got):
		v.Differ++
		reason = difference(row, got)
	default:
		v.Equal++
		return nil
	}
	if note != nil {
		note(Note{User: row.Key.Hash(), Reason: reason})
	}
	return nil
}
