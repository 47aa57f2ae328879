package moving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

// Options of a copy.
type Options struct {
	Source Source
	Target Target
	// Pair of the source and the target; see the function. Needed with a Checkpoint.
	Pair string
	// Checkpoint is the path of a file that says how far the run is. Empty: there is none.
	Checkpoint string
	// Concurrency is how many rows are written at a time, 1 to 256. Zero: 32.
	Concurrency int
	// DryRun reads everything and writes nothing, not even a checkpoint.
	DryRun bool
	// MoveJournal takes journal lines away from the source once they are in the
	// target. More than 1000 lines of a kind can only be listed that way.
	MoveJournal bool
	Meter       *Meter
	// Note is told of each conflict and each row passed over. It is called by one goroutine at a time. Nil: nobody is told.
	Note func(Note)
}

// MaxConcurrency is the most rows that are written at a time.
const MaxConcurrency = 256

func (o *Options) fill() error {
	o.Concurrency = cmp.Or(o.Concurrency, 32)
	if o.Concurrency < 1 || o.Concurrency > MaxConcurrency {
		return fmt.Errorf("the concurrency is %d and may be 1 to %d", o.Concurrency, MaxConcurrency)
	}
	return nil
}

// A Tally counts what became of the rows and lines.
type Tally struct {
	Added     int64 `json:"added"`
	Present   int64 `json:"present"`   // were there already, the same
	Conflicts int64 `json:"conflicts"` // the target has something else, which stays
	Pending   int64 `json:"pending"`   // passed over
	Deleting  int64 `json:"deleting"`  // how many of the added and present are being deleted
	Lines     int64 `json:"lines"`     // of the journal
	Refused   int64 `json:"refused"`   // orphans that belong to a user of the target
	Left      int64 `json:"left"`      // lines that the source could not list
	// Resumed reports that an earlier run had done a part.
	Resumed bool `json:"-"`
}

// Complete reports whether all that moves is in the target.
func (t Tally) Complete() bool { return t.Conflicts == 0 && t.Refused == 0 && t.Left == 0 }

// Copy carries all rows and lines over. It stops at the first error; the same
// call then goes on from the checkpoint.
func Copy(ctx context.Context, o Options) (Tally, error) {
	r := &run{o: o}
	if o.DryRun {
		r.o.Checkpoint = ""
	}
	if err := r.o.fill(); err != nil {
		return Tally{}, err
	}
	at, resumed, err := loadCheckpoint(r.o.Checkpoint, o.Pair)
	if err != nil {
		return Tally{}, err
	}
	r.at = at
	r.at.Tally.Resumed = resumed
	if err := r.rows(ctx); err != nil {
		return r.at.Tally, err
	}
	err = r.journal(ctx)
	return r.at.Tally, err
}

// A run is one Copy.
type run struct {
	o  Options
	at checkpoint

	mu sync.Mutex // guards Note
}

// rows carries page after page; the next one is read while one is written.
func (r *run) rows(ctx context.Context) error {
	total, err := r.o.Source.Total(ctx)
	if err != nil {
		return fmt.Errorf("cannot count the source: %w", err)
	}
	t := r.at.Tally
	r.o.Meter.start("copying", t.Added+t.Present+t.Conflicts+t.Pending, total)
	if r.at.Rows {
		return nil
	}
	return r.o.pages(ctx, r.at.Cursor, func(rows []acsauth.Mapping, next string) error {
		if err := r.page(ctx, rows); err != nil {
			return err
		}
		r.at.Cursor, r.at.Rows = next, next == ""
		return r.at.save(r.o.Checkpoint)
	})
}

// page writes one page and returns when every row of it is acknowledged.
func (r *run) page(ctx context.Context, rows []acsauth.Mapping) error {
	var counts [conflict + 1]atomic.Int64
	var pending, deleting atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.o.Concurrency)
	for _, row := range rows {
		if !Moves(row.State) {
			pending.Add(1)
			r.note(row, "passed over: an identity is being made for the user (pending)")
			r.o.Meter.add(1)
			continue
		}
		g.Go(func() error {
			o, reason, err := r.one(ctx, row)
			if err != nil {
				return err
			}
			counts[o].Add(1)
			if o == conflict {
				r.note(row, reason)
			} else if row.State == acsauth.Deleting {
				deleting.Add(1)
			}
			r.o.Meter.add(1)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	t := &r.at.Tally
	t.Added += counts[added].Load()
	t.Present += counts[present].Load()
	t.Conflicts += counts[conflict].Load()
	t.Pending += pending.Load()
	t.Deleting += deleting.Load()
	return nil
}

// one writes one row, or says what would come of it.
func (r *run) one(ctx context.Context, row acsauth.Mapping) (outcome, string, error) {
	if !r.o.DryRun {
		return r.o.Target.put(ctx, row)
	}
	got, err := r.o.Target.get(ctx, row.Key)
	switch {
	case errors.Is(err, acsauth.ErrNotFound):
		return added, "", nil
	case err != nil:
		return 0, "", fmt.Errorf("the row of user %s: %w", row.Key.Hash(), err)
	case Same(row, got):
		return present, "", nil
	}
	return conflict, difference(row, got), nil
}

func (r *run) note(row acsauth.Mapping, reason string) {
	r.tell(Note{User: row.Key.Hash(), Reason: reason})
}

func (r *run) tell(n Note) {
	if r.o.Note == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.o.Note(n)
}

// journal carries the lines. They are few and a repeat is harmless, so there is no checkpoint within.
func (r *run) journal(ctx context.Context) error {
	t := &r.at.Tally
	t.Lines, t.Refused = 0, 0
	r.o.Meter.start("journal", 0, acsauth.NotCounted)
	left, err := r.o.Source.Journal(ctx, r.o.MoveJournal && !r.o.DryRun, func(line acsauth.JournalLine) (bool, error) {
		r.o.Meter.add(1)
		living, err := r.o.Target.belongs(ctx, line)
		if err != nil {
			return false, err
		}
		if living {
			t.Refused++
			r.tell(Note{Reason: "the journal says that an identity belongs to nobody, but in the target it belongs to a user: line of attempt " + line.Attempt})
			return false, nil
		}
		t.Lines++
		if r.o.DryRun {
			return true, nil
		}
		return true, r.o.Target.putLine(ctx, line)
	})
	t.Left = left
	return err
}

// Finish removes the checkpoint of a run that needs no more looking after.
func (o Options) Finish() error { return dropCheckpoint(o.Checkpoint) }

// pages calls each with every page behind cursor, in order, and reads one page
// ahead. next is the cursor behind the page, and empty after the last.
func (o Options) pages(ctx context.Context, cursor string, each func(rows []acsauth.Mapping, next string) error) error {
	type page struct {
		rows []acsauth.Mapping
		next string
	}
	ch := make(chan page)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(ch)
		for {
			var rows []acsauth.Mapping
			var next string
			err := o.Target.patiently(ctx, func() (err error) {
				rows, next, err = o.Source.List(ctx, cursor, pageSize)
				return err
			})
			if err != nil {
				return fmt.Errorf("cannot list the source: %w", err)
			}
			select {
			case ch <- page{rows, next}:
			case <-ctx.Done():
				return ctx.Err()
			}
			if next == "" {
				return nil
			}
			cursor = next
		}
	})
	g.Go(func() error {
		for p := range ch {
			if err := each(p.rows, p.next); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}
