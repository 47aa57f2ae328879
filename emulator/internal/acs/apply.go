package acs

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// replay applies an entry of the journal at start.
func (g *registry) replay(e entry) error {
	if e.Op == opCreate && len(g.records) >= g.max {
		return errFull
	}
	return g.apply(e)
}

// apply makes one change visible.
func (g *registry) apply(e entry) error {
	if e.Assignment != nil {
		return g.applyAssignment(e)
	}
	k, ok := g.names.parse(e.ID)
	if !ok {
		return errors.New("identity of another resource")
	}
	rec, known := g.records[k]
	switch {
	case e.Op == opCreate && !known, e.Op == opCreate && rec.deleted && k.kind != kindUser:
		g.enter(k, rec, e)
	case e.Op == opDelete && known && !rec.deleted:
		g.strike(k, rec, e)
	default:
		return fmt.Errorf("%q does not fit the identity's state", e.Op)
	}
	return nil
}

// enter adds an identity, or brings back one whose id is not chance's. Tokens
// of its earlier life stay revoked.
func (g *registry) enter(k key, rec record, e entry) {
	if rec.deleted {
		g.gone = slices.DeleteFunc(g.gone, func(gone key) bool { return gone == k })
	}
	rec.order, rec.created, rec.customID, rec.deleted = g.order, e.At.UnixNano(), e.CustomID, false
	g.order++
	g.customText += len(e.CustomID)
	if e.CustomID != "" && !e.Stray {
		g.custom[customKey{k.resource, e.CustomID}] = k
	}
	g.records[k] = rec
}

// strike marks an identity as deleted, and forgets the one that is deleted
// longest if there are too many.
func (g *registry) strike(k key, rec record, e entry) {
	if at := (customKey{k.resource, rec.customID}); g.custom[at] == k {
		delete(g.custom, at)
	}
	g.customText -= len(rec.customID)
	rec.deleted, rec.revokedAt, rec.revoked, rec.customID = true, e.At.UnixNano(), rec.issued, ""
	g.records[k] = rec
	g.gone = append(g.gone, k)
	if len(g.gone) <= g.maxDeleted {
		return
	}
	delete(g.records, g.gone[0])
	g.gone = g.gone[1:]
}

// entries writes down what a journal needs to bring the registry back.
func (g *registry) entries() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for _, k := range g.ordered() {
			rec := g.records[k]
			if !yield(entry{Op: opCreate, ID: g.names.id(k), At: time.Unix(0, rec.created).UTC(), CustomID: rec.customID, Stray: g.stray(k)}) {
				return
			}
		}
		for _, k := range g.gone {
			if !yield(entry{Op: opDelete, ID: g.names.id(k), At: time.Unix(0, g.records[k].revokedAt).UTC()}) {
				return
			}
		}
		for _, a := range g.grants.sorted() {
			if !yield(entry{Op: opAssign, Assignment: &a}) {
				return
			}
		}
	}
}
