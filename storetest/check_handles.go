package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

func handleChecks() []check {
	return []check{
		two("handles/see_each_other", seeEachOther),
		two("handles/ping", ping),
		{"handles/reopen", reopen},
		{"handles/close_one", closeOne},
		{"handles/closed", closed},
		{"handles/close_in_flight", closeInFlight},
		{"handles/goroutines", goroutines},
	}
}

// seeEachOther: what one replica was told is done, the other reads.
func seeEachOther(a, b *probe) {
	for i := range 20 {
		from, to := a, b
		if i%2 == 1 {
			from, to = b, a
		}
		for _, w := range writes(fmt.Sprint(i)) {
			w.prepare(from)
			if w.old != nil {
				to.has(*w.old)
			} else {
				to.hasNot(w.key)
			}
			from.no("a write", w.call(from.ctx, from.store))
			if !w.landed(to) {
				to.failf("the other handle does not see a write that was acknowledged")
			}
			if w.line != nil {
				to.no("DropLine", to.store.DropLine(to.ctx, w.line.User, w.line.Attempt))
			}
		}
		from.journal()
	}
}

// ping: Ping works beside writes and changes nothing.
func ping(a, b *probe) {
	row, other := pendingRow("alice", "a"), activeRow("bob", "b", "b")
	line := suspectOf(row)
	a.insert(row, other)
	a.putLine(line)
	a.lock("sweeper", "one", time.Hour, true)
	want := acsauth.Counts{Pending: 1, Active: 1, Suspects: 1}
	a.counts("before", want)
	for range 50 {
		a.no("Ping", a.store.Ping(a.ctx))
		b.no("Ping", b.store.Ping(b.ctx))
	}
	b.counting = a.counting
	b.counts("after Ping", want)
	b.has(row, other)
	b.journal(line)
	b.lock("sweeper", "two", time.Hour, false)
}

// reopen: a restart finds everything, several times over.
func reopen(ctx context.Context, db Database) error {
	var rows []acsauth.Mapping
	var lines []acsauth.JournalLine
	var since time.Time
	for i := range 4 {
		round := one("", func(p *probe) {
			p.has(rows...)
			p.journal(lines...)
			if i > 0 && p.since(lines[0]) != since {
				p.failf("Since changed over a restart")
			}
			active := activeRow(fmt.Sprint("active", i), fmt.Sprint("b", i), fmt.Sprint("b", i))
			added := []acsauth.Mapping{pendingRow(fmt.Sprint("pending", i), fmt.Sprint("a", i)), active, in(acsauth.Deleting, activeRow(fmt.Sprint("deleting", i), fmt.Sprint("c", i), fmt.Sprint("c", i)))}
			line := orphanOf(active, "lost")
			line.Answer = []byte("answer")
			p.insert(added...)
			p.putLine(line)
			rows, lines = append(rows, added...), append(lines, line)
			since = p.since(lines[0])
		})
		if err := round.run(ctx, db); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
	}
	return nil
}

// closeOne: closing one handle leaves the other alone.
func closeOne(ctx context.Context, db Database) error {
	row := pendingRow("alice", "a")
	return one("", func(a *probe) {
		second := one("", func(b *probe) { b.insert(row) })
		a.no("the second handle", second.run(ctx, db))
		a.has(row)
		a.replace(row, activeRow("alice", "a", "x"), nil)
		a.has(activeRow("alice", "a", "x"))
	}).run(ctx, db)
}

// closed: calls after Close fail, without a sentinel, and so does nothing else.
func closed(ctx context.Context, db Database) error {
	store, err := db(ctx)
	if err != nil {
		return err
	}
	p := &probe{ctx: ctx, store: store}
	row := pendingRow("alice", "a")
	p.insert(row)
	p.no("Close", store.Close())
	for _, v := range verbsOf(store, row) {
		p.unknown(v.name+" after Close", v.call(ctx, store))
	}
	if p.err != nil {
		return p.err
	}
	return one("", func(p *probe) { p.has(row); p.journal() }).run(ctx, db)
}

// closeInFlight: calls that Close meets return, and what they acknowledged stays.
func closeInFlight(ctx context.Context, db Database) error {
	store, err := db(ctx)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var kept []acsauth.Mapping
	busy := make(chan struct{}, 1<<20)
	for worker := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				row := pendingRow(fmt.Sprint("user", worker, "-", i), fmt.Sprint("a", worker, "-", i))
				if store.Insert(ctx, row) != nil {
					return
				}
				mu.Lock()
				kept = append(kept, row)
				mu.Unlock()
				busy <- struct{}{}
			}
		})
	}
	for range 64 {
		<-busy
	}
	closeErr := store.Close()
	wg.Wait()
	return errors.Join(closeErr, one("", func(p *probe) { p.has(kept...) }).run(ctx, db))
}

// calm returns the number of goroutines when it has not changed for a while:
// what ran before may still be ending.
func calm(ctx context.Context) int {
	n, same := runtime.NumGoroutine(), 0
	_ = eventually(ctx, time.Second, func() (bool, error) {
		now := runtime.NumGoroutine()
		if now != n {
			n, same = now, 0
		}
		same++
		return same > 50, nil
	})
	return n
}

// goroutines: a handle that was closed leaves nothing running.
func goroutines(ctx context.Context, db Database) error {
	const cycles = 8
	cycle := one("", func(p *probe) {
		for i := range 8 {
			row := pendingRow("alice", fmt.Sprint("a", i))
			p.insert(row)
			for _, w := range verbsOf(p.store, row) {
				_ = w.call(p.ctx, p.store)
			}
			p.hasNot(row.Key)
		}
	})
	if err := cycle.run(ctx, db); err != nil { // what is made once and kept, such as idle connections of a client
		return err
	}
	before := calm(ctx)
	for range cycles {
		if err := cycle.run(ctx, db); err != nil {
			return err
		}
	}
	err := eventually(ctx, 3*time.Second, func() (bool, error) { return runtime.NumGoroutine() < before+cycles, nil })
	if err != nil {
		return fmt.Errorf("%d goroutines before and %d after %d handles were opened and closed: %w", before, runtime.NumGoroutine(), cycles, err)
	}
	return nil
}
