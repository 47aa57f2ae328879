package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/acs-solutions/acsauth"
)

func findChecks() []check {
	return []check{
		one("find/life", findLife),
		one("find/other_row", findOtherRow),
		one("find/odd_identities", findOddIdentities),
		one("find/rows_only", findRowsOnly),
		two("find/other_handle", findOtherHandle),
		two("find/while_it_changes", findWhileItChanges),
	}
}

// find returns the row that holds id, or nil.
func (p *probe) find(id acsauth.Identity) *acsauth.Mapping {
	if p.err != nil {
		return nil
	}
	row, err := findBy(p.ctx, p.store, id)
	if errors.Is(err, acsauth.ErrNotFound) {
		if row != (acsauth.Mapping{}) {
			p.failf("Find: an identity that is not found has a row: %s", show(row))
		}
		return nil
	}
	p.no("Find", err)
	return &row
}

// finds fails unless each row is found by its identity.
func (p *probe) finds(what string, rows ...acsauth.Mapping) {
	for _, want := range rows {
		got := p.find(want.Identity)
		if p.err == nil {
			p.no("Find: "+what, sameRow(got, want))
		}
	}
}

// findsNot fails if one of the identities is found.
func (p *probe) findsNot(what string, ids ...acsauth.Identity) {
	for _, id := range ids {
		if got := p.find(id); got != nil && p.err == nil {
			p.failf("Find: %s: %q finds a row: %s", what, id, show(*got))
		}
	}
}

// findLife follows one identity through the states of its row.
func findLife(p *probe) {
	first := pendingRow("alice", "a")
	active := activeRow("alice", "a", "x")
	deleting := in(acsauth.Deleting, active)
	line := orphanOf(active, "x")
	p.findsNot("in an empty database", active.Identity, "")
	p.insert(first)
	p.findsNot("a Pending row", active.Identity, "")
	p.replace(first, active, nil)
	p.finds("an Active row", active)
	p.replace(active, deleting, nil)
	p.finds("a Deleting row", deleting)
	p.remove(deleting, &line)
	p.findsNot("after Remove", active.Identity)
	again := activeRow("alice", "b", "y")
	p.insert(pendingRow("alice", "b"))
	p.findsNot("after the key was inserted again", active.Identity, again.Identity)
	p.replace(pendingRow("alice", "b"), again, nil)
	p.findsNot("the identity before, after another was made", active.Identity)
	p.finds("the identity after a deletion", again)
}

// findOtherRow: an identity that left its row, or went to another.
func findOtherRow(p *probe) {
	old, next := activeRow("alice", "a", "x"), activeRow("alice", "b", "y")
	p.insert(old)
	p.replace(old, next, nil)
	p.findsNot("an identity that was replaced", old.Identity)
	p.finds("the identity that took its place", next)
	intent := pendingRow("alice", "c")
	p.replace(next, intent, nil)
	p.findsNot("after the row went back to Pending", old.Identity, next.Identity)
	third := activeRow("alice", "c", "x")
	p.replace(intent, third, nil)
	p.finds("an identity that came back to its row", third)
	p.remove(third, nil)
	bob := activeRow("bob", "d", "x")
	p.insert(bob)
	p.finds("an identity that another user has now", bob)
	p.is("a write that is refused", p.store.Replace(p.ctx, old, next, nil), acsauth.ErrConflict)
	p.is("a write that is refused", p.store.Insert(p.ctx, activeRow("bob", "e", "z")), acsauth.ErrConflict)
	p.findsNot("after writes that were refused", next.Identity, sampleID("z"))
	p.finds("after writes that were refused", bob)
}

