package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

func rowChecks() []check {
	return []check{
		one("rows/absent", func(p *probe) {
			row, err := p.store.Get(p.ctx, sampleKey("nobody"))
			p.is("Get", err, acsauth.ErrNotFound)
			if row != (acsauth.Mapping{}) {
				p.failf("Get: an absent key has a row: %s", show(row))
			}
		}),
		one("rows/insert", insertOnce),
		one("rows/round_trip", roundTrip),
		one("rows/keys_are_bytes", keysAreBytes),
		one("rows/life", life),
		one("rows/counts", counts),
		one("rows/other_key", otherKey),
	}
}

func insertOnce(p *probe) {
	row := pendingRow("alice", "a1")
	p.insert(row)
	p.has(row)
	for _, again := range []acsauth.Mapping{row, pendingRow("alice", "a2"), activeRow("alice", "a3", "x")} {
		p.is("Insert on a key that has a row", p.store.Insert(p.ctx, again), acsauth.ErrConflict)
		p.has(row)
	}
	p.insert(pendingRow("bob", "b1"))
	p.has(row, pendingRow("bob", "b1"))
}

// roundTrip writes the widest value of every field, by Insert and by Replace.
func roundTrip(p *probe) {
	wide := acsauth.Mapping{
		Key:        acsauth.UserKey{Issuer: "https://" + strings.Repeat("i", 492), Subject: strings.Repeat("\u00fc/#?%", 100)},
		State:      acsauth.Active,
		Attempt:    strings.Repeat("A", 63) + "a",
		Identity:   sampleID(strings.Repeat("Zz_-", 40)),
		Resource:   strings.Repeat("R", 255) + "r",
		Generation: 1<<53 - 1,
		Lease:      24 * time.Hour,
	}
	p.insert(wide)
	p.has(wide)
	next := wide
	next.State, next.Attempt, next.Resource, next.Generation = acsauth.Deleting, "d", "other", 1
	p.replace(wide, next, nil)
	p.has(next)
	narrow := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "i", Subject: "s"}, State: acsauth.Pending, Attempt: "a", Resource: "r", Generation: 1}
	p.insert(narrow)
	p.has(next, narrow)
}

func keysAreBytes(p *probe) {
	var rows []acsauth.Mapping
	for i, key := range oddKeys() {
		row := pendingRow("", fmt.Sprint("attempt", i))
		row.Key, row.Generation = key, int64(i+1)
		rows = append(rows, row)
	}
	p.insert(rows...)
	p.has(rows...)
	for _, row := range rows {
		p.remove(row, nil)
		p.hasNot(row.Key)
	}
}

// life walks one key through every state, twice.
func life(p *probe) {
	for _, round := range []string{"1", "2"} {
		first := pendingRow("alice", "a"+round)
		p.insert(first)
		taken := pendingRow("alice", "b"+round)
		taken.Generation = 2
		p.replace(first, taken, nil)
		p.has(taken)
		renewed := taken
		renewed.Lease = 2 * time.Hour
		p.replace(taken, renewed, nil)
		p.has(renewed)
		active := in(acsauth.Active, taken)
		active.Identity = sampleID("x" + round)
		p.replace(taken, active, nil)
		p.has(active)
		p.replace(active, in(acsauth.Deleting, active), nil)
		p.has(in(acsauth.Deleting, active))
		p.remove(in(acsauth.Deleting, active), nil)
		p.hasNot(active.Key)
	}
	row := pendingRow("alice", "c")
	p.insert(row)
	p.remove(row, nil)
	p.hasNot(row.Key)
	p.journal()
}

func counts(p *probe) {
	p.counts("of an empty database", acsauth.Counts{})
	active := activeRow("d", "d", "d")
	p.insert(pendingRow("a", "a"), pendingRow("b", "b"), pendingRow("c", "c"), active, activeRow("e", "e", "e"), in(acsauth.Deleting, activeRow("f", "f", "f")))
	p.putLine(suspectOf(active), orphanOf(pendingRow("g", "g"), "g"), orphanOf(pendingRow("h", "h"), "h"))
	p.counts("of new rows and lines", acsauth.Counts{Pending: 3, Active: 2, Deleting: 1, Suspects: 1, Orphans: 2})
	p.replace(active, in(acsauth.Deleting, active), nil)
	p.remove(pendingRow("a", "a"), nil)
	p.putLine(orphanOf(active, "d"))
	p.no("DropLine", p.store.DropLine(p.ctx, sampleKey("g").Hash(), "g"))
	p.counts("after changes", acsauth.Counts{Pending: 2, Active: 1, Deleting: 2, Suspects: 0, Orphans: 2})
}

// otherKey: a Replace that would move a row to another key is a mistake of the caller.
func otherKey(p *probe) {
	row := pendingRow("alice", "a")
	p.insert(row)
	moved := pendingRow("bob", "a")
	if err := p.store.Replace(p.ctx, row, moved, nil); err == nil {
		p.failf("Replace: moved a row to another key")
	}
	p.has(row)
	p.hasNot(moved.Key)
}
