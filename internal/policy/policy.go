package policy

import (
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A Mode says what becomes of a refusal.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce"
	Audit   Mode = "audit" // what would be refused is noted, and done
)

// A Policy is a set of rules. It does not change, and may be used by several goroutines.
type Policy struct {
	version  string
	mode     Mode
	rules    []rule
	last     rule // decides if no rule fits
	noUser   rule
	numbers  [fields]map[string]uint16
	fallback *Policy // what holds in audit mode; nil only in a Default
}

// Default is the policy without a file: every user whom authn lets in gets all
// operations and the given scopes, for as long as the route gives. Nil scopes
// stand for those that the server gives by itself.
func Default(scopes []acsauth.Scope) *Policy {
	p := newPolicy("built-in", Enforce)
	p.last = rule{name: DefaultRule, allow: true, ops: everyOperation, scopes: slices.Clone(scopes), set: setOf(scopes)}
	return p
}

func newPolicy(version string, mode Mode) *Policy {
	return &Policy{
		version: version, mode: mode,
		last:   rule{name: NoRule, reason: "No rule fits the caller, and the policy has no default."},
		noUser: rule{name: NoUser, reason: "A policy gives nothing to programs without a user."},
	}
}

// WithFallback returns p with another answer for the audit mode: that of f,
// which is what holds without a file. Parse sets Default(nil); so does nil.
func (p *Policy) WithFallback(f *Policy) *Policy {
	if f == nil {
		f = Default(nil)
	}
	q := *p
	q.fallback = f
	return &q
}

// Enforced returns p as it will be once its mode is enforce.
func (p *Policy) Enforced() *Policy {
	q := *p
	q.mode = Enforce
	return &q
}

// Mode returns the mode of the file.
func (p *Policy) Mode() Mode { return p.mode }

// Version names the text of the policy: the first 12 hexadecimal digits of the
// SHA-256 of the file, or built-in.
func (p *Policy) Version() string { return p.version }

// A Decision is what a caller gets for one operation.
type Decision struct {
	// Rule names what decided. Reason says why it refuses, for people; empty if it
	// does not. Both may leave the house.
	Rule, Reason string
	// Version names the policy.
	Version string
	Allowed bool
	// Audit is true if the policy is in audit mode. Then Noted is true if the rule
	// would refuse, and Narrowed if it would give fewer scopes or a shorter life.
	Audit, Noted, Narrowed bool
	// Scopes are the most that a token of this operation may have; they must not be changed. Empty:
	// none. Nil, only from Default(nil) or from a policy in audit mode over it: those of the server.
	Scopes []acsauth.Scope
	// MaxLifetime is the most that a token may live, 60 to 1440 minutes. 0: as long as the route gives.
	MaxLifetime time.Duration
}

// Decide says what c gets for op. The answer is the most: a request may ask for
// less. It allocates nothing.
func (p *Policy) Decide(c acsauth.Caller, op Operation) Decision {
	r := p.find(&c)
	d := Decision{Rule: r.name, Version: p.version, Audit: p.mode == Audit}
	scopes, life, ok := r.gives(op)
	if !ok {
		d.Reason = r.reason
	}
	if p.mode != Audit {
		d.Allowed, d.Scopes, d.MaxLifetime = ok, scopes, life
		return d
	}
	now := p.fallback.Decide(c, op)
	d.Allowed, d.Scopes, d.MaxLifetime = now.Allowed, now.Scopes, now.MaxLifetime
	d.Noted = now.Allowed && !ok
	d.Narrowed = now.Allowed && ok && (fewer(scopes, now.Scopes) || shorter(life, now.MaxLifetime))
	return d
}

func fewer(a, than []acsauth.Scope) bool { return setOf(than)&^setOf(a) != 0 }

func shorter(a, than time.Duration) bool { return a != 0 && (than == 0 || a < than) }

// find returns the rule that decides.
func (p *Policy) find(c *acsauth.Caller) *rule {
	if c.Kind != acsauth.User && c.Kind != acsauth.Guest {
		return &p.noUser
	}
	if len(p.rules) == 0 {
		return &p.last
	}
	var holds atomSet
	p.mark(&holds, c)
	for i := range p.rules {
		if p.rules[i].fits(&holds) {
			return &p.rules[i]
		}
	}
	return &p.last
}

// mark notes all alternatives of the policy that hold for c, so that each value
// of the caller is looked up once and not once for each rule.
func (p *Policy) mark(holds *atomSet, c *acsauth.Caller) {
	kind := member
	if c.Kind == acsauth.Guest {
		kind = guest
	}
	p.markOne(holds, byIssuer, c.Issuer)
	p.markOne(holds, byTenant, c.Tenant)
	p.markOne(holds, byKind, kind)
	p.markOne(holds, byClient, c.Client)
	for _, r := range c.Roles {
		p.markOne(holds, byRole, r)
	}
	for _, g := range c.Groups {
		p.markOne(holds, byGroup, g)
	}
}

func (p *Policy) markOne(holds *atomSet, f field, value string) {
	if len(p.numbers[f]) == 0 {
		return
	}
	n, ok := p.numbers[f][value]
	if !ok && hasCapital(value) { // a GUID in capitals is the same one
		n, ok = p.numbers[f][canonical(f, value)]
	}
	if ok {
		holds.add(n)
	}
}

// Refusal explains a refusing decision to the caller, with nothing in it but
// the rule and what the caller sent. Its code is policy_denied.
func (d Decision) Refusal(op Operation) *acsauth.Error {
	e := &acsauth.Error{
		Kind: acsauth.Forbidden, Code: "policy_denied", Op: "policy.Decide",
		Detail: "The policy of this server does not allow " + string(op) + " to this caller. " + d.Reason,
		Hint:   "Ask the operator. Operator: the rule is in ACSAUTH_POLICY; acsauth policy test shows why it decides.",
	}
	e.Expected, e.Found = "a rule that allows "+string(op), "rule "+d.Rule
	switch d.Rule {
	case NoRule:
		e.Found = "no rule fits"
		e.Hint += " A token with too many groups names none of them, and then no rule with groups fits."
	case NoUser:
		e.Expected, e.Found = "a user", "a program without a user"
	}
	return e
}
