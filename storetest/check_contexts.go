package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

func contextChecks() []check {
	return []check{
		one("contexts/ended_before", endedBefore),
		one("contexts/ended_before_a_write", endedBeforeWrite),
		one("contexts/ended_in_mid_write", endedInMidWrite),
	}
}

// ended returns one context of each kind that has ended.
func ended(ctx context.Context) []context.Context {
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	late, stop := context.WithDeadline(ctx, time.Now().Add(-time.Hour))
	stop()
	return []context.Context{canceled, late}
}

// endedBefore: every verb fails with the error of the context, which is no sentinel.
func endedBefore(p *probe) {
	row := pendingRow("alice", "a")
	p.insert(row)
	for _, ctx := range ended(p.ctx) {
		for _, v := range verbsOf(p.store, row) {
			err := v.call(ctx, p.store)
			p.unknown(v.name+" with a context that has ended", err)
			if !errors.Is(err, ctx.Err()) {
				p.failf("%s with a context that has ended: error %q does not wrap %q", v.name, err, ctx.Err())
			}
		}
	}
}

// endedBeforeWrite: such a call may have been sent or not; it is whole or nothing.
func endedBeforeWrite(p *probe) {
	for i, ctx := range ended(p.ctx) {
		for _, w := range writes(fmt.Sprint(i)) {
			w.prepare(p)
			p.unknown("a write with a context that has ended", w.call(ctx, p.store))
			w.landed(p)
		}
	}
}

const (
	midWriteRounds  = 20
	midWriteWorkers = 4
	maxLooks        = 10
)

// endedInMidWrite ends the context of writes while they are under way, other
// writes going on at the same time: after some time, or when the store looks at
// the context for the n-th time, which finds each place between its steps.
func endedInMidWrite(p *probe) {
	usual := p.usualTime()
	var wg sync.WaitGroup
	workers := make([]*probe, midWriteWorkers)
	all := make([][]write, midWriteWorkers)
	for i := range workers {
		workers[i] = &probe{ctx: p.ctx, store: p.store}
		rng := rand.New(rand.NewPCG(1, uint64(i)))
		wg.Go(func() {
			for round := range midWriteRounds {
				for _, w := range writes(fmt.Sprint(i, " ", round)) {
					w.prepare(workers[i])
					if round%2 == 0 {
						workers[i].cutAfter(w, time.Duration(rng.Int64N(int64(usual*3/2))))
					} else {
						workers[i].cutAt(w, round/2%maxLooks+1)
					}
					all[i] = append(all[i], w)
				}
			}
		})
	}
	wg.Wait()
	for i, worker := range workers {
		p.no("a write whose context ended under way", worker.err)
		for _, w := range all[i] {
			w.landed(p)
		}
	}
}

// usualTime is how long a write takes that nothing disturbs.
func (p *probe) usualTime() time.Duration {
	const name = "undisturbed"
	start := time.Now()
	for _, w := range writes(name) {
		w.prepare(p)
		p.no("a write", w.call(p.ctx, p.store))
	}
	return max(time.Since(start)/5, 20*time.Microsecond)
}

// cutAfter does a write whose context ends after d.
func (p *probe) cutAfter(w write, d time.Duration) {
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	timer := time.AfterFunc(d, cancel)
	defer timer.Stop()
	p.cut(ctx, w)
}

// cutAt does a write whose context ends when it is looked at for the n-th time.
func (p *probe) cutAt(w write, n int) {
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	c := &counted{Context: ctx, cancel: cancel}
	c.left.Store(int64(n))
	p.cut(c, w)
}

// A counted context ends when it is looked at for the last time.
type counted struct {
	context.Context
	left   atomic.Int64
	cancel context.CancelFunc
}

func (c *counted) look() {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
}

// Err counts as a look.
func (c *counted) Err() error {
	c.look()
	return c.Context.Err()
}

// Done counts as a look.
func (c *counted) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

// cut does a write whose context ends under way.
func (p *probe) cut(ctx context.Context, w write) {
	if p.err != nil {
		return
	}
	err := w.call(ctx, p.store)
	if errors.Is(err, acsauth.ErrConflict) || errors.Is(err, acsauth.ErrNotFound) {
		p.failf("a write that nobody else wanted got the sentinel %q", err)
	}
	if landed := w.landed(p); err == nil && !landed {
		p.failf("a write that returned nil cannot be read")
	}
}
