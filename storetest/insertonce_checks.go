package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

// lagLimit is how long a check waits for a read to see what another handle wrote: half a minute, and some for a slow machine.
const lagLimit = 45 * time.Second

func onceChecks() []check {
	return []check{
		one("once/life", onceLife),
		one("once/other_writes", otherWrites),
		one("once/fence", onceFence),
		one("once/commit_again", commitAgain),
		one("once/counts", onceCounts),
		two("once/taken_over", takenOver),
		two("once/commit_race", commitRace),
		two("once/deletion_race", deletionRace),
		two("once/seen_rows_stay", seenRowsStay),
		two("once/deleted_stays_deleted", deletedStaysDeleted),
		{"once/reopen", onceReopen},
		{"once/resumed_deletion", resumedDeletion},
		two("once/whole_road", wholeRoad),
		one("once/commit_cut_short", commitCutShort),
	}
}

// active takes a fresh row all the way to Active.
func (p *probe) active(subject, attempt, id string) acsauth.Mapping {
	row := pendingRow(subject, attempt)
	p.insert(row)
	next := activeRow(subject, attempt, id)
	next.Lease = 0
	p.replace(row, next, nil)
	return next
}

// deleting marks an Active row.
func (p *probe) deleting(row acsauth.Mapping) acsauth.Mapping {
	next := in(acsauth.Deleting, row)
	next.Lease = time.Hour
	p.replace(row, next, nil)
	return next
}

// soon waits until a read shows the row, or none if it is nil.
func (p *probe) soon(key acsauth.UserKey, want *acsauth.Mapping) {
	if p.err != nil {
		return
	}
	p.no("a read that catches up", eventually(p.ctx, lagLimit, func() (bool, error) {
		got := p.get(key)
		if p.err != nil || got == nil || want == nil {
			return got == nil && want == nil, p.err
		}
		return sameRow(got, *want) == nil, nil
	}))
}

// onceLife walks one key through every state, three times.
func onceLife(p *probe) {
	for _, round := range []string{"1", "2", "3"} {
		first := pendingRow("alice", "a"+round)
		p.insert(first)
		p.has(first)
		for _, again := range []acsauth.Mapping{first, pendingRow("alice", "z"+round)} {
			p.is("Insert on a key that has a row", p.store.Insert(p.ctx, again), acsauth.ErrConflict)
		}
		taken := pendingRow("alice", "b"+round)
		taken.Generation = 2
		line := suspectOf(first)
		p.replace(first, taken, &line)
		p.has(taken)
		p.journal(line)
		p.no("DropLine", p.store.DropLine(p.ctx, line.User, line.Attempt))
		active := in(acsauth.Active, taken)
		active.Identity, active.Lease = sampleID("x"+round), 0
		p.replace(taken, active, nil)
		p.has(active, active)
		p.is("Insert on an Active key", p.store.Insert(p.ctx, pendingRow("alice", "y"+round)), acsauth.ErrConflict)
		gone := p.deleting(active)
		p.has(gone)
		p.is("Insert on a Deleting key", p.store.Insert(p.ctx, pendingRow("alice", "w"+round)), acsauth.ErrConflict)
		p.remove(gone, nil)
		p.hasNot(active.Key)
	}
	row := pendingRow("alice", "last")
	line := suspectOf(row)
	p.insert(row)
	p.remove(row, &line)
	p.hasNot(row.Key)
	p.journal(line)
}

