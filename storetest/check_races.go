package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/acs-solutions/acsauth"
)

// contenders is how many goroutines want the same row.
const contenders = 64

// raceRounds is how often they do.
const raceRounds = 8

func raceChecks() []check {
	return []check{
		two("races/insert", insertRace),
		two("races/replace", replaceRace),
		two("races/remove", removeRace),
		two("races/many_keys", manyKeys),
		two("races/swaps_are_seen", swapsAreSeen),
	}
}

// race lets all contenders act at once, half of them on each handle, and
// returns the one that got no error. All others must get ErrConflict.
func race(a, b *probe, what string, act func(store acsauth.Store, i int) error) int {
	var wg sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, contenders)
	for i := range contenders {
		store := []acsauth.Store{a.store, b.store}[i%2]
		wg.Go(func() {
			<-start
			errs[i] = act(store, i)
		})
	}
	close(start)
	wg.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			a.failf("%s: two of %d calls at once got no error", what, contenders)
		case err == nil:
			winner = i
		default:
			a.is(what, err, acsauth.ErrConflict)
		}
	}
	if winner < 0 {
		a.failf("%s: none of %d calls at once did it", what, contenders)
	}
	return winner
}

func insertRace(a, b *probe) {
	for round := range raceRounds {
		row := func(i int) acsauth.Mapping {
			return pendingRow(fmt.Sprint("user", round), fmt.Sprint("attempt", round, "-", i))
		}
		winner := race(a, b, "Insert", func(store acsauth.Store, i int) error { return store.Insert(a.ctx, row(i)) })
		a.has(row(winner))
		b.has(row(winner))
	}
}

// replaceRace: one winner, and only the winner's line.
func replaceRace(a, b *probe) {
	var lines []acsauth.JournalLine
	for round := range raceRounds {
		from := pendingRow(fmt.Sprint("user", round), fmt.Sprint("from", round))
		a.insert(from)
		to := func(i int) acsauth.Mapping {
			return pendingRow(from.Key.Subject, fmt.Sprint("to", round, "-", i))
		}
		line := func(i int) acsauth.JournalLine {
			l := suspectOf(from)
			l.RequestID = fmt.Sprint("request", i)
			return l
		}
		winner := race(a, b, "Replace", func(store acsauth.Store, i int) error {
			l := line(i)
			return store.Replace(a.ctx, from, to(i), &l)
		})
		lines = append(lines, line(winner))
		a.has(to(winner))
		b.has(to(winner))
	}
	b.journal(lines...)
}

func removeRace(a, b *probe) {
	for round := range raceRounds {
		row := activeRow(fmt.Sprint("user", round), fmt.Sprint("attempt", round), fmt.Sprint("x", round))
		a.insert(row)
		race(a, b, "Remove", func(store acsauth.Store, _ int) error { return store.Remove(a.ctx, row, nil) })
		a.hasNot(row.Key)
		b.hasNot(row.Key)
	}
}

// manyKeys: calls on different keys do not get into each other's way.
func manyKeys(a, b *probe) {
	var wg sync.WaitGroup
	errs := make([]error, contenders)
	for i := range contenders {
		wg.Go(func() {
			p := &probe{ctx: a.ctx, store: []acsauth.Store{a.store, b.store}[i%2]}
			row := pendingRow(fmt.Sprint("user", i), fmt.Sprint("a", i))
			active := in(acsauth.Active, row)
			active.Identity = sampleID(fmt.Sprint("x", i))
			line := suspectOf(row)
			p.insert(row)
			p.replace(row, active, &line)
			p.has(active)
			if i%2 == 0 {
				p.remove(active, nil)
				p.hasNot(row.Key)
			}
			errs[i] = p.err
		})
	}
	wg.Wait()
	a.no("calls on different keys at once", errors.Join(errs...))
	b.counts("after calls on different keys", acsauth.Counts{Active: contenders / 2, Suspects: contenders})
}

// swapsAreSeen: 200 successive swaps all land, and every read sees at least the
// last swap that was acknowledged before the read began.
func swapsAreSeen(a, b *probe) {
	row := pendingRow("alice", "attempt0")
	a.insert(row)
	var acknowledged atomic.Int64
	acknowledged.Store(row.Generation)
	var swapping atomic.Bool
	swapping.Store(true)
	var wg sync.WaitGroup
	readers := []*probe{{ctx: a.ctx, store: a.store}, {ctx: b.ctx, store: b.store}}
	key := row.Key
	for _, r := range readers {
		wg.Go(func() {
			for swapping.Load() && r.err == nil {
				r.seesAtLeast(key, &acknowledged)
			}
		})
	}
	for i := 0; i < 200 && a.err == nil && b.err == nil; i++ {
		next := row
		next.Attempt, next.Generation = fmt.Sprint("attempt", i+1), row.Generation+1
		writer, other := a, b
		if i/2%2 == 1 { // two in a row, so that what the other has read gets old
			writer, other = b, a
		}
		writer.replace(row, next, nil)
		if writer.err == nil {
			row = next
			acknowledged.Store(row.Generation)
		}
		other.has(row)
	}
	swapping.Store(false)
	wg.Wait()
	for _, r := range readers {
		r.seesAtLeast(row.Key, &acknowledged)
		a.no("a read during swaps", r.err)
	}
	a.has(row)
}

// seesAtLeast fails if a read misses a swap acknowledged before it began.
func (p *probe) seesAtLeast(key acsauth.UserKey, acknowledged *atomic.Int64) {
	least := acknowledged.Load()
	switch got := p.get(key); {
	case p.err != nil:
	case got == nil:
		p.failf("Get: the row is gone")
	case got.Generation < least:
		p.failf("Get: stale: generation %d, and %d was acknowledged before", got.Generation, least)
	}
}
