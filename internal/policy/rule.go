package policy

import (
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A field is one condition of a rule.
type field uint8

const (
	byIssuer field = iota
	byTenant
	byKind
	byClient
	byRole
	byGroup
	fields // how many there are
)

// memberOf names the member of when, in the order of the fields.
var memberOf = [fields]string{"issuers", "tenants", "kinds", "clients", "roles", "groups"}

// The values of kinds.
const (
	member = "member"
	guest  = "guest"
)

// Names of what decides when no rule of the file does. No rule may have one.
const (
	DefaultRule = "default" // the default of the file, or the whole policy without a file
	NoRule      = "no-rule" // nothing fits, and the file has no default
	NoUser      = "no-user" // the caller is a program
)

// A rule is one entry of the file, compiled.
type rule struct {
	name string
	// when are the alternatives of each condition; nil where there is no condition.
	when  [fields][]string
	atoms [fields][]uint16 // the same, as numbers of the policy

	allow  bool
	reason string // for people, if something is refused
	ops    operationSet
	scopes []acsauth.Scope
	set    scopeSet
	life   time.Duration // 0: that of the route
}

// atomSet marks which alternatives of a policy hold for a caller. It lives on the stack.
type atomSet [maxAtoms / 64]uint64

func (s *atomSet) add(n uint16)      { s[n/64] |= 1 << (n % 64) }
func (s *atomSet) has(n uint16) bool { return s[n/64]&(1<<(n%64)) != 0 }

func (s *atomSet) hasAny(list []uint16) bool {
	for _, n := range list {
		if s.has(n) {
			return true
		}
	}
	return false
}

func (r *rule) fits(s *atomSet) bool {
	for f := range r.atoms {
		if r.when[f] != nil && !s.hasAny(r.atoms[f]) {
			return false
		}
	}
	return true
}

// gives reports what the rule gives for an operation.
func (r *rule) gives(op Operation) (scopes []acsauth.Scope, life time.Duration, ok bool) {
	if !r.allow || r.ops&op.bit() == 0 {
		return nil, 0, false
	}
	if !op.GivesScopes() {
		return []acsauth.Scope{}, r.life, true
	}
	return r.scopes, r.life, true
}

// canonical is how a value is compared: a GUID has no case, all else does.
func canonical(f field, value string) string {
	switch f {
	case byTenant, byClient, byGroup:
		if isGUID(value) {
			return strings.ToLower(value) // allocates nothing if it is lower case
		}
	}
	return value
}

func hasCapital(s string) bool {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}
