package storetest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

func lineChecks() []check {
	return []check{
		one("lines/round_trip", lineRoundTrip),
		one("lines/answer", answers),
		one("lines/replaced", replaced),
		one("lines/orphan_stays", orphanStays),
		one("lines/left", leftStays),
		one("lines/since_stays", sinceStays),
		one("lines/drop", dropLines),
		one("lines/order", lineOrder),
		one("lines/limit", lineLimit),
	}
}

func lineRoundTrip(p *probe) {
	row := pendingRow("alice", strings.Repeat("A", 63)+"a")
	wide := acsauth.JournalLine{
		Attempt: row.Attempt, Kind: acsauth.Orphan, User: row.Key.Hash(), Identity: sampleID(strings.Repeat("Zz_-", 40)),
		Resource: strings.Repeat("R", 255) + "r", Answer: []byte("{\"identity\":"), RequestID: strings.Repeat("q", 128),
		Since: time.Date(1999, 1, 2, 3, 4, 5, 6, time.UTC),
	}
	narrow := acsauth.JournalLine{Attempt: "b", Kind: acsauth.Suspect, User: row.Key.Hash()}
	p.putLine(wide, narrow)
	p.journal(wide, narrow)
	for _, line := range append(p.lines(acsauth.Orphan), p.lines(acsauth.Suspect)...) {
		if off := time.Since(line.Since); off.Abs() > 24*time.Hour {
			p.failf("Since is %v: not the clock of a store that runs now", line.Since)
		}
	}
	if n := len(p.lines(acsauth.Orphan)); n != 1 {
		p.failf("Lines of kind Orphan: got %d, want 1", n)
	}
}

// answers: any bytes are kept, up to the limit.
func answers(p *probe) {
	every := make([]byte, acsauth.MaxJournalAnswer)
	for i := range every {
		every[i] = byte(i)
	}
	full := suspectOf(pendingRow("alice", "a"))
	full.Answer = bytes.Clone(every)
	over := suspectOf(pendingRow("bob", "b"))
	over.Answer = append(bytes.Clone(every), "more"...)
	p.putLine(full, over)
	copy(full.Answer, "the store must have its own copy")
	full.Answer = every
	over.Answer = every
	p.journal(full, over)
}

// replaced: the later line wins, but for what orphanStays says.
func replaced(p *probe) {
	row := pendingRow("alice", "a")
	first := suspectOf(row)
	first.Answer = []byte("first")
	second := suspectOf(row)
	second.RequestID, second.Answer = "second", []byte("second")
	p.putLine(first, second)
	p.journal(second)
	third := orphanOf(row, "x")
	p.putLine(third)
	p.journal(third)
	fourth := orphanOf(row, "x")
	fourth.RequestID = "fourth"
	p.putLine(fourth)
	p.journal(fourth)
}

// orphanStays: no verb replaces an Orphan by a Suspect, and none fails over it.
func orphanStays(p *probe) {
	row := pendingRow("alice", "a")
	orphan, suspect := orphanOf(row, "x"), suspectOf(row)
	suspect.RequestID = "later"
	p.putLine(orphan, suspect)
	p.journal(orphan)
	p.insert(row)
	next := pendingRow("alice", "b")
	p.replace(row, next, &suspect)
	p.has(next)
	p.journal(orphan)
	p.remove(next, &suspect)
	p.hasNot(next.Key)
	p.journal(orphan)
}

// leftStays: a Left line is a kind of its own, which gives way to an Orphan and not to a Suspect.
func leftStays(p *probe) {
	row := in(acsauth.Deleting, activeRow("alice", "a", "x"))
	left, orphan := orphanOf(row, "x"), orphanOf(pendingRow("bob", "b"), "y")
	left.Kind, left.Answer = acsauth.Left, []byte("answer")
	p.insert(row)
	p.remove(row, &left)
	p.putLine(orphan)
	p.journal(left, orphan)
	if n := len(p.lines(acsauth.Left)); n != 1 {
		p.failf("Lines of kind Left: got %d, want 1", n)
	}
	p.counts("with a line of kind Left", acsauth.Counts{Orphans: 1, Left: 1})
	suspect, next := suspectOf(row), pendingRow("alice", "a")
	suspect.RequestID = "later"
	p.putLine(suspect)
	p.insert(next)
	p.replace(next, pendingRow("alice", "b"), &suspect)
	p.journal(left, orphan)
	again := orphanOf(row, "x")
	p.putLine(again)
	p.journal(again, orphan)
	orphan.Kind = acsauth.Left
	p.putLine(orphan)
	p.journal(again, orphan)
	p.counts("after the kinds changed", acsauth.Counts{Pending: 1, Orphans: 1, Left: 1})
	p.no("DropLine", p.store.DropLine(p.ctx, orphan.User, orphan.Attempt))
	p.journal(again)
}

