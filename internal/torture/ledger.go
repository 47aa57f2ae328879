package torture

import (
	"fmt"
	"slices"
	"sync"
)

// A Ledger remembers every identity that was shown and finds contradictions.
type Ledger struct {
	mu         sync.Mutex
	owner      map[string]int  // who an identity was shown to
	deleted    map[string]bool // shown, and its deletion was acknowledged
	current    map[int]string  // what a user has seen since the last deletion
	violations []string
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{owner: map[string]int{}, deleted: map[string]bool{}, current: map[int]string{}}
}

// maxViolations bounds what is kept of a service that does everything wrong.
const maxViolations = 100

// violate notes a contradiction. l.mu is held.
func (l *Ledger) violate(format string, args ...any) {
	if len(l.violations) < maxViolations {
		l.violations = append(l.violations, fmt.Sprintf(format, args...))
	}
}

// Violate notes what was found wrong elsewhere.
func (l *Ledger) Violate(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.violate(format, args...)
}

// Shown notes that a user was shown id while no deletion was under way.
func (l *Ledger) Shown(user int, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.see(user, id)
	if before := l.current[user]; before != "" && before != id {
		l.violate("user %d was shown %s and then %s, with no deletion in between", user, before, id)
	}
	if l.deleted[id] {
		l.violate("user %d was shown %s after its deletion was acknowledged", user, id)
	}
	l.current[user] = id
}

// Raced notes that a user was shown id while a deletion was under way: old or
// new, but not what was deleted before.
func (l *Ledger) Raced(user int, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.see(user, id)
	if l.deleted[id] {
		l.violate("user %d was shown %s, which was deleted long before", user, id)
	}
}

// see notes who has an identity. l.mu is held.
func (l *Ledger) see(user int, id string) {
	if other, seen := l.owner[id]; seen && other != user {
		l.violate("%s was shown to the users %d and %d", id, other, user)
	}
	l.owner[id] = user
}

// Deleted notes that a deletion was acknowledged that began after all calls
// before it had ended. Nothing that the user has seen may come back.
func (l *Ledger) Deleted(user int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id := l.current[user]; id != "" {
		l.deleted[id] = true
	}
	delete(l.current, user)
}

// Forget starts anew after a race: the next identity shown is the user's.
func (l *Ledger) Forget(user int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.current, user)
}

// Current is the identity that a user has, or "".
func (l *Ledger) Current(user int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current[user]
}

// Violations returns the contradictions found so far.
func (l *Ledger) Violations() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.violations)
}
