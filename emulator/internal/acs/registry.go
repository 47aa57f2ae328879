package acs

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxIdentities bounds memory. Deleted identities count, since they are
// remembered to answer a repeated delete.
const maxIdentities = 5_000_000

var (
	errNotOwned = errors.New("identity unknown or deleted")
	errFull     = errors.New("too many identities")
)

// registry holds the identities of the resource. A change is in the journal
// before it is in memory, both under the lock.
type registry struct {
	prefix string // of all ids
	max    int

	mu      sync.RWMutex
	records map[uuid.UUID]record
	custom  map[string]uuid.UUID
	journal *journal
}

func openRegistry(resourceID, file string) (*registry, error) {
	g := &registry{
		prefix: "8:acs:" + resourceID + "_", max: maxIdentities,
		records: make(map[uuid.UUID]record), custom: make(map[string]uuid.UUID),
	}
	if file == "" {
		return g, nil
	}
	j, err := openJournal(file, g.replay)
	g.journal = j
	return g, err
}

// create adds an identity, or finds the one that holds customID. withToken
// counts a token for it.
func (g *registry) create(customID string, withToken bool, now time.Time) (made, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key, reused := g.custom[customID]
	if !reused {
		key = uuid.New()
		if err := g.write(entry{Op: "create", ID: g.prefix + key.String(), At: now.UTC(), CustomID: customID}); err != nil {
			return made{}, err
		}
	}
	rec := g.records[key]
	if withToken {
		rec.count(now)
		g.records[key] = rec
	}
	return made{id: g.prefix + key.String(), reused: reused, record: rec}, nil
}

// write makes one change durable, then visible.
func (g *registry) write(e entry) error {
	if e.Op == "create" && len(g.records) >= g.max {
		return errFull
	}
	if g.journal != nil {
		if err := g.journal.append(e); err != nil {
			return fmt.Errorf("write data file: %w", err)
		}
	}
	return g.apply(e)
}

// replay applies an entry of the journal at start.
func (g *registry) replay(e entry) error {
	if e.Op == "create" && len(g.records) >= g.max {
		return errFull
	}
	return g.apply(e)
}

func (g *registry) apply(e entry) error {
	key, ok := g.parse(e.ID)
	if !ok {
		return errors.New("identity of another resource")
	}
	rec, known := g.records[key]
	switch {
	case e.Op == "create" && !known:
		rec = record{order: int32(len(g.records)), created: e.At.UnixNano(), customID: e.CustomID}
		if e.CustomID != "" {
			g.custom[e.CustomID] = key
		}
	case e.Op == "delete" && known && !rec.deleted:
		delete(g.custom, rec.customID)
		rec.deleted, rec.revokedAt, rec.revoked, rec.customID = true, e.At.UnixNano(), rec.issued, ""
	default:
		return fmt.Errorf("%q does not fit the identity's state", e.Op)
	}
	g.records[key] = rec
	return nil
}

// parse returns the GUID of an id of this resource in its one true spelling.
func (g *registry) parse(id string) (uuid.UUID, bool) {
	text, ours := strings.CutPrefix(id, g.prefix)
	key, err := uuid.Parse(text)
	return key, ours && err == nil && key.String() == text
}

// find returns an identity, deleted or not. The lock must be held.
func (g *registry) find(id string) (uuid.UUID, record, bool) {
	key, ok := g.parse(id)
	if !ok {
		return uuid.Nil, record{}, false
	}
	rec, known := g.records[key]
	return key, rec, known
}

// change calls f on a live identity and keeps what f made of it.
func (g *registry) change(id string, f func(*record)) (record, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key, rec, known := g.find(id)
	if !known || rec.deleted {
		return record{}, errNotOwned
	}
	f(&rec)
	g.records[key] = rec
	return rec, nil
}

// issue counts a token and returns its serial number.
func (g *registry) issue(id string, now time.Time) (int64, error) {
	rec, err := g.change(id, func(r *record) { r.count(now) })
	return rec.issued, err
}

// revoke revokes all tokens so far.
func (g *registry) revoke(id string, now time.Time) error {
	_, err := g.change(id, func(r *record) { r.revoked, r.revokedAt = r.issued, now.UnixNano() })
	return err
}

// remove deletes an identity; first is false if it was deleted already.
func (g *registry) remove(id string, now time.Time) (first bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, rec, known := g.find(id)
	if !known {
		return false, errNotOwned
	}
	if rec.deleted {
		return false, nil
	}
	return true, g.write(entry{Op: "delete", ID: id, At: now.UTC()})
}

// lookup returns an identity, deleted or not.
func (g *registry) lookup(id string) (record, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	_, rec, known := g.find(id)
	return rec, known
}

// get returns a live identity.
func (g *registry) get(id string) (record, error) {
	rec, known := g.lookup(id)
	if !known || rec.deleted {
		return record{}, errNotOwned
	}
	return rec, nil
}

// list returns all identities in the order of creation.
func (g *registry) list() []Identity {
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := make([]Identity, len(g.records))
	for key, rec := range g.records {
		out[rec.order] = rec.identity(g.prefix + key.String())
	}
	return out
}

func (g *registry) reset() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.records)
	clear(g.custom)
	if g.journal == nil {
		return nil
	}
	return g.journal.empty()
}

func (g *registry) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.journal == nil {
		return nil
	}
	return g.journal.close()
}
