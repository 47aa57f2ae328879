package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A Summary is one rule in words.
type Summary struct {
	Rule    string `json:"rule"`
	Callers string `json:"callers"` // who fits
	Gives   string `json:"gives"`
}

// A Giver is a rule that gives what was asked for.
type Giver struct {
	Summary
	// Unless are rules before it that may take some of its callers and do not give it.
	Unless []Summary `json:"unless,omitempty"`
}

// Rules returns all rules in words, in order, and at last what decides if none fits.
func (p *Policy) Rules() []Summary {
	var out []Summary
	for i := range p.rules {
		out = append(out, p.rules[i].summary())
	}
	return append(out, p.last.summary())
}

// WhoGetsOperation returns the rules that allow an operation.
func (p *Policy) WhoGetsOperation(op Operation) []Giver {
	return p.who(func(r *rule) bool { return r.allow && r.ops&op.bit() != 0 })
}

// WhoGetsScope returns the rules by which a token can have the scope, or one that includes it.
func (p *Policy) WhoGetsScope(s acsauth.Scope) []Giver {
	return p.who(func(r *rule) bool { return r.allow && r.ops.givesScopes() && r.set&scopeBit(s) != 0 })
}

func (p *Policy) who(gives func(*rule) bool) (out []Giver) {
	all := append(slices.Clone(p.rules), p.last)
	for i := range all {
		if !gives(&all[i]) || takers(all[:i], &all[i]) != nil {
			continue
		}
		g := Giver{Summary: all[i].summary()}
		for k := range all[:i] {
			if !gives(&all[k]) && !disjoint(&all[k], &all[i]) {
				g.Unless = append(g.Unless, all[k].summary())
			}
		}
		out = append(out, g)
	}
	return out
}

func (r *rule) summary() Summary {
	return Summary{Rule: r.name, Callers: r.callers(), Gives: r.given()}
}

func (r *rule) callers() string {
	if r.name == DefaultRule || r.name == NoRule {
		return "every other user"
	}
	s := "every user"
	if k := r.when[byKind]; len(k) == 1 {
		s = k[0] + "s"
	}
	for _, w := range [...]struct {
		by    field
		words string
	}{{byIssuer, " of issuer "}, {byTenant, " of tenant "}, {byRole, " with app role "}, {byGroup, " in group "}, {byClient, " through client "}} {
		if v := r.when[w.by]; v != nil {
			s += w.words + either(v)
		}
	}
	return s
}

// either lists alternatives, a long list in part.
func either(values []string) string {
	const most = 5
	var out []string
	for _, v := range values[:min(most, len(values))] {
		out = append(out, clean(v))
	}
	if more := len(values) - most; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, " or ")
}

func (r *rule) given() string {
	if !r.allow {
		return "nothing: " + r.reason
	}
	s := r.ops.String()
	if r.ops.givesScopes() && r.scopes != nil {
		s += "; scopes " + ScopeWords(r.scopes)
	}
	if r.life != 0 {
		s += fmt.Sprintf("; tokens of at most %d minutes", r.life/time.Minute)
	}
	return s
}

// ScopeWords lists scopes for people.
func ScopeWords(scopes []acsauth.Scope) string {
	var names []string
	for _, s := range scopes {
		names = append(names, string(s))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// HasGroups returns the names of the rules with a condition on groups.
func (p *Policy) HasGroups() (names []string) {
	for i := range p.rules {
		if p.rules[i].when[byGroup] != nil {
			names = append(names, p.rules[i].name)
		}
	}
	return names
}
