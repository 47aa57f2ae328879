package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

// onceRounds is how often contenders meet.
const onceRounds = 4

// commitRace: of many commits of one intent, each with an identity of its own,
// one is done; all others are refused, and what they read is the winner.
func commitRace(a, b *probe) {
	for round := range onceRounds {
		row := pendingRow(fmt.Sprint("user", round), fmt.Sprint("attempt", round))
		a.insert(row)
		next := func(i int) acsauth.Mapping {
			active := activeRow(row.Key.Subject, row.Attempt, fmt.Sprint("x", round, "-", i))
			active.Lease = 0
			return active
		}
		var mu sync.Mutex
		read := map[int]*acsauth.Mapping{} // by contender that was refused
		winner := race(a, b, "commit", func(store acsauth.Store, i int) error {
			err := store.Replace(a.ctx, row, next(i), nil)
			if errors.Is(err, acsauth.ErrConflict) {
				p := &probe{ctx: a.ctx, store: store}
				got := p.get(row.Key)
				mu.Lock()
				defer mu.Unlock()
				a.no("a read after a refused commit", p.err)
				read[i] = got
			}
			return err
		})
		if a.err != nil {
			return
		}
		want := next(winner)
		for i, got := range read {
			// A read may lag: it may show the intent still, or nothing, but never another identity.
			if got != nil && got.State == acsauth.Active && sameRow(got, want) != nil {
				a.failf("contender %d reads another identity than the winner's: %s", i, show(*got))
			}
		}
		a.soon(want.Key, &want)
		b.soon(want.Key, &want)
		a.has(want)
		b.has(want)
	}
}

// deletionRace: of many deletions of one row one is done, and of many removals.
func deletionRace(a, b *probe) {
	for round := range onceRounds {
		row := a.active(fmt.Sprint("user", round), fmt.Sprint("attempt", round), fmt.Sprint("x", round))
		b.soon(row.Key, &row)
		next := in(acsauth.Deleting, row)
		next.Lease = time.Hour
		race(a, b, "Replace Active by Deleting", func(store acsauth.Store, _ int) error {
			return store.Replace(a.ctx, row, next, nil)
		})
		a.has(next)
		b.has(next)
		race(a, b, "Remove Deleting", func(store acsauth.Store, _ int) error { return store.Remove(a.ctx, next, nil) })
		a.soon(row.Key, nil)
		b.soon(row.Key, nil)
		a.hasNot(row.Key)
	}
}

// seenRowsStay: what a handle has written or read it reads again, however reads lag.
func seenRowsStay(a, b *probe) {
	var rows []acsauth.Mapping
	for i := range 8 {
		row := a.active(fmt.Sprint("user", i), fmt.Sprint("a", i), fmt.Sprint("x", i))
		a.has(row)
		rows = append(rows, row)
	}
	for _, row := range rows {
		b.soon(row.Key, &row)
	}
	for range 20 {
		a.has(rows...)
		b.has(rows...)
	}
}

// deletedStaysDeleted: a removal and what comes after it is seen at once where
// it was done, and the other handle never goes back to an older row.
func deletedStaysDeleted(a, b *probe) {
	const user = "alice"
	for round := range 6 {
		row := a.active(user, fmt.Sprint("a", round), fmt.Sprint("x", round))
		if round%2 == 0 {
			b.soon(row.Key, &row)
		}
		a.has(row)
		a.remove(a.deleting(row), nil)
		for range 5 {
			a.hasNot(row.Key)
		}
		b.soon(row.Key, nil)
	}
	last := a.active(user, "last", "last")
	a.has(last)
	b.soon(last.Key, &last)
	for range 10 {
		a.has(last)
		b.has(last)
	}
}

// wholeRoad: many users at once, half of them on each handle, in all states.
func wholeRoad(a, b *probe) {
	var wg sync.WaitGroup
	errs := make([]error, contenders)
	for i := range contenders {
		wg.Go(func() {
			p := &probe{ctx: a.ctx, store: []acsauth.Store{a.store, b.store}[i%2]}
			row := p.active(fmt.Sprint("user", i), fmt.Sprint("a", i), fmt.Sprint("x", i))
			p.has(row)
			if i%4 < 2 {
				p.remove(p.deleting(row), nil)
				p.hasNot(row.Key)
			}
			errs[i] = p.err
		})
	}
	wg.Wait()
	a.no("calls on different keys at once", errors.Join(errs...))
	for i := range contenders {
		row := activeRow(fmt.Sprint("user", i), fmt.Sprint("a", i), fmt.Sprint("x", i))
		if i%4 < 2 {
			b.soon(row.Key, nil)
		} else {
			b.soon(row.Key, &row)
		}
	}
}

// commitCutShort ends the context of commits while they are under way. Each is
// done or not, is never a sentinel, and can be sent again.
func commitCutShort(p *probe) {
	start := time.Now()
	p.active("undisturbed", "u", "u")
	usual := max(time.Since(start), 20*time.Microsecond)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 40 {
		row := pendingRow(fmt.Sprint("user", i), fmt.Sprint("a", i))
		p.insert(row)
		next := activeRow(fmt.Sprint("user", i), fmt.Sprint("a", i), fmt.Sprint("x", i))
		next.Lease = 0
		w := write{key: row.Key, old: &row, next: &next}
		if i%2 == 0 {
			p.cutOnce(w, func() { p.cutAfter(w, time.Duration(rng.Int64N(int64(usual)))) })
		} else {
			p.cutOnce(w, func() { p.cutAt(w, i/2%maxLooks+1) })
		}
		got := p.get(row.Key)
		if p.err != nil {
			return
		}
		if got != nil && got.State == acsauth.Pending { // not done, or not seen: the Broker sends it again
			p.no("a commit after one that was cut short", p.store.Replace(p.ctx, row, next, nil))
		}
		p.has(next)
	}
}

// cutOnce makes sure that a row was there before.
func (p *probe) cutOnce(w write, cut func()) {
	p.has(*w.old)
	cut()
}
