package authn

import (
	"crypto/sha256"
	"slices"
	"strings"
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
}

type tokenHash [sha256.Size]byte

// A remembered is what one verified token says. Nothing in it shares storage with the token.
type remembered struct {
	caller acsauth.Caller
	src    *source
	key    publicKey
	id     keyID
	at     time.Time // by the clock that tokens are judged by
}

// newMemory makes room for as many tokens of the common size. A larger one takes the room of several.
func newMemory(tokens int) (*memory, error) {
	if tokens == 0 {
		return nil, nil
	}
	cache, err := otter.New(&otter.Options[tokenHash, remembered]{
		MaximumWeight: uint64(tokens), Weigher: func(_ tokenHash, r remembered) uint32 { return r.weight() },
		ExpiryCalculator: otter.ExpiryWriting[tokenHash, remembered](rememberFor),
	})
	return &memory{cache: cache}, err
}

// hash names a token in the memory. ok is false if no such token is ever remembered.
func (m *memory) hash(token string) (h tokenHash, ok bool) {
	if m == nil || len(token) > MaxToken {
		return h, false
	}
	return sha256.Sum256([]byte(token)), true
}

// weight is the size in KiB, at least 1.
func (r remembered) weight() uint32 {
	size := len(r.caller.Key.Issuer) + len(r.caller.Key.Subject) + len(r.caller.Tenant) + len(r.caller.Client)
	for _, list := range [...][]string{r.caller.Scopes, r.caller.Roles, r.caller.Groups} {
		for _, s := range list {
			size += len(s) + 16
		}
	}
	return uint32(1 + size/1024)
}

// recall returns the caller of a token that was verified, is not over, and whose key is still listed.
func (v *Verifier) recall(hash tokenHash, now time.Time) (acsauth.Caller, bool) {
	r, ok := v.memory.cache.GetIfPresent(hash)
	if ok && now.Before(r.caller.Expires.Add(v.opt.Skew)) && !now.Before(r.at) && now.Sub(r.at) < rememberFor && r.src.lists(r.id, r.key) {
		v.memory.hits.Add(1)
		return r.caller, true
	}
	v.memory.misses.Add(1)
	return acsauth.Caller{}, false
}

// remember keeps the result of a check that found nothing wrong.
func (v *Verifier) remember(hash tokenHash, k *check) {
	if k.src == nil || k.key == nil { // without a key there is nothing to look at later
		return
	}
	id := keyID{k.src.id, k.p, strings.Clone(k.kid), strings.Clone(k.alg)}
	v.memory.cache.Set(hash, remembered{owned(k.caller), k.src, k.key, id, k.now})
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
	c.Key = acsauth.UserKey{Issuer: strings.Clone(c.Key.Issuer), Subject: strings.Clone(c.Key.Subject)}
	c.Tenant, c.Client = strings.Clone(c.Tenant), strings.Clone(c.Client)
	c.Scopes, c.Roles, c.Groups = ownedList(c.Scopes), ownedList(c.Roles), ownedList(c.Groups)
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
