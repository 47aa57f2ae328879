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

// rememberFor is how long a verified token is believed without a look at its signature. Its expiry and its key are looked at each time.
const rememberFor = 5 * time.Minute

// A memory holds the callers of tokens that were verified a short while ago. It
// belongs to one Verifier, so to one set of issuers and rules. A nil memory remembers nothing.
//
// Only tokens that passed every rule enter, so a flood of bad ones cannot push good ones out.
type memory struct {
	cache        *otter.Cache[tokenHash, remembered]
	hits, misses atomic.Uint64

	mu     sync.Mutex
	common map[commonKey]*common
}

type tokenHash [sha256.Size]byte

// A remembered is what one verified token says. Nothing in it shares storage with the token.
type remembered struct {
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

// newMemory makes room for as many tokens of the common size. A larger one takes the room of several.
func newMemory(tokens int) (*memory, error) {
	if tokens == 0 {
		return nil, nil
	}
	cache, err := otter.New(&otter.Options[tokenHash, remembered]{
		MaximumWeight: uint64(tokens), Weigher: func(_ tokenHash, r remembered) uint32 { return r.weight() },
		ExpiryCalculator: otter.ExpiryWriting[tokenHash, remembered](rememberFor),
	})
	return &memory{cache: cache, common: make(map[commonKey]*common)}, err
}

// weight is the size in KiB, at least 1.
func (r remembered) weight() uint32 {
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
func (r remembered) whole() acsauth.Caller {
	c := r.caller
	c.Key.Subject, c.Groups, c.Expires = r.subject, r.groups, time.Unix(r.expires, 0)
	return c
}

// shared returns what a caller has in common with others.
func (m *memory) shared(c acsauth.Caller, src *source, id keyID) *common {
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

// hash names a token in the memory. ok is false if no such token is ever remembered.
func (m *memory) hash(token string) (h tokenHash, ok bool) {
	if m == nil || len(token) > MaxToken {
		return h, false
	}
	return sha256.Sum256([]byte(token)), true
}

// recall returns the caller of a token that was verified, is not over, and whose key is still listed.
func (v *Verifier) recall(hash tokenHash, now time.Time) (acsauth.Caller, bool) {
	r, ok := v.memory.cache.GetIfPresent(hash)
	if ok {
		age := now.UnixNano() - r.at
		ok = now.Before(time.Unix(r.expires, 0).Add(v.opt.Skew)) && age >= 0 && age < int64(rememberFor) && r.src.lists(r.id, r.key)
	}
	if !ok {
		v.memory.misses.Add(1)
		return acsauth.Caller{}, false
	}
	v.memory.hits.Add(1)
	return r.whole(), true
}

// remember keeps the result of a check that found nothing wrong, and returns the
// caller as it is kept: who keeps parts of it, too, shares them.
func (v *Verifier) remember(hash tokenHash, k *check) acsauth.Caller {
	if k.src == nil || k.key == nil { // without a key there is nothing to look at later
		return k.caller
	}
	c := k.caller
	r := remembered{subject: strings.Clone(c.Key.Subject), groups: ownedList(c.Groups), expires: c.Expires.Unix(), at: k.now.UnixNano(), key: k.key}
	c.Key.Subject, c.Groups, c.Expires = "", nil, time.Time{}
	r.common = v.memory.shared(c, k.src, keyID{k.src.id, k.p, k.kid, k.alg})
	v.memory.cache.Set(hash, r)
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

func (m *memory) close() {
	if m != nil {
		m.cache.InvalidateAll()
		m.cache.StopAllGoroutines()
	}
}

// MemoryStats counts the use of the verified tokens that are remembered.
type MemoryStats struct {
	Hits, Misses uint64
	Tokens       int // remembered now, about
}

// MemoryStats returns the counts since the start.
func (v *Verifier) MemoryStats() MemoryStats {
	if v.memory == nil {
		return MemoryStats{}
	}
	return MemoryStats{v.memory.hits.Load(), v.memory.misses.Load(), v.memory.cache.EstimatedSize()}
}
