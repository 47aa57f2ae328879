package authn

import (
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/maypok86/otter/v2"
)

// cachedFor is how long a verified token is believed without a look at its signature. Its expiry and its key are looked at each time.
const cachedFor = 5 * time.Minute

// A cache holds the callers of tokens that were verified a short while ago. It
// belongs to one Verifier, so to one set of issuers and rules. A nil cache holds nothing.
//
// Only tokens that passed every rule enter, so a flood of bad ones cannot push good ones out.
type cache struct {
	entries      *otter.Cache[tokenHash, cached]
	hits, misses atomic.Uint64

	mu     sync.Mutex
	common map[commonKey]*common
}

type tokenHash [sha256.Size]byte

// A cached is what one verified token says. Nothing in it shares storage with the token.
type cached struct {
	subject string
	groups  []string
	expires int64 // Unix seconds
	at      int64 // Unix nanoseconds, by the clock that tokens are judged by
	key     publicKey
	*common
}

// A common is what the tokens of one application in one tenant have in common, so most users share one.
type common struct {
	caller acsauth.Caller // without subject, groups and expiry
	src    *source
	id     keyID
}

type commonKey struct {
	issuer, name, tenant, client, scopes, roles string
	kind                                        acsauth.CallerKind
	src                                         *source
	id                                          keyID
}

// maxCommon bounds what is shared; a user beyond it has one of its own.
const maxCommon = 4096

// newCache makes room for as many tokens of the common size. A larger one takes the room of several.
func newCache(tokens int) (*cache, error) {
	if tokens == 0 {
		return nil, nil
	}
	entries, err := otter.New(&otter.Options[tokenHash, cached]{
		MaximumWeight: uint64(tokens), Weigher: func(_ tokenHash, r cached) uint32 { return r.weight() },
		ExpiryCalculator: otter.ExpiryWriting[tokenHash, cached](cachedFor),
	})
	return &cache{entries: entries, common: make(map[commonKey]*common)}, err
}

// weight is the size in KiB, at least 1.
func (r cached) weight() uint32 {
	c := r.caller
	size := len(r.subject) + len(c.Key.Issuer) + len(c.Tenant) + len(c.Client)
	for _, list := range [...][]string{c.Scopes, c.Roles, r.groups} {
		for _, s := range list {
			size += len(s) + 16
		}
	}
	return uint32(1 + size/1024)
}

// whole puts the caller together again.
func (r cached) whole() acsauth.Caller {
	c := r.caller
	c.Key.Subject, c.Groups, c.Expires = r.subject, r.groups, time.Unix(r.expires, 0)
	return c
}

// shared returns what a caller has in common with others.
func (m *cache) shared(c acsauth.Caller, src *source, id keyID) *common {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := commonKey{c.Key.Issuer, c.Issuer, c.Tenant, c.Client, strings.Join(c.Scopes, " "), strings.Join(c.Roles, "\x00"), c.Kind, src, id}
	if known := m.common[key]; known != nil {
		return known
	}
	if len(m.common) >= maxCommon {
		clear(m.common) // what is in use stays with those who use it
	}
	key.id.kid, key.id.alg, c = strings.Clone(id.kid), strings.Clone(id.alg), owned(c)
	fresh := &common{c, src, key.id}
	m.common[commonKey{c.Key.Issuer, c.Issuer, c.Tenant, c.Client, key.scopes, key.roles, c.Kind, src, key.id}] = fresh
	return fresh
}

// hash names a token in the cache. ok is false if no such token is ever held.
func (m *cache) hash(token string) (h tokenHash, ok bool) {
	if m == nil || len(token) > MaxToken {
		return h, false
	}
	return sha256.Sum256([]byte(token)), true
}

// recall returns the caller of a token that was verified, is not over, and whose key is still listed.
func (v *Verifier) recall(hash tokenHash, now time.Time) (acsauth.Caller, bool) {
	r, ok := v.cache.entries.GetIfPresent(hash)
	if ok {
		age := now.UnixNano() - r.at
		ok = now.Before(time.Unix(r.expires, 0).Add(v.opt.Skew)) && age >= 0 && age < int64(cachedFor) && r.src.lists(r.id, r.key)
	}
	if !ok {
		v.cache.misses.Add(1)
		return acsauth.Caller{}, false
	}
	v.cache.hits.Add(1)
	return r.whole(), true
}

// remember keeps the result of a check that found nothing wrong, and returns the
// caller as it is kept: who keeps parts of it, too, shares them.
func (v *Verifier) remember(hash tokenHash, k *check) acsauth.Caller {
	if k.src == nil || k.key == nil { // without a key there is nothing to look at later
		return k.caller
	}
	c := k.caller
	r := cached{subject: strings.Clone(c.Key.Subject), groups: ownedList(c.Groups), expires: c.Expires.Unix(), at: k.now.UnixNano(), key: k.key}
	c.Key.Subject, c.Groups, c.Expires = "", nil, time.Time{}
	r.common = v.cache.shared(c, k.src, keyID{k.src.id, k.p, k.kid, k.alg})
	v.cache.entries.Set(hash, r)
	return r.whole()
}

// lists reports whether the keys of a source can be used and have this very key under this name.
func (t *source) lists(id keyID, key publicKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.sets[id.profile]
	now := s.keys[id]
	return now != nil && t.usable(s, time.Now()) && (now == key || now.Equal(key))
}

// owned copies the strings of a caller: parts of a token would keep the whole of it in memory.
func owned(c acsauth.Caller) acsauth.Caller {
	c.Key.Issuer, c.Tenant, c.Client = strings.Clone(c.Key.Issuer), strings.Clone(c.Tenant), strings.Clone(c.Client)
	c.Scopes, c.Roles = ownedList(c.Scopes), ownedList(c.Roles)
	return c
}

func ownedList(list []string) []string {
	list = slices.Clone(list)
	for n := range list {
		list[n] = strings.Clone(list[n])
	}
	return slices.Clip(list)
}

func (m *cache) close() {
	if m != nil {
		m.entries.InvalidateAll()
		m.entries.StopAllGoroutines()
	}
}

// CacheStats counts the use of the verified tokens that are cached.
type CacheStats struct {
	Hits, Misses uint64
	Tokens       int // cached now, about
}

// CacheStats returns the counts since the start.
func (v *Verifier) CacheStats() CacheStats {
	if v.cache == nil {
		return CacheStats{}
	}
	return CacheStats{v.cache.hits.Load(), v.cache.misses.Load(), v.cache.entries.EstimatedSize()}
}
