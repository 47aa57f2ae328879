package storetest

import (
	"fmt"

	"github.com/acs-solutions/acsauth"
)

func fenceChecks() []check {
	return []check{
		one("fence/every_part", everyPart),
		one("fence/absent_row", absentRow),
		one("fence/row_and_line_together", rowAndLine),
		one("fence/aba", aba),
		one("fence/late_writers", lateWriters),
		one("fence/only_the_fence", onlyTheFence),
	}
}

// A miss is a fence that differs from the stored one in one part.
type miss struct {
	name      string
	row, asks acsauth.Mapping
}

func misses() []miss {
	pending, active := pendingRow("alice", "attempt-a"), activeRow("alice", "attempt-a", "xyz")
	bases := []acsauth.Mapping{pending, active, in(acsauth.Deleting, active)}
	changes := []struct {
		name   string
		change func(m *acsauth.Mapping)
	}{
		{"attempt", func(m *acsauth.Mapping) { m.Attempt = "attempt-b" }},
		{"attempt in capitals", func(m *acsauth.Mapping) { m.Attempt = "ATTEMPT-A" }},
		{"attempt and a space", func(m *acsauth.Mapping) { m.Attempt += " " }},
		{"start of the attempt", func(m *acsauth.Mapping) { m.Attempt = "attempt" }},
		{"no attempt", func(m *acsauth.Mapping) { m.Attempt = "" }},
		{"identity", func(m *acsauth.Mapping) { m.Identity = sampleID("other") }},
		{"identity in capitals", func(m *acsauth.Mapping) { m.Identity = sampleID("XYZ") }},
		{"identity and a space", func(m *acsauth.Mapping) { m.Identity = sampleID("xyz ") }},
		{"no identity", func(m *acsauth.Mapping) { m.Identity = "" }},
		{"state pending", func(m *acsauth.Mapping) { m.State = acsauth.Pending }},
		{"state active", func(m *acsauth.Mapping) { m.State = acsauth.Active }},
		{"state deleting", func(m *acsauth.Mapping) { m.State = acsauth.Deleting }},
		{"no state", func(m *acsauth.Mapping) { m.State = "" }},
	}
	var all []miss
	for _, row := range bases {
		for _, c := range changes {
			asks := row
			c.change(&asks)
			if !asks.Fenced(row) {
				all = append(all, miss{name: fmt.Sprintf("row %s, expected %s", row.State, c.name), row: row, asks: asks})
			}
		}
	}
	return all
}

// everyPart: a fence that differs in any part is refused, and neither row nor line changes.
func everyPart(p *probe) {
	bystander := activeRow("bob", "attempt-b", "bob")
	p.insert(bystander)
	for _, m := range misses() {
		p.insert(m.row)
		line := suspectOf(m.row)
		next := activeRow("alice", "attempt-n", "new")
		for _, l := range []*acsauth.JournalLine{nil, &line} {
			p.is("Replace: "+m.name, p.store.Replace(p.ctx, m.asks, next, l), acsauth.ErrConflict)
			p.is("Remove: "+m.name, p.store.Remove(p.ctx, m.asks, l), acsauth.ErrConflict)
		}
		p.has(m.row, bystander)
		p.journal()
		p.remove(m.row, nil)
	}
}

func absentRow(p *probe) {
	row := pendingRow("alice", "a")
	line := suspectOf(row)
	p.insert(pendingRow("Alice", "a"))
	for _, l := range []*acsauth.JournalLine{nil, &line} {
		p.is("Replace of an absent row", p.store.Replace(p.ctx, row, activeRow("alice", "a", "x"), l), acsauth.ErrConflict)
		p.is("Remove of an absent row", p.store.Remove(p.ctx, row, l), acsauth.ErrConflict)
	}
	p.hasNot(row.Key)
	p.has(pendingRow("Alice", "a"))
	p.journal()
}

func rowAndLine(p *probe) {
	first, taken := pendingRow("alice", "a"), pendingRow("alice", "b")
	p.insert(first)
	one, two := suspectOf(first), orphanOf(taken, "x")
	p.replace(first, taken, &one)
	p.has(taken)
	p.journal(one)
	p.is("the same Replace again", p.store.Replace(p.ctx, first, taken, &one), acsauth.ErrConflict)
	p.remove(taken, &two)
	p.hasNot(taken.Key)
	p.journal(one, two)
	p.is("the same Remove again", p.store.Remove(p.ctx, taken, &two), acsauth.ErrConflict)
	p.journal(one, two)
}

// aba: a key that was removed and inserted again has another fence.
func aba(p *probe) {
	old := activeRow("alice", "a", "x")
	p.insert(old)
	p.remove(old, nil)
	again := activeRow("alice", "b", "x")
	p.insert(again)
	line := suspectOf(old)
	p.is("Replace with the fence of the row before", p.store.Replace(p.ctx, old, in(acsauth.Deleting, old), &line), acsauth.ErrConflict)
	p.is("Remove with the fence of the row before", p.store.Remove(p.ctx, old, &line), acsauth.ErrConflict)
	p.has(again)
	p.journal()
}

// lateWriters: one row goes through many fences, some of them alike but for the
// attempt. After each step a writer that comes late with any fence before is refused.
func lateWriters(p *probe) {
	x, y := activeRow("alice", "c", "x"), activeRow("alice", "e", "y")
	back := activeRow("alice", "f", "x") // the identity of before, in a row of another attempt
	steps := []*acsauth.Mapping{
		new(pendingRow("alice", "a")), new(pendingRow("alice", "b")), new(pendingRow("alice", "c")), &x, new(in(acsauth.Deleting, x)), nil,
		new(pendingRow("alice", "d")), nil, new(pendingRow("alice", "e")), &y, new(in(acsauth.Deleting, y)), new(pendingRow("alice", "f")), &back,
		new(in(acsauth.Deleting, back)), nil, new(activeRow("alice", "g", "x")), nil,
	}
	var now *acsauth.Mapping
	var before []acsauth.Mapping
	for _, next := range steps {
		switch {
		case next == nil:
			p.remove(*now, nil)
		case now == nil:
			p.insert(*next)
		default:
			p.replace(*now, *next, nil)
		}
		if now != nil {
			before = append(before, *now)
		}
		now = next
		p.refusesAll(before, now)
	}
}

// refusesAll fails unless every write with one of the fences is refused, and the row stays as it is.
func (p *probe) refusesAll(fences []acsauth.Mapping, now *acsauth.Mapping) {
	for _, old := range fences {
		line := suspectOf(old)
		for _, next := range []acsauth.Mapping{pendingRow("alice", "late"), activeRow("alice", old.Attempt, "late")} {
			p.is("Replace with a fence that was left", p.store.Replace(p.ctx, old, next, &line), acsauth.ErrConflict)
		}
		p.is("Remove with a fence that was left", p.store.Remove(p.ctx, old, &line), acsauth.ErrConflict)
	}
	if now != nil {
		p.has(*now)
	} else {
		p.hasNot(sampleKey("alice"))
	}
	p.journal()
}

// onlyTheFence: the parts of a row that are no fence do not refuse a write.
func onlyTheFence(p *probe) {
	row := pendingRow("alice", "a")
	p.insert(row)
	asks := row
	asks.Resource, asks.Generation, asks.Lease = "another", 99, 0
	next := activeRow("alice", "a", "x")
	p.replace(asks, next, nil)
	p.has(next)
	asks = next
	asks.Resource, asks.Generation, asks.Lease = "", 0, -1
	p.remove(asks, nil)
	p.hasNot(row.Key)
}