// otherWrites: what a Broker never writes is an error and changes nothing.
func otherWrites(p *probe) {
	pending := pendingRow("pending", "a")
	p.insert(pending)
	active := p.active("active", "b", "b")
	gone := p.deleting(p.active("deleting", "c", "c"))
	refuse := func(what string, err error) {
		if err == nil {
			p.failf("%s: got no error", what)
		}
		p.has(pending, active, gone)
		p.journal()
	}
	absent := activeRow("absent", "d", "d")
	refuse("Insert of an Active row", p.store.Insert(p.ctx, absent))
	refuse("Insert of a Deleting row", p.store.Insert(p.ctx, in(acsauth.Deleting, absent)))
	p.hasNot(absent.Key)
	for _, w := range []struct {
		what      string
		old, next acsauth.Mapping
	}{
		{"Pending by Active of another attempt", pending, activeRow("pending", "other", "x")},
		{"Pending by Active without an identity", pending, in(acsauth.Active, pending)},
		{"Pending by Deleting", pending, in(acsauth.Deleting, activeRow("pending", "a", "x"))},
		{"Pending by an intent with an identity", pending, in(acsauth.Pending, activeRow("pending", "e", "x"))},
		{"Pending by the row of another key", pending, pendingRow("absent", "a")},
		{"Active by Active", active, activeRow("active", "b", "x")},
		{"Active by Pending", active, pendingRow("active", "b")},
		{"Active by Deleting of another identity", active, in(acsauth.Deleting, activeRow("active", "b", "x"))},
		{"Deleting by Active", gone, in(acsauth.Active, gone)},
		{"Deleting by Pending", gone, pendingRow("deleting", "c")},
	} {
		refuse("Replace of "+w.what, p.store.Replace(p.ctx, w.old, w.next, nil))
	}
	refuse("Remove of an Active row", p.store.Remove(p.ctx, active, nil))
	p.hasNot(absent.Key)
}

// onceFence: the writes that there are compare the whole fence.
func onceFence(p *probe) {
	pending := pendingRow("pending", "a")
	p.insert(pending)
	active := p.active("active", "b", "b")
	gone := p.deleting(p.active("deleting", "c", "c"))
	conflict := func(what string, err error) {
		p.is(what, err, acsauth.ErrConflict)
		p.has(pending, active, gone)
		p.journal()
	}
	for _, attempt := range []string{"other", "A", "a ", ""} {
		old := pendingRow("pending", attempt)
		line := suspectOf(old)
		conflict("Replace Pending by Pending with another attempt", p.store.Replace(p.ctx, old, pendingRow("pending", "n"), &line))
		conflict("Remove Pending with another attempt", p.store.Remove(p.ctx, old, &line))
		conflict("commit with another attempt", p.store.Replace(p.ctx, old, activeRow("pending", attempt, "x"), nil))
	}
	for _, old := range []acsauth.Mapping{activeRow("active", "other", "b"), activeRow("active", "b", "other"), activeRow("active", "b", "B"), activeRow("deleting", "c", "c"), activeRow("absent", "b", "b")} {
		conflict("Replace Active by Deleting with another fence", p.store.Replace(p.ctx, old, in(acsauth.Deleting, old), nil))
	}
	for _, old := range []acsauth.Mapping{activeRow("deleting", "other", "c"), activeRow("deleting", "c", "other"), activeRow("active", "b", "b"), activeRow("absent", "c", "c")} {
		conflict("Remove Deleting with another fence", p.store.Remove(p.ctx, in(acsauth.Deleting, old), nil))
	}
	for _, key := range []string{"active", "deleting", "absent"} {
		old := pendingRow(key, "a")
		line := suspectOf(old)
		conflict("commit without an intent", p.store.Replace(p.ctx, old, activeRow(key, "a", "x"), nil))
		conflict("Replace Pending by Pending without an intent", p.store.Replace(p.ctx, old, pendingRow(key, "n"), &line))
		conflict("Remove Pending without an intent", p.store.Remove(p.ctx, old, &line))
	}
	p.hasNot(sampleKey("absent"))
}

// commitAgain: a commit that is sent again has done it, or is refused; nothing else becomes of it.
func commitAgain(p *probe) {
	row := p.active("alice", "a", "x")
	old := pendingRow("alice", "a")
	for range 3 {
		if err := p.store.Replace(p.ctx, old, row, nil); err != nil {
			p.is("the same commit again", err, acsauth.ErrConflict)
		}
		p.is("another commit of the attempt", p.store.Replace(p.ctx, old, activeRow("alice", "a", "y"), nil), acsauth.ErrConflict)
		p.has(row)
	}
	p.remove(p.deleting(row), nil)
	p.is("the commit after a deletion", p.store.Replace(p.ctx, old, row, nil), acsauth.ErrConflict)
	p.hasNot(row.Key)
}