// oddIdentities are pairwise different, and alike to whoever folds, trims, truncates or matches patterns.
func oddIdentities() []acsauth.Identity {
	long := strings.Repeat("L", 159)
	all := []acsauth.Identity{"8:gcch-acs:" + sampleResource + "_user", "8:dod-acs:" + sampleResource + "_user", "8:acs:r_user"}
	for _, name := range []string{"user", "User", "USER", "user1", "use", "us-r", "us_r", "_user", "user_", "user-", "u--r", "0", "00", "1e3", "null", long + "1", long + "2", long} {
		all = append(all, sampleID(name))
	}
	return all
}

func findOddIdentities(p *probe) {
	var rows []acsauth.Mapping
	for i, id := range oddIdentities() {
		row := activeRow(fmt.Sprint("user", i), fmt.Sprint("a", i), "")
		row.Identity = id
		rows = append(rows, row)
	}
	p.insert(rows...)
	p.finds("identities that are much alike", rows...)
	id := sampleID("user")
	p.findsNot("what nobody holds", "", "%", "_", "*", "'", "8:acs:", id+" ", " "+id, id+"\n", id+"x", id[:len(id)-2], sampleID("us%"), sampleID("uSER"), acsauth.Identity(strings.ToUpper(string(id))))
	for _, row := range rows {
		p.remove(row, nil)
		p.findsNot("after Remove", row.Identity)
	}
}

// findRowsOnly: an identity in the journal belongs to nobody.
func findRowsOnly(p *probe) {
	row := activeRow("alice", "a", "x")
	left := orphanOf(pendingRow("carol", "c"), "z")
	left.Kind = acsauth.Left
	p.putLine(orphanOf(pendingRow("bob", "b"), "y"), left)
	p.insert(row, pendingRow("dave", "d"))
	p.findsNot("in the journal", sampleID("y"), sampleID("z"))
	p.finds("beside lines", row)
	line := orphanOf(row, "x")
	p.remove(row, &line)
	p.findsNot("in the line of a Remove", row.Identity)
}

// findOtherHandle: what one handle was told is done, the other finds at once.
func findOtherHandle(a, b *probe) {
	for i := range 20 {
		from, to := a, b
		if i%2 == 1 {
			from, to = b, a
		}
		name := fmt.Sprint(i)
		active := activeRow("user"+name, "a"+name, "x"+name)
		to.findsNot("on the other handle, before", active.Identity)
		if i%4 < 2 {
			from.insert(active)
		} else {
			from.insert(pendingRow("user"+name, "a"+name))
			from.replace(pendingRow("user"+name, "a"+name), active, nil)
		}
		to.finds("on the other handle", active)
		from.replace(active, in(acsauth.Deleting, active), nil)
		to.finds("on the other handle", in(acsauth.Deleting, active))
		from.remove(in(acsauth.Deleting, active), nil)
		to.findsNot("on the other handle, after Remove", active.Identity)
		from.no("the other handle", to.err)
	}
}

// findWhileItChanges: whoever looks meanwhile is told of a row that holds the identity, or of none.
func findWhileItChanges(a, b *probe) {
	id := sampleID("x")
	var wg sync.WaitGroup
	var writing atomic.Bool
	writing.Store(true)
	readers := []*probe{{ctx: a.ctx, store: a.store}, {ctx: b.ctx, store: b.store}}
	for _, r := range readers {
		wg.Go(func() {
			for writing.Load() && r.err == nil {
				if got := r.find(id); got != nil && (got.Identity != id || got.State == acsauth.Pending) {
					r.failf("Find while rows change: got %s", show(*got))
				}
			}
		})
	}
	for i := range 40 {
		name := fmt.Sprint(i)
		intent, active, other := pendingRow("alice", "a"+name), activeRow("alice", "a"+name, "x"), activeRow("alice", "b"+name, "y")
		a.insert(intent)
		a.replace(intent, active, nil)
		b.finds("while rows change", active)
		a.replace(active, other, nil)
		b.findsNot("while rows change", id)
		a.remove(other, nil)
	}
	writing.Store(false)
	wg.Wait()
	for _, r := range readers {
		a.no("a look while rows change", r.err)
	}
}