// sinceStays: Since is when the attempt was first written down.
func sinceStays(p *probe) {
	row := pendingRow("alice", "a")
	p.insert(row)
	p.putLine(suspectOf(row))
	first := p.since(suspectOf(row))
	p.tick(first)
	p.putLine(suspectOf(row))
	p.sameSince("a second Suspect", row, first)
	orphan := orphanOf(row, "x")
	p.replace(row, pendingRow("alice", "b"), &orphan)
	p.sameSince("an Orphan by Replace", row, first)
	p.remove(pendingRow("alice", "b"), &orphan)
	p.sameSince("an Orphan by Remove", row, first)
	p.no("DropLine", p.store.DropLine(p.ctx, row.Key.Hash(), row.Attempt))
	p.putLine(suspectOf(row))
	if again := p.since(suspectOf(row)); p.err == nil && !again.After(first) {
		p.failf("Since of a line written anew is %v, not after %v", again, first)
	}
}

func (p *probe) sameSince(what string, row acsauth.Mapping, want time.Time) {
	if got := p.since(suspectOf(row)); p.err == nil && !got.Equal(want) {
		p.failf("Since after %s: got %v, want %v", what, got, want)
	}
}

// since returns the Since of the line of the same user and attempt.
func (p *probe) since(like acsauth.JournalLine) time.Time {
	if line := find(p.allLines(), like); line != nil {
		return line.Since
	}
	p.failf("the line of attempt %q is missing", like.Attempt)
	return time.Time{}
}

// tick waits until the clock of the store shows a time after t.
func (p *probe) tick(t time.Time) {
	mark := suspectOf(pendingRow("clock", "clock"))
	p.no("the clock of the store", eventually(p.ctx, leaseLimit, func() (bool, error) {
		p.putLine(mark)
		now := p.since(mark)
		p.no("DropLine", p.store.DropLine(p.ctx, mark.User, mark.Attempt))
		return now.After(t), p.err
	}))
}

func dropLines(p *probe) {
	alice, bob := suspectOf(pendingRow("alice", "a")), suspectOf(pendingRow("bob", "a"))
	other := orphanOf(pendingRow("alice", "b"), "x")
	p.putLine(alice, bob, other)
	p.journal(alice, bob, other)
	drop := func(user, attempt string) { p.no("DropLine", p.store.DropLine(p.ctx, user, attempt)) }
	drop(alice.User, "c")
	drop(sampleKey("carol").Hash(), "a")
	drop(alice.User, "A")
	p.journal(alice, bob, other)
	drop(alice.User, "a")
	p.journal(bob, other)
	drop(alice.User, "a")
	drop(other.User, "b")
	p.journal(bob)
}

func lineOrder(p *probe) {
	var want []string
	for _, attempt := range []string{"m", "c", "x", "a", "k"} {
		row := pendingRow("user "+attempt, attempt)
		p.putLine(suspectOf(row), orphanOf(pendingRow("orphan "+attempt, attempt), "x"))
		p.tick(p.since(suspectOf(row)))
		want = append(want, attempt)
	}
	p.putLine(suspectOf(pendingRow("user m", "m"))) // rewriting the first does not make it younger
	for _, kind := range []acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan} {
		for n := range want {
			lines, err := p.store.Lines(p.ctx, kind, n+1)
			p.no("Lines", err)
			var got []string
			for _, line := range lines {
				got = append(got, line.Attempt)
			}
			if strings.Join(got, " ") != strings.Join(want[:n+1], " ") {
				p.failf("Lines of kind %s, limit %d: got %q, want %q, oldest first", kind, n+1, got, want[:n+1])
			}
		}
	}
}

func lineLimit(p *probe) {
	for i := range 30 {
		p.putLine(suspectOf(pendingRow("alice", fmt.Sprint("attempt", i))))
	}
	for limit, want := range map[int]int{1: 1, 29: 29, 30: 30, 31: 30, 1000: 30} {
		lines, err := p.store.Lines(p.ctx, acsauth.Suspect, limit)
		p.no("Lines", err)
		if len(lines) != want {
			p.failf("Lines with limit %d: got %d, want %d", limit, len(lines), want)
		}
	}
	for _, limit := range []int{-1, 0, 1001} {
		_, err := p.store.Lines(p.ctx, acsauth.Suspect, limit)
		p.unknown("Lines with a limit out of range", err)
		_, err = p.store.Unfinished(p.ctx, acsauth.Pending, 0, limit)
		p.unknown("Unfinished with a limit out of range", err)
	}
}
