package acs

import (
	"slices"
	"sync"
	"time"
)

// maxIssued is how many issued tokens are remembered.
const maxIssued = 1000

// IssuedToken is what is remembered of an issued token: all but the token.
type IssuedToken struct {
	Time     time.Time `json:"time"`
	Op       string    `json:"op"`       // operation that minted it
	Identity string    `json:"identity"` // raw id
	Resource string    `json:"resource"`
	Scopes   []string  `json:"scopes"`
	Expires  time.Time `json:"expires"`
	Key      string    `json:"key"`    // "primary", "secondary" or "entra"
	SHA256   string    `json:"sha256"` // of the whole token, in hex
}

// issuedRing holds the last tokens. The zero value is ready.
type issuedRing struct {
	mu   sync.Mutex
	list []IssuedToken
	next int // the oldest, once the ring is full
}

func (r *issuedRing) add(t IssuedToken) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) < maxIssued {
		r.list = append(r.list, t)
		return
	}
	r.list[r.next] = t
	r.next = (r.next + 1) % maxIssued
}

// all lists the tokens, oldest first.
func (r *issuedRing) all() []IssuedToken {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Concat(r.list[r.next:], r.list[:r.next])
}

func (r *issuedRing) replace(list []IssuedToken) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.next = slices.Clone(list), 0
}

// Issued lists the last 1,000 tokens issued, oldest first.
func (s *Service) Issued() []IssuedToken { return s.issued.all() }
