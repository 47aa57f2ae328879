package storetest

import (
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
)

// leaseLimit is how long a check waits for the clock of the store.
const leaseLimit = 5 * time.Second

func leaseChecks() []check {
	return []check{
		one("leases/run_down", leaseRunsDown),
		one("leases/end", leaseEnds),
		one("unfinished/which", unfinished),
		one("unfinished/over_for", overFor),
		one("unfinished/order_and_limit", unfinishedOrder),
	}
}

// leaseRunsDown: what is read is what is left by the clock of the store.
func leaseRunsDown(p *probe) {
	row := pendingRow("alice", "a")
	p.insert(row)
	first := p.lease(row)
	if first > time.Hour+time.Second || first < 50*time.Minute {
		p.failf("Lease: an hour was written, %v read back", first)
	}
	p.no("a lease that runs down", eventually(p.ctx, leaseLimit, func() (bool, error) {
		return p.lease(row) < first, p.err
	}))
	shorter := row
	shorter.Lease = time.Minute
	p.replace(row, shorter, nil)
	if left := p.lease(row); left > time.Minute+time.Second || left < 10*time.Second {
		p.failf("Lease: a minute was written by Replace, %v read back", left)
	}
}

// leaseEnds: a lease reads zero or less when it is over, and can be renewed.
func leaseEnds(p *probe) {
	row := pendingRow("alice", "a")
	row.Lease = 50 * time.Millisecond
	p.insert(row)
	p.waitOver(row, 0)
	p.waitOver(row, 10*time.Millisecond)
	renewed := pendingRow("alice", "b")
	p.replace(row, renewed, nil)
	if left := p.lease(renewed); left < 50*time.Minute {
		p.failf("Lease: renewed for an hour, %v read back", left)
	}
	if rows := p.unfinished(acsauth.Pending, 0, 10); len(rows) != 0 {
		p.failf("Unfinished: lists a row whose lease was renewed")
	}
}

// lease returns what is left of the lease of row.
func (p *probe) lease(row acsauth.Mapping) time.Duration {
	got := p.get(row.Key)
	if got == nil {
		p.failf("Get: the row is gone")
		return 0
	}
	return got.Lease
}

// waitOver waits until the lease of row has been over for longer than d.
func (p *probe) waitOver(row acsauth.Mapping, d time.Duration) {
	p.no("the end of a lease", eventually(p.ctx, leaseLimit, func() (bool, error) {
		left := p.lease(row)
		return left <= 0 && -left >= d, p.err
	}))
}

func (p *probe) unfinished(state acsauth.State, over time.Duration, limit int) []acsauth.Mapping {
	if p.err != nil {
		return nil
	}
	rows, err := p.store.Unfinished(p.ctx, state, over, limit)
	p.no("Unfinished", err)
	return rows
}

// brief is a row whose lease is over at once.
func brief(row acsauth.Mapping) acsauth.Mapping {
	row.Lease = time.Millisecond
	return row
}

// unfinished: rows of the state asked for, with a lease that is over, in full.
func unfinished(p *probe) {
	dead, deleting := brief(pendingRow("dead", "a")), brief(in(acsauth.Deleting, activeRow("deleting", "b", "b")))
	dead.Generation, dead.Resource = 7, "another"
	others := []acsauth.Mapping{pendingRow("alive", "c"), brief(activeRow("active", "d", "d")), in(acsauth.Deleting, activeRow("busy", "e", "e"))}
	p.insert(dead, deleting)
	p.insert(others...)
	for _, row := range []acsauth.Mapping{dead, deleting, others[1]} {
		p.waitOver(row, 0)
	}
	for _, want := range []acsauth.Mapping{dead, deleting} {
		rows := p.unfinished(want.State, 0, 1000)
		if len(rows) != 1 {
			p.failf("Unfinished(%s): got %d rows, want 1", want.State, len(rows))
			return
		}
		p.no("Unfinished", sameRow(&rows[0], want))
		if rows[0].Lease > 0 {
			p.failf("Unfinished: a row with a lease of %v", rows[0].Lease)
		}
	}
	p.remove(dead, nil)
	if rows := p.unfinished(acsauth.Pending, 0, 1000); len(rows) != 0 {
		p.failf("Unfinished: lists a row that was removed")
	}
}

// overFor: the time since the end of the lease counts, not the lease.
func overFor(p *probe) {
	row := brief(pendingRow("alice", "a"))
	p.insert(row)
	p.waitOver(row, 0)
	if rows := p.unfinished(acsauth.Pending, time.Hour, 10); len(rows) != 0 {
		p.failf("Unfinished: a lease that ended now counts as over for an hour")
	}
	p.waitOver(row, 30*time.Millisecond)
	if rows := p.unfinished(acsauth.Pending, 30*time.Millisecond, 10); len(rows) != 1 && p.err == nil {
		p.failf("Unfinished: a lease that is over for 30 ms is not listed")
	}
}

// unfinishedOrder: the longest over comes first, whenever it was written.
func unfinishedOrder(p *probe) {
	var last acsauth.Mapping
	for _, part := range []struct {
		name  string
		lease time.Duration
	}{{"c", 400}, {"a", 1}, {"d", 200}, {"b", 300}, {"e", 100}} {
		row := pendingRow(part.name, part.name)
		row.Lease = part.lease * time.Millisecond
		p.insert(row)
		if last.Lease < row.Lease {
			last = row
		}
	}
	p.no("the end of five leases", eventually(p.ctx, leaseLimit, func() (bool, error) {
		return len(p.unfinished(acsauth.Pending, 0, 1000)) == 5, p.err
	}))
	all := p.unfinished(acsauth.Pending, 0, 1000)
	if !slices.IsSortedFunc(all, func(a, b acsauth.Mapping) int { return int(a.Lease - b.Lease) }) {
		p.failf("Unfinished: not in the order of the ends of the leases, oldest first")
	}
	for limit := 1; limit <= len(all); limit++ {
		some := p.unfinished(acsauth.Pending, 0, limit)
		if p.err == nil && (len(some) != limit || some[limit-1].Key != all[limit-1].Key) {
			p.failf("Unfinished with limit %d: got %d rows, want the first ones of all", limit, len(some))
		}
	}
}
