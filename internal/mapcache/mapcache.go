// Package mapcache remembers rows of a store for a short while, so that a user
// who comes again costs no read of a remote database.
//
// Only Active rows are kept, and only for the time given: that is the bound of
// how stale a row can be when another replica changed it and nobody said so.
// Whoever changes a row drops it; then no read that began before puts it back.
package mapcache

import (
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"github.com/acs-solutions/acsauth"
	"github.com/maypok86/otter/v2"
)

// Limits of the options.
const (
	minFor, maxFor = time.Second, 5 * time.Minute
	maxRows        = 10_000_000
)

// Options of a Cache.
type Options struct {
	// Max is the most rows kept, 1 to 10 million.
	Max int
	// For is how long a row may be used after the read that brought it began, 1 s to 5 min.
	For time.Duration
}

// digest is the hash of a user: the one that other replicas can name without naming the user.
type digest [32]byte

// A Cache holds rows by user. It is safe for concurrent use. A nil Cache holds nothing.
type Cache struct {
	rows    *otter.Cache[digest, entry]
	keep    time.Duration
	born    time.Time
	deaf    atomic.Bool
	stripes [256]stripe
	hits    atomic.Uint64
	misses  atomic.Uint64
}

// An entry is a row without what all rows of the cache have in common.
type entry struct {
	key        acsauth.UserKey
	attempt    string
	identity   acsauth.Identity
	resource   string
	generation int64
	at         time.Duration // when its read began, since the cache was made
}

func (e *entry) row() acsauth.Mapping {
	return acsauth.Mapping{Key: e.key, State: acsauth.Active, Attempt: e.attempt, Identity: e.identity, Resource: e.resource, Generation: e.generation}
}

// A stripe orders the puts and drops of its users. Nothing waits while it is held.
type stripe struct {
	mu    sync.Mutex
	drops uint64
}

// New returns an empty Cache.
func New(o Options) (*Cache, error) {
	if o.Max < 1 || o.Max > maxRows || o.For < minFor || o.For > maxFor {
		return nil, fmt.Errorf("mapcache: %d rows for %v, allowed are 1 to %d rows for %v to %v", o.Max, o.For, maxRows, minFor, maxFor)
	}
	rows, err := otter.New(&otter.Options[digest, entry]{MaximumSize: o.Max, ExpiryCalculator: otter.ExpiryWriting[digest, entry](o.For)})
	if err != nil {
		return nil, fmt.Errorf("mapcache: %w", err)
	}
	return &Cache{rows: rows, keep: o.For, born: time.Now()}, nil
}

// Get returns the row of a user, if there is one that is not too old.
func (c *Cache) Get(key acsauth.UserKey) (acsauth.Mapping, bool) {
	if c == nil {
		return acsauth.Mapping{}, false
	}
	e, ok := c.rows.GetIfPresent(key.Digest())
	if !ok || c.deaf.Load() || time.Since(c.born)-e.at >= c.keep || e.key != key {
		c.misses.Add(1)
		return acsauth.Mapping{}, false
	}
	c.hits.Add(1)
	return e.row(), true
}

// A Reading is a read of the store that is about to begin.
type Reading struct {
	c     *Cache
	key   acsauth.UserKey
	user  digest
	drops uint64
	at    time.Duration
}

// Reading is to be called before the row of a user is read.
func (c *Cache) Reading(key acsauth.UserKey) Reading {
	if c == nil {
		return Reading{}
	}
	r := Reading{c: c, key: key, user: key.Digest(), at: time.Since(c.born)}
	s := c.stripe(r.user)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.drops = s.drops
	return r
}

// Put keeps what was read but for its lease, which says nothing of an Active
// row; unless the row is not Active, or may have been changed since the reading began.
func (r Reading) Put(row acsauth.Mapping) {
	if r.c == nil || row.State != acsauth.Active || row.Key != r.key {
		return
	}
	e := entry{r.key, row.Attempt, row.Identity, unique.Make(row.Resource).Value(), row.Generation, r.at} // the key of the caller, which others keep, too
	s := r.c.stripe(r.user)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drops == r.drops {
		r.c.rows.Set(r.user, e)
	}
}

// DropKey forgets the row of a user. It is to be called after each change of the row, also one whose fate is unknown.
func (c *Cache) DropKey(key acsauth.UserKey) {
	if c != nil {
		c.drop(key.Digest())
	}
}

// Drop is DropKey by [acsauth.UserKey.Hash]. Anything else is ignored.
func (c *Cache) Drop(hash string) {
	var user digest
	if c == nil || len(hash) != hex.EncodedLen(len(user)) {
		return
	}
	if _, err := hex.Decode(user[:], []byte(hash)); err == nil {
		c.drop(user)
	}
}

func (c *Cache) drop(user digest) {
	s := c.stripe(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	c.rows.Invalidate(user)
}

// Clear forgets all rows.
func (c *Cache) Clear() {
	if c == nil {
		return
	}
	for n := range c.stripes {
		s := &c.stripes[n]
		s.mu.Lock()
		s.drops++ // before the rows go, so that no reading of before can put one back
		s.mu.Unlock()
	}
	c.rows.InvalidateAll()
}

// Hears says whether changes of other replicas are told. While they are not,
// no row is given out, and those kept are forgotten. It is for a Cache whose rows others tell of.
func (c *Cache) Hears(yes bool) {
	if c == nil {
		return
	}
	if !yes {
		c.deaf.Store(true)
	}
	c.Clear()
	if yes { // not before: what was kept meanwhile is of a time without news
		c.deaf.Store(false)
	}
}

func (c *Cache) stripe(user digest) *stripe { return &c.stripes[user[0]] }

// Stats says how far a Cache helps.
type Stats struct {
	Hits, Misses uint64
	Rows         int // now, about
}

// Stats returns the counts since the start.
func (c *Cache) Stats() Stats {
	if c == nil {
		return Stats{}
	}
	return Stats{c.hits.Load(), c.misses.Load(), c.rows.EstimatedSize()}
}

// Close forgets all rows and ends the goroutine that drops old ones. The Cache must not be used after it.
func (c *Cache) Close() {
	if c != nil {
		c.rows.InvalidateAll()
		c.rows.StopAllGoroutines()
	}
}
