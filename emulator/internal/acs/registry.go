package acs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Bounds of memory. Deleted identities count, since they are remembered to
// answer a repeated delete; the oldest of them are forgotten.
const (
	maxIdentities = 2_000_000
	maxDeleted    = 500_000
	maxCustomText = 64 << 20 // bytes of all customIds
)

var (
	errNotOwned = errors.New("identity unknown, deleted or of another resource")
	errFull     = errors.New("too many identities")
)

// customKey is a customId of a resource.
type customKey struct {
	resource uint8
	text     string
}

// book is what a registry knows. Its zero value is not ready; see newBook.
type book struct {
	records    map[key]record
	custom     map[customKey]key // the identity that a create with a customId finds
	gone       []key             // deleted, oldest first
	order      int64             // of the next identity
	customText int               // bytes of the customIds in records
}

func newBook() book {
	return book{records: make(map[key]record), custom: make(map[customKey]key), order: 1}
}

// registry holds the identities of the resources. A change is in the journal
// before it is in memory, both under the lock.
type registry struct {
	names      names
	max        int
	maxDeleted int

	mu sync.RWMutex
	book
	foreign int64 // identities of a lower order pass for those of another resource
	grants  *grants
	late    late
	journal *journal
}

func openRegistry(n names, file string) (*registry, error) {
	g := &registry{names: n, max: maxIdentities, maxDeleted: maxDeleted, book: newBook(), grants: newGrants()}
	if file == "" {
		return g, nil
	}
	j, err := openJournal(file, g.replay)
	g.journal = j
	return g, err
}

// wish is what a create asks for.
type wish struct {
	resource  uint8
	customID  string
	withToken bool // counts a token for the identity
	raced     bool // the customId was looked up before, and not found
}

// create adds an identity, or finds the one that holds the customId.
func (g *registry) create(w wish, now time.Time) (made, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k, reused := g.custom[customKey{w.resource, w.customID}]
	if reused = reused && w.customID != "" && !w.raced && g.records[k].order >= g.foreign; !reused {
		k = key{resource: w.resource, user: uuid.New()}
		if err := g.write(entry{Op: opCreate, ID: g.names.id(k), At: now.UTC(), CustomID: w.customID}); err != nil {
			return made{}, err
		}
	}
	rec := g.records[k]
	if w.withToken {
		rec.count(now)
		g.records[k] = rec
	}
	return made{id: g.names.id(k), reused: reused, record: rec}, nil
}

// admit counts a token for an identity whose id follows from a directory
// user's, and makes the identity if there is none or it was deleted.
func (g *registry) admit(k key, now time.Time) (made, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	rec, known := g.records[k]
	reused := known && !rec.deleted
	if !reused {
		if err := g.write(entry{Op: opCreate, ID: g.names.id(k), At: now.UTC()}); err != nil {
			return made{}, err
		}
		rec = g.records[k]
	}
	rec.count(now)
	g.records[k] = rec
	return made{id: g.names.id(k), reused: reused, record: rec}, nil
}

// knows reports whether a create with this customId would find an identity.
func (g *registry) knows(resource uint8, customID string) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	_, known := g.custom[customKey{resource, customID}]
	return known
}

// write makes one change durable, then visible.
func (g *registry) write(e entry) error {
	if e.Op == opCreate && (len(g.records) >= g.max || g.customText+len(e.CustomID) > maxCustomText) {
		return errFull
	}
	if g.journal != nil {
		if err := g.journal.append(e); err != nil {
			return fmt.Errorf("write data file: %w", err)
		}
	}
	defer g.compact()
	return g.apply(e)
}

// compact replaces a journal that has grown far beyond what it needs. A
// failure leaves it as it is until it has grown as much again.
func (g *registry) compact() {
	if g.journal == nil || g.journal.lines <= 2*(len(g.records)+len(g.gone)+len(g.grants.of))+g.journal.slack {
		return
	}
	if g.journal.replace(g.entries()) != nil {
		g.journal.lines = 0
	}
}

// change calls f on a live identity of a resource and keeps what f made of it.
func (g *registry) change(resource uint8, id string, f func(key, *record)) (record, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k, rec, owned := g.owned(resource, id)
	if !owned || rec.deleted {
		return record{}, errNotOwned
	}
	f(k, &rec)
	g.records[k] = rec
	return rec, nil
}

// issue counts a token and returns its serial number.
func (g *registry) issue(resource uint8, id string, now time.Time) (int64, error) {
	rec, err := g.change(resource, id, func(_ key, r *record) { r.count(now) })
	return rec.issued, err
}

// revoke revokes all tokens so far. They stay active for the delay.
func (g *registry) revoke(resource uint8, id string, now time.Time, delay time.Duration) error {
	_, err := g.change(resource, id, func(k key, r *record) {
		g.late.add(delayed{key: k, from: r.revoked, upTo: r.issued, due: now.Add(delay)}, now, delay)
		r.revoked, r.revokedAt = r.issued, now.UnixNano()
	})
	return err
}

// remove deletes an identity; first is false if it was deleted already.
func (g *registry) remove(resource uint8, id string, now time.Time, delay time.Duration) (first bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k, rec, owned := g.owned(resource, id)
	if !owned {
		return false, errNotOwned
	}
	if rec.deleted {
		return false, nil
	}
	if err := g.write(entry{Op: opDelete, ID: id, At: now.UTC()}); err != nil {
		return false, err
	}
	g.late.add(delayed{key: k, from: rec.revoked, upTo: rec.issued, due: now.Add(delay)}, now, delay)
	return true, nil
}

// find returns an identity, deleted or not. The lock must be held.
func (g *registry) find(id string) (key, record, bool) {
	k, ok := g.names.parse(id)
	if !ok {
		return key{}, record{}, false
	}
	rec, known := g.records[k]
	return k, rec, known
}

// owned returns an identity of a resource, deleted or not. The lock must be
// held.
func (g *registry) owned(resource uint8, id string) (key, record, bool) {
	k, rec, known := g.find(id)
	return k, rec, known && k.resource == resource && rec.order >= g.foreign
}

// disown lets the identities made so far pass for those of another resource,
// or ends that. Setting it twice changes nothing.
func (g *registry) disown(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !on:
		g.foreign = 0
	case g.foreign == 0:
		g.foreign = g.order
	}
}

// get returns a live identity of a resource.
func (g *registry) get(resource uint8, id string) (record, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	_, rec, owned := g.owned(resource, id)
	if !owned || rec.deleted {
		return record{}, errNotOwned
	}
	return rec, nil
}

// revoked reports whether a token of an identity was revoked; known is false
// for a token that the identity has not had.
func (g *registry) revoked(id string, serial int64, issued, now time.Time) (revoked, known bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	k, rec, known := g.find(id)
	if !known || serial > rec.issued {
		return false, false
	}
	if issued.Unix() < time.Unix(0, rec.validFrom).Unix() {
		return true, true
	}
	return serial <= rec.revoked && !g.late.covers(k, serial, now), true // deletion revokes, too
}

// list returns all identities in the order of creation.
func (g *registry) list() []Identity {
	g.mu.RLock()
	defer g.mu.RUnlock()
	keys := g.ordered()
	out := make([]Identity, len(keys))
	for i, k := range keys {
		out[i] = g.records[k].identity(g.names.id(k))
	}
	return out
}

// ordered returns the keys of all identities in the order of creation.
func (g *registry) ordered() []key {
	keys := make([]key, 0, len(g.records))
	for k := range g.records {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(g.records[a].order, g.records[b].order) })
	return keys
}

func (g *registry) reset() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.book, g.grants, g.late = newBook(), newGrants(), late{}
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
