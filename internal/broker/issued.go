package broker

import (
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/maypok86/otter/v2"
)

// leastLeft is the least time that a token handed out again must have left.
const leastLeft = 15 * time.Minute

// entrySize is what an entry takes beside the text of its token: key, value and the cache's own part, as measured by bench/growth.
const entrySize = 320

// issued keeps tokens, so that calls for equal ones need no call of ACS. The
// attempt of the row is part of the key: a token is found only by a call that
// has read the row it was issued under, so a revocation or deletion on any
// replica, which changes the row, ends it on all. A nil issued keeps nothing.
type issued struct {
	cache        *otter.Cache[tokenKey, issuedToken]
	now          func() time.Time
	hits, misses atomic.Uint64
	forgot       atomic.Int64 // Unix nanoseconds of the last forget
}

type tokenKey struct {
	id      acsauth.Identity
	attempt string
	form
}

type issuedToken struct {
	token   string
	since   int64 // Unix nanoseconds, before it was asked for
	expires int64
}

// newIssued keeps tokens in so many bytes, about.
func newIssued(bytes int64, now func() time.Time) (*issued, error) {
	if bytes == 0 {
		return nil, nil
	}
	cache, err := otter.New(&otter.Options[tokenKey, issuedToken]{
		MaximumWeight: uint64(bytes),
		Weigher:       func(_ tokenKey, t issuedToken) uint32 { return uint32(len(t.token) + entrySize) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[tokenKey, issuedToken]) time.Duration {
			return max(e.Value.reusable(), time.Millisecond)
		}),
	})
	return &issued{cache: cache, now: now}, err
}

// reusable is how long a token may be handed out again: for half its life, and while 15 minutes are left.
func (t issuedToken) reusable() time.Duration {
	life := time.Duration(t.expires - t.since)
	return min(life/2, life-leastLeft)
}

func (c *issued) get(h held, f form) (acsauth.AccessToken, bool) {
	if c == nil || h.attempt == "" {
		return acsauth.AccessToken{}, false
	}
	t, ok := c.cache.GetIfPresent(tokenKey{h.id, h.attempt, f})
	if ok {
		age := time.Duration(c.now().UnixNano() - t.since)
		ok = age >= 0 && age < t.reusable()
	}
	if !ok {
		c.misses.Add(1)
		return acsauth.AccessToken{}, false
	}
	c.hits.Add(1)
	return acsauth.AccessToken{Token: t.token, ExpiresOn: time.Unix(0, t.expires).UTC()}, true
}

// put keeps a token that was asked for at since, if its life is one that ACS gives and nothing was forgotten meanwhile.
func (c *issued) put(h held, f form, token acsauth.AccessToken, since time.Time) {
	if c != nil && since.UnixNano() <= c.forgot.Load() {
		return
	}
	if life := token.ExpiresOn.Sub(since); c != nil && h.attempt != "" && life > 0 && life <= 2*acsauth.MaxTokenLifetime {
		c.cache.Set(tokenKey{h.id, h.attempt, f}, issuedToken{token.Token, since.UnixNano(), token.ExpiresOn.UnixNano()})
	}
}

// forget drops all tokens, and those that were asked for before now.
func (c *issued) forget() {
	if c != nil {
		c.forgot.Store(c.now().UnixNano())
		c.cache.InvalidateAll()
	}
}

func (c *issued) close() {
	if c != nil {
		c.cache.InvalidateAll()
		c.cache.StopAllGoroutines()
	}
}

// ForgetTokens drops the tokens that are kept, since those that a key minted end with the key: a token of before this
// call is not handed out again.
func (b *Broker) ForgetTokens() { b.issued.forget() }

// CacheStats counts the use of a cache.
type CacheStats struct {
	Hits, Misses uint64
	Entries      int // now, about
}

// TokenStats returns the counts of the tokens that are kept, since the start.
func (b *Broker) TokenStats() CacheStats {
	if b.issued == nil {
		return CacheStats{}
	}
	return CacheStats{b.issued.hits.Load(), b.issued.misses.Load(), b.issued.cache.EstimatedSize()}
}
