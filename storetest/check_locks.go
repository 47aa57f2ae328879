package storetest

import (
	"sync"
	"sync/atomic"
	"time"
)

func lockChecks() []check {
	return []check{
		two("locks/one_holder", oneHolder),
		two("locks/expiry", lockExpiry),
		one("locks/contention", lockContention),
	}
}

// lock fails unless the lock answers as wanted.
func (p *probe) lock(name, holder string, d time.Duration, want bool) {
	if p.err != nil {
		return
	}
	got, err := p.store.Lock(p.ctx, name, holder, d)
	p.no("Lock", err)
	if got != want {
		p.failf("Lock %q for %q: got %t, want %t", name, holder, got, want)
	}
}

func oneHolder(a, b *probe) {
	a.lock("sweeper", "one", time.Hour, true)
	b.lock("sweeper", "two", time.Hour, false)
	b.lock("sweeper", "ONE", time.Hour, false)
	a.lock("sweeper", "one", time.Hour, true)
	b.lock("sweeper", "two", time.Hour, false)
	b.lock("Sweeper", "two", time.Hour, true)
	a.lock("Sweeper", "one", time.Hour, false)
	a.lock("sweeper", "one", time.Hour, true)
}

// lockExpiry: a lock that is not renewed falls to the next who asks, and not before.
func lockExpiry(a, b *probe) {
	a.lock("sweeper", "one", 50*time.Millisecond, true)
	a.lock("sweeper", "one", time.Hour, true) // renewed
	a.lock("later", "one", 50*time.Millisecond, true)
	b.waitLock("later", "two") // by now the first lock would be over, too
	b.lock("sweeper", "two", time.Hour, false)
	a.lock("sweeper", "one", 50*time.Millisecond, true) // and made short again
	b.waitLock("sweeper", "two")
	a.lock("sweeper", "one", time.Hour, false)
	b.lock("sweeper", "two", time.Hour, true)
}

// waitLock asks until it has the lock, for an hour.
func (p *probe) waitLock(name, holder string) {
	if p.err != nil {
		return
	}
	p.no("the end of a lock", eventually(p.ctx, leaseLimit, func() (bool, error) {
		return p.store.Lock(p.ctx, name, holder, time.Hour)
	}))
}

// lockContention: of many at once, one gets it.
func lockContention(p *probe) {
	var holders atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, contenders)
	for i := range contenders {
		wg.Go(func() {
			has, err := p.store.Lock(p.ctx, "sweeper", sampleKey(string(rune('A'+i))).Hash(), time.Hour)
			if has {
				holders.Add(1)
			}
			errs <- err
		})
	}
	wg.Wait()
	for range contenders {
		p.no("Lock", <-errs)
	}
	if n := holders.Load(); n != 1 {
		p.failf("Lock: %d of %d at once got it, want 1", n, contenders)
	}
}
