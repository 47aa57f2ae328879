package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/acs-solutions/acsauth"
)

const (
	walkSteps = 400
	walkUsers = 4
)

func walkChecks() []check {
	return []check{one("walks/like_the_reference", walkLikeTheReference)}
}

// A walk does the same random calls on a store and on the reference store.
type walk struct {
	p         *probe
	reference *probe
	rng       *rand.Rand
	made      int                    // attempts and identities so far: none is used twice
	left      [][]acsauth.Mapping    // by user: rows that were there, the present one among them
	ids       []acsauth.Identity     // all that were used
	now       []*acsauth.Mapping     // by user: the row, as the reference has it
	do        []func(user int) error // one random call on both
}

// walkLikeTheReference: whatever the order of calls, the store answers as the
// reference does. The calls are those of brokers, many of them late.
func walkLikeTheReference(p *probe) {
	w := &walk{p: p, reference: &probe{ctx: p.ctx, store: NewMemory()}, rng: rand.New(rand.NewPCG(4, 2)),
		left: make([][]acsauth.Mapping, walkUsers), now: make([]*acsauth.Mapping, walkUsers)}
	w.do = []func(int) error{w.insert, w.replace, w.replace, w.replace, w.remove, w.putLine, w.dropLine}
	for step := 0; step < walkSteps && p.err == nil; step++ {
		user := w.rng.IntN(walkUsers)
		if err := w.do[w.rng.IntN(len(w.do))](user); err != nil {
			p.failf("step %d of a random walk: %w", step+1, err)
		}
		w.now[user] = w.reference.get(w.key(user))
		if step%20 == 19 {
			w.compare(step)
		}
	}
	p.no("the reference store", w.reference.err)
}

func (w *walk) key(user int) acsauth.UserKey { return sampleKey(fmt.Sprint("user", user)) }

// fresh returns a name that was not used before.
func (w *walk) fresh(prefix string) string {
	w.made++
	return fmt.Sprint(prefix, w.made)
}

// both does one call on both stores and compares the answers.
func (w *walk) both(what string, call func(s acsauth.Store) error) (accepted bool, err error) {
	want, got := call(w.reference.store), call(w.p.store)
	same := errors.Is(got, acsauth.ErrConflict) == errors.Is(want, acsauth.ErrConflict) && (got == nil) == (want == nil)
	if !same {
		return false, fmt.Errorf("%s: got error %v, want %v", what, got, want)
	}
	return want == nil, nil
}

// next is a row that a broker would write after row; nil stands for none.
func (w *walk) next(user int, row *acsauth.Mapping) acsauth.Mapping {
	next := pendingRow(fmt.Sprint("user", user), w.fresh("a"))
	if row == nil || w.rng.IntN(5) == 0 {
		return next
	}
	next.Generation = row.Generation + 1
	switch row.State {
	case acsauth.Active:
		if w.rng.IntN(2) == 0 {
			return in(acsauth.Deleting, *row)
		}
	case acsauth.Deleting:
		return next
	}
	next.State, next.Attempt, next.Identity = acsauth.Active, row.Attempt, sampleID(w.fresh("x"))
	w.ids = append(w.ids, next.Identity)
	return next
}

// expected is the row that a writer believes to be there: the present one, or one that was left.
func (w *walk) expected(user int) acsauth.Mapping {
	if now := w.now[user]; now != nil && w.rng.IntN(3) > 0 {
		return *now
	}
	if past := w.left[user]; len(past) > 0 {
		return past[w.rng.IntN(len(past))]
	}
	return pendingRow(fmt.Sprint("user", user), "never")
}

// line is a line about one of the attempts of user, or nil.
func (w *walk) line(user int) *acsauth.JournalLine {
	line := suspectOf(w.expected(user))
	switch w.rng.IntN(4) {
	case 0:
		return nil
	case 1:
		line.Kind, line.Identity = acsauth.Orphan, sampleID(w.fresh("o"))
	case 2:
		line.Kind, line.Identity = acsauth.Left, sampleID(w.fresh("l"))
	}
	line.RequestID = w.fresh("request")
	return &line
}

func (w *walk) insert(user int) error {
	row := w.next(user, nil)
	accepted, err := w.both("Insert", func(s acsauth.Store) error { return s.Insert(w.p.ctx, row) })
	w.keep(user, row, accepted)
	return err
}

func (w *walk) replace(user int) error {
	old, line := w.expected(user), w.line(user)
	next := w.next(user, &old)
	accepted, err := w.both("Replace", func(s acsauth.Store) error { return s.Replace(w.p.ctx, old, next, line) })
	w.keep(user, next, accepted)
	return err
}

// keep remembers a row that was accepted, for writers that come late.
func (w *walk) keep(user int, row acsauth.Mapping, accepted bool) {
	if accepted {
		w.left[user] = append(w.left[user], row)
	}
}

func (w *walk) remove(user int) error {
	old, line := w.expected(user), w.line(user)
	_, err := w.both("Remove", func(s acsauth.Store) error { return s.Remove(w.p.ctx, old, line) })
	return err
}

func (w *walk) putLine(user int) error {
	line := w.line(user)
	if line == nil {
		return nil
	}
	_, err := w.both("PutLine", func(s acsauth.Store) error { return s.PutLine(w.p.ctx, *line) })
	return err
}

func (w *walk) dropLine(user int) error {
	attempt := w.expected(user).Attempt
	_, err := w.both("DropLine", func(s acsauth.Store) error { return s.DropLine(w.p.ctx, w.key(user).Hash(), attempt) })
	return err
}

// compare looks at all that the two stores hold.
func (w *walk) compare(step int) {
	p, what := w.p, fmt.Sprintf("step %d of a random walk", step+1)
	var rows []acsauth.Mapping
	for user, want := range w.now {
		if want == nil {
			p.hasNot(w.key(user))
			continue
		}
		p.has(*want)
		rows = append(rows, *want)
	}
	p.journal(w.reference.allLines()...)
	want, err := w.reference.store.Counts(p.ctx)
	p.no("the reference store", err)
	p.counts(what, want)
	if _, ok := lister(p.store); ok {
		p.listed("List at "+what, p.pages("", 3, nil), rows...)
	}
	if _, ok := finder(p.store); !ok {
		return
	}
	for _, id := range w.ids[max(0, len(w.ids)-10):] {
		if holder := w.reference.find(id); holder != nil {
			p.finds(what, *holder)
		} else {
			p.findsNot(what, id)
		}
	}
}
