package storetest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

// aside is a row of the calls that are made while the database is away. What becomes of it does not matter.
func aside() acsauth.Mapping { return pendingRow("aside", "aside") }

// away makes each call while the database is away.
func (r *outageRun) away() {
	var calls sync.WaitGroup
	for _, v := range verbsOf(r.store, aside()) {
		calls.Go(func() {
			err := r.call(v.name+" while the database is away", func(ctx context.Context) error { return v.call(ctx, r.store) })
			if v.name == VerbPing && err == nil {
				r.failf("Ping says that the store can serve, and the database is away")
			}
		})
	}
	calls.Go(r.knownRow)
	calls.Go(r.openAway)
	calls.Wait()
}

// knownRow reads a row that is there: the answer is the row, or that nothing is known.
func (r *outageRun) knownRow() {
	for _, d := range r.all() {
		if d.replaced != done || d.removed != notSent {
			continue
		}
		_ = r.call("Get of a row while the database is away", func(ctx context.Context) error {
			got, err := r.store.Get(ctx, d.pending().Key)
			if wrong := sameRow(&got, d.active()); err == nil && wrong != nil {
				r.failf("Get while the database is away: %w", wrong)
			}
			return err
		})
		return
	}
}

// openAway opens a handle while the database is away. It may get one, or an error, soon.
func (r *outageRun) openAway() {
	_ = r.call("opening a handle while the database is away", func(ctx context.Context) error {
		store, err := r.outage.Open(ctx)
		if err != nil {
			return err
		}
		return store.Close()
	})
}

// serves fails unless every writer gets a new row written, on the handle that saw the outage.
func (r *outageRun) serves() {
	var writers sync.WaitGroup
	for worker := range outageWriters {
		writers.Go(func() {
			n := 0
			err := eventually(r.ctx, outageBack, func() (bool, error) {
				n++
				return r.writeOne(worker, -n), r.wrong()
			})
			if err != nil {
				r.failf("writes after the database is back: %w", err)
			}
		})
	}
	writers.Wait()
}

const (
	writePace  = 2 * time.Millisecond  // at most, between writes: their number must stay within a list of lines
	failedPace = 50 * time.Millisecond // after a failed one
	mostBefore = 50                    // deeds of one writer before the database goes
	mostAfter  = 100                   // and in all
)

// write writes new rows until told to stop.
func (r *outageRun) write(worker int) {
	rng := rand.New(rand.NewPCG(uint64(r.round), uint64(worker))) // the writers are not to keep step
	made := 0
	for i := 0; !r.stop.Load() && r.ctx.Err() == nil; i++ {
		pace := time.Duration(rng.Int64N(int64(writePace)))
		switch {
		case made >= mostAfter, made >= mostBefore && !r.killed.Load():
		case r.writeOne(worker, i):
			made++
			r.acknowledged.Add(1)
		default:
			pace = failedPace
			if r.killed.Load() {
				r.failed.Add(1)
			}
		}
		time.Sleep(pace)
	}
}
