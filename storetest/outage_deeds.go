package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/acs-solutions/acsauth"
)

// An outcome is what the writer of a deed was told.
type outcome uint8

const (
	notSent outcome = iota
	unknown
	done
)

func outcomeOf(err error) outcome {
	if err == nil {
		return done
	}
	return unknown
}

// A deed is a row of one writer: inserted, then replaced together with a line,
// and every other one removed together with another line.
type deed struct {
	name                        string
	inserted, replaced, removed outcome
}

// open reports whether the deed may still change without anybody's doing.
func (d *deed) open() bool { return d.replaced == unknown || d.removed == unknown }

func (d *deed) pending() acsauth.Mapping { return pendingRow(d.name, d.name) }

func (d *deed) active() acsauth.Mapping { return activeRow(d.name, d.name, d.name) }

// line is written with the active row.
func (d *deed) line() acsauth.JournalLine { return suspectOf(d.pending()) }

// last is written when the row is removed.
func (d *deed) last() acsauth.JournalLine {
	line := orphanOf(d.active(), d.name)
	line.Attempt += "-last"
	return line
}

// note keeps a deed, which nobody changes any more.
func (r *outageRun) note(d *deed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deeds = append(r.deeds, d)
}

func (r *outageRun) all() []*deed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*deed{}, r.deeds...)
}

// writeOne does one deed and reports whether all of it was acknowledged.
func (r *outageRun) writeOne(worker, i int) bool {
	d := &deed{name: fmt.Sprint("w", r.round, "-", worker, "-", i)}
	defer r.note(d)
	row, line := d.pending(), d.line()
	d.inserted = outcomeOf(r.call("Insert of a new row", func(ctx context.Context) error { return r.store.Insert(ctx, row) }))
	if d.inserted != done {
		return false
	}
	d.replaced = outcomeOf(r.call("Replace of a row of its own", func(ctx context.Context) error { return r.store.Replace(ctx, row, d.active(), &line) }))
	if d.replaced != done || i%2 == 0 {
		return d.replaced == done
	}
	last := d.last()
	d.removed = outcomeOf(r.call("Remove of a row of its own", func(ctx context.Context) error { return r.store.Remove(ctx, d.active(), &last) }))
	return d.removed == done
}

// inspect looks through the database, by the handle that saw the outage and by
// a new one, and clears the journal for the next round.
func (r *outageRun) inspect() {
	if r.wrong() != nil {
		return
	}
	r.look("the handle that was open", r.store)
	second := one("", func(p *probe) { r.look("a new handle", p.store) })
	if err := second.run(r.ctx, r.outage.Open); err != nil {
		r.failf("a new handle after the outage: %w", err)
	}
	var open, over []*deed // what is unknown may still land, so its line stays
	for _, d := range r.all() {
		if d.open() {
			open = append(open, d)
		} else {
			over = append(over, d)
		}
	}
	err := inParallel(over, func(d *deed) error {
		user := d.line().User
		return errors.Join(r.store.DropLine(r.ctx, user, d.line().Attempt), r.store.DropLine(r.ctx, user, d.last().Attempt))
	})
	if err != nil {
		r.failf("DropLine after the outage: %w", err)
	}
	r.deeds = open
}

// look compares what is stored with what was acknowledged. Lines are read
// before and after the rows: a write with an unknown outcome may land in between.
func (r *outageRun) look(who string, store acsauth.Store) {
	p := &probe{ctx: r.ctx, store: store}
	deeds := r.all()
	before := p.linesByUser(acsauth.Suspect)
	lastBefore := p.linesByUser(acsauth.Orphan)
	rows := make(map[*deed]*acsauth.Mapping, len(deeds))
	var mu sync.Mutex
	err := inParallel(deeds, func(d *deed) error {
		reader := &probe{ctx: r.ctx, store: store}
		row := reader.get(d.pending().Key)
		mu.Lock()
		defer mu.Unlock()
		rows[d] = row
		return reader.err
	})
	p.no("a read after the outage", err)
	after := p.linesByUser(acsauth.Suspect)
	lastAfter := p.linesByUser(acsauth.Orphan)
	if p.err != nil {
		r.failf("%s: %w", who, p.err)
		return
	}
	for _, d := range deeds {
		user := d.line().User
		found := finding{rows[d], before[user], after[user], lastBefore[user], lastAfter[user]}
		if err := d.judge(found); err != nil {
			r.failf("%s: %w", who, err)
		}
		delete(before, user)
		delete(lastBefore, user)
	}
	delete(before, aside().Key.Hash())
	if n := len(before) + len(lastBefore); n > 0 {
		r.failf("%s: the journal has %d lines that nobody wrote", who, n)
	}
}

// A finding is what is stored of a deed: the row, and whether its lines were there before and after the row was read.
type finding struct {
	row                                          *acsauth.Mapping
	lineBefore, lineAfter, lastBefore, lastAfter bool
}

// judge returns an error unless row and lines are what the writer was told, or may be.
func (d *deed) judge(f finding) error {
	pending, active := f.row != nil && sameRow(f.row, d.pending()) == nil, f.row != nil && sameRow(f.row, d.active()) == nil
	removed := f.row == nil && d.removed != notSent
	switch {
	case f.row != nil && !pending && !active:
		return fmt.Errorf("a row is neither what was inserted nor what replaced it: %s", show(*f.row))
	case active && d.replaced == notSent:
		return errors.New("a row was replaced, and nobody asked for it")
	case d.removed == done && f.row != nil:
		return errors.New("a Remove was acknowledged and is undone")
	case d.replaced == done && !active && !removed:
		return errors.New("a Replace was acknowledged and is lost")
	case d.inserted == done && f.row == nil && !removed:
		return errors.New("an Insert was acknowledged and is lost")
	case (active || removed) && !f.lineAfter:
		return errors.New("a row was replaced, and its line is missing")
	case removed && !f.lastAfter:
		return errors.New("a row was removed, and its line is missing")
	case !active && !removed && f.lineBefore:
		return errors.New("a line is there, and its row was not replaced")
	case !removed && f.lastBefore:
		return errors.New("a line is there, and its row was not removed")
	}
	return nil
}

// linesByUser returns the users that have a line of that kind.
func (p *probe) linesByUser(kind acsauth.JournalKind) map[string]bool {
	users := map[string]bool{}
	for _, line := range p.lines(kind) {
		users[line.User] = true
	}
	return users
}

// inParallel does all, a few at once, and returns the first error.
func inParallel[T any](all []T, do func(T) error) error {
	var workers sync.WaitGroup
	errs := make([]error, outageWriters)
	for worker := range outageWriters {
		workers.Go(func() {
			for i := worker; i < len(all) && errs[worker] == nil; i += outageWriters {
				errs[worker] = do(all[i])
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
