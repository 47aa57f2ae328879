package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

const (
	outages       = 4
	outageWriters = 8
	outageBefore  = 40               // writes that are acknowledged before the database goes
	outageCall    = 3 * time.Second  // the deadline of every call
	outageSlack   = 10 * time.Second // how much later than that it may return, on a slow machine
	outageBrief   = 300 * time.Millisecond
	outageBack    = 30 * time.Second // how long the way back may take
	outageWarmUp  = time.Minute      // how long a check waits for the database itself
)

func outageChecks() []outageCheck {
	return []outageCheck{{"outage/writers", outageUnderWriters}}
}

// outageUnderWriters takes the database away from writers, again and again.
func outageUnderWriters(ctx context.Context, o Outage) error {
	store, err := o.Open(ctx)
	if err != nil {
		return err
	}
	r := &outageRun{ctx: ctx, outage: o, store: store}
	for round := range outages {
		if r.round = round; r.wrong() == nil {
			r.once()
		}
	}
	if err := r.call("Close", func(context.Context) error { return store.Close() }); err != nil {
		r.failf("Close after the outages: %w", err)
	}
	return r.wrong()
}

// An outageRun is one handle whose database goes away and comes back.
type outageRun struct {
	ctx    context.Context
	outage Outage
	store  acsauth.Store
	round  int

	writers      sync.WaitGroup
	stop, killed atomic.Bool
	acknowledged atomic.Int64 // deeds of this round that are done
	failed       atomic.Int64 // calls of writers that failed since the database went

	mu    sync.Mutex
	err   error
	deeds []*deed
}

// failf notes the first thing that was wrong.
func (r *outageRun) failf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = fmt.Errorf("outage %d: "+format, append([]any{r.round + 1}, args...)...)
	}
}

func (r *outageRun) wrong() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

var errHung = errors.New("storetest: the call did not return")

// call makes one call with a deadline, and fails if it outstays that or answers with a
// sentinel, which no call of this check can be told. It does not wait for a call that hangs.
func (r *outageRun) call(what string, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.ctx, outageCall)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	limit := time.NewTimer(outageCall + outageSlack)
	defer limit.Stop()
	select {
	case err := <-done:
		if errors.Is(err, acsauth.ErrConflict) || errors.Is(err, acsauth.ErrNotFound) {
			r.failf("%s: a call that nobody contradicts got the sentinel %q", what, err)
		}
		return err
	case <-limit.C:
		r.failf("%s: it has not returned %v after its context ended", what, outageSlack)
		return errHung
	}
}

// once is one outage: writers begin, the database goes, comes back, and is looked through.
func (r *outageRun) once() {
	r.stop.Store(false)
	r.killed.Store(false)
	r.acknowledged.Store(0)
	r.failed.Store(0)
	for worker := range outageWriters {
		r.writers.Go(func() { r.write(worker) })
	}
	r.wait("writes that are acknowledged before", func() bool { return r.acknowledged.Load() >= outageBefore })
	if err := r.outage.Kill(); err != nil {
		r.failf("Kill: %w", err)
	}
	r.killed.Store(true)
	if r.round%2 == 1 {
		time.Sleep(outageBrief) // so short that a call may outlast it, and what it does again on its own is seen
	} else {
		r.away()
		r.wait("calls of each writer that end while the database is away", func() bool { return r.failed.Load() >= outageWriters })
	}
	if err := r.outage.Return(); err != nil {
		r.failf("Return: %w", err)
	}
	r.back()
	r.stop.Store(true)
	r.writers.Wait()
	r.serves()
	r.inspect()
}

// wait waits for what the writers do.
func (r *outageRun) wait(what string, done func() bool) {
	err := eventually(r.ctx, outageWarmUp, func() (bool, error) { return done(), r.wrong() })
	if err != nil {
		r.failf("%s: %w", what, err)
	}
}

// back waits until the handle that was open all the while serves again.
func (r *outageRun) back() {
	var last error
	err := eventually(r.ctx, outageBack, func() (bool, error) {
		last = r.call(VerbPing, r.store.Ping)
		return last == nil, r.wrong()
	})
	if err != nil {
		r.failf("Ping after the database is back: %w; last error: %v", err, last)
	}
}