func onceCounts(p *probe) {
	want := func(want acsauth.Counts) {
		got, err := p.store.Counts(p.ctx)
		p.no("Counts", err)
		if got.Active == acsauth.NotCounted {
			want.Active = acsauth.NotCounted
		}
		if got != want {
			p.failf("Counts: got %+v, want %+v", got, want)
		}
	}
	want(acsauth.Counts{})
	p.insert(pendingRow("a", "a"), pendingRow("b", "b"))
	d, e := p.active("d", "d", "d"), p.active("e", "e", "e")
	gone := p.deleting(p.active("f", "f", "f"))
	p.putLine(suspectOf(d), orphanOf(pendingRow("g", "g"), "g"))
	want(acsauth.Counts{Pending: 2, Active: 2, Deleting: 1, Suspects: 1, Orphans: 1})
	p.remove(gone, nil)
	p.deleting(e)
	p.remove(pendingRow("a", "a"), nil)
	want(acsauth.Counts{Pending: 1, Active: 1, Deleting: 1, Suspects: 1, Orphans: 1})
}

// takenOver: an intent that was taken over commits no more.
func takenOver(a, b *probe) {
	for i := range 5 {
		user := fmt.Sprint("user", i)
		first, second := pendingRow(user, fmt.Sprint("a", i)), pendingRow(user, fmt.Sprint("b", i))
		a.insert(first)
		line := suspectOf(first)
		b.replace(first, second, &line)
		a.is("the commit of an intent that was taken over", a.store.Replace(a.ctx, first, activeRow(user, first.Attempt, fmt.Sprint("x", i)), nil), acsauth.ErrConflict)
		active := activeRow(user, second.Attempt, fmt.Sprint("y", i))
		active.Lease = 0
		b.replace(second, active, nil)
		b.has(active)
		a.is("a commit that comes too late", a.store.Replace(a.ctx, first, activeRow(user, first.Attempt, fmt.Sprint("x", i)), nil), acsauth.ErrConflict)
		a.soon(active.Key, &active)
		a.has(active)
	}
}

// onceReopen: a restart finds everything, if not at once.
func onceReopen(ctx context.Context, db Database) error {
	var rows, none []acsauth.Mapping
	var lines []acsauth.JournalLine
	for i := range 3 {
		round := one("", func(p *probe) {
			for _, row := range rows {
				p.soon(row.Key, &row)
			}
			for _, row := range none {
				p.soon(row.Key, nil)
			}
			p.journal(lines...)
			pending := pendingRow(fmt.Sprint("pending", i), fmt.Sprint("a", i))
			p.insert(pending)
			active := p.active(fmt.Sprint("active", i), fmt.Sprint("b", i), fmt.Sprint("b", i))
			gone := p.deleting(p.active(fmt.Sprint("deleting", i), fmt.Sprint("c", i), fmt.Sprint("c", i)))
			removed := p.deleting(p.active(fmt.Sprint("removed", i), fmt.Sprint("d", i), fmt.Sprint("d", i)))
			p.remove(removed, nil)
			line := orphanOf(active, "lost")
			p.putLine(line)
			rows, lines, none = append(rows, pending, active, gone), append(lines, line), append(none, removed)
		})
		if err := round.run(ctx, db); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
	}
	return nil
}

// resumedDeletion: a deletion that was begun is found and ended by the next process.
func resumedDeletion(ctx context.Context, db Database) error {
	var rows []acsauth.Mapping
	begin := one("", func(p *probe) {
		for i := range 5 {
			row := p.active(fmt.Sprint("user", i), fmt.Sprint("a", i), fmt.Sprint("x", i))
			next := brief(in(acsauth.Deleting, row))
			p.replace(row, next, nil)
			rows = append(rows, next)
		}
	})
	if err := begin.run(ctx, db); err != nil {
		return err
	}
	return one("", func(p *probe) {
		p.has(rows...)
		p.waitOver(rows[len(rows)-1], 0)
		found := p.unfinished(acsauth.Deleting, 0, 1000)
		if len(found) != len(rows) {
			p.failf("Unfinished(Deleting): got %d rows, want %d", len(found), len(rows))
		}
		for _, row := range found {
			p.remove(row, nil)
			p.hasNot(row.Key)
			p.is("the same Remove again", p.store.Remove(p.ctx, row, nil), acsauth.ErrConflict)
		}
		for i := range rows {
			p.has(p.active(fmt.Sprint("user", i), fmt.Sprint("b", i), fmt.Sprint("y", i)))
		}
	}).run(ctx, db)
}
