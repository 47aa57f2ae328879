package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// A Warning is something in a good policy that its author hardly meant.
type Warning struct {
	Path string // such as rules[2].when.issuers
	Rule string
	Text string
}

// String is one line.
func (w Warning) String() string { return w.Path + " (" + w.Rule + "): " + w.Text }

// An Issuer is what the settings of the server say of one issuer.
type Issuer struct {
	Name    string
	Tenants []string // empty: any, or the issuer has none
	Clients []string // empty: any
	Guests  bool
}

// Lint finds rules that no caller reaches or matches, and rules that give more or
// less than they seem to. With no issuers, nothing is said about them. It says only what is certain.
func (p *Policy) Lint(issuers []Issuer) []Warning {
	l := &linter{p: p, issuers: issuers}
	for i := range p.rules {
		l.at, l.rule = fmt.Sprintf("rules[%d]", i), &p.rules[i]
		l.shadowed(i)
		l.impossible()
		l.useless(l.at)
		l.groupHole(i)
	}
	if p.last.name == DefaultRule {
		l.at, l.rule = "default", &p.last
		l.shadowed(len(p.rules))
		l.useless("default")
	}
	return l.found
}

type linter struct {
	p       *Policy
	issuers []Issuer
	at      string
	rule    *rule
	found   []Warning
}

func (l *linter) warn(path, text string) {
	l.found = append(l.found, Warning{path, l.rule.name, text})
}

// shadowed warns if every caller that fits rule i fits one before it.
func (l *linter) shadowed(i int) {
	if names := takers(l.p.rules[:i], l.rule); names != nil {
		l.warn(l.at, "is never reached: all its callers fit "+someOf(names)+" before; move it up, or take it out")
	}
}

// someOf lists up to three names.
func someOf(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d more", len(names)-3)
	}
	return strings.Join(names, ", ")
}

// useless warns of what a rule allows to no effect.
func (l *linter) useless(at string) {
	r := l.rule
	if !r.allow {
		return
	}
	for _, s := range r.scopes {
		others := slices.DeleteFunc(slices.Clone(r.scopes), func(o acsauth.Scope) bool { return o == s })
		if Covers(others, s) {
			l.warn(at+".allow.scopes", string(s)+" is there already: a wider scope includes it. A client that asks for no scopes gets all that are written here")
		}
	}
	if !r.ops.givesScopes() && len(r.scopes) > 0 {
		l.warn(at+".allow.scopes", "has no use: neither getToken nor refreshToken is allowed")
	}
	if !r.ops.givesScopes() && r.life != 0 {
		l.warn(at+".allow.maxLifetimeMinutes", "has no use: neither getToken nor refreshToken is allowed")
	}
	if r.ops.givesScopes() && r.ops&GetToken.bit() == 0 {
		l.warn(at+".allow.operations", "has refreshToken without getToken; most clients need both")
	}
}

// groupHole warns of a rule with groups that keeps something back which a later
// rule gives: a token with too many groups names none, and passes by.
func (l *linter) groupHole(i int) {
	r := l.rule
	if r.when[byGroup] == nil {
		return
	}
	later := append(slices.Clone(l.p.rules[i+1:]), l.p.last)
	for n := range later {
		o := &later[n]
		if o.when[byGroup] != nil || disjoint(r, o) || !givesMore(o, r) {
			continue
		}
		l.warn(l.at+".when.groups", "keeps back what "+o.name+" gives; a user in so many groups that the token leaves them out passes this rule by. Use an app role, or let the groups be those that are assigned to the application")
		return
	}
}

// givesMore reports whether a gives anything that b does not.
func givesMore(a, b *rule) bool {
	if !a.allow {
		return false
	}
	if !b.allow || a.ops&^b.ops != 0 {
		return a.ops != 0
	}
	return a.ops.givesScopes() && (a.set&^b.set != 0 || shorter(b.life, a.life))
}

// impossible warns of conditions that no caller of these settings can meet.
func (l *linter) impossible() {
	const nobody = "00000000-0000-0000-0000-000000000000"
	for _, f := range [...]field{byTenant, byClient, byGroup} {
		if slices.Contains(l.rule.when[f], nobody) {
			l.warn(l.at+".when."+memberOf[f], "has the GUID of zeros, which names nothing; put your own in")
		}
	}
	if len(l.issuers) == 0 {
		return
	}
	about := l.issuersOf()
	var all []string
	for _, v := range l.rule.when[byIssuer] {
		if !slices.ContainsFunc(l.issuers, func(i Issuer) bool { return i.Name == v }) {
			l.warn(l.at+".when.issuers", clean(v)+" is no issuer of the settings; they have "+l.names())
		}
	}
	l.unknown(byTenant, about, func(i Issuer) []string { return i.Tenants })
	l.unknown(byClient, about, func(i Issuer) []string { return i.Clients })
	for _, i := range about {
		all = append(all, i.Name)
		if l.possibleAt(i) {
			return
		}
	}
	l.warn(l.at+".when", "can never match with these settings"+at(all))
}

func at(names []string) string {
	if len(names) == 0 {
		return ": no issuer fits"
	}
	return ": no caller of " + someOf(names) + " fits all conditions"
}

func (l *linter) names() string {
	var out []string
	for _, i := range l.issuers {
		out = append(out, i.Name)
	}
	return someOf(out)
}

// issuersOf returns the issuers that the rule is about.
func (l *linter) issuersOf() (out []Issuer) {
	for _, i := range l.issuers {
		if v := l.rule.when[byIssuer]; v == nil || slices.Contains(v, i.Name) {
			out = append(out, i)
		}
	}
	return out
}

// unknown warns of each value that no issuer of the rule lets in.
func (l *linter) unknown(f field, about []Issuer, let func(Issuer) []string) {
	for _, v := range l.rule.when[f] {
		if !slices.ContainsFunc(about, func(i Issuer) bool { return lets(f, let(i), v) }) {
			l.warn(l.at+".when."+memberOf[f], clean(v)+" is not let in by the settings")
		}
	}
}

func lets(f field, list []string, v string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return canonical(f, s) == v || s == "*" })
}

func (l *linter) possibleAt(i Issuer) bool {
	fits := func(f field, list []string) bool {
		v := l.rule.when[f]
		return v == nil || slices.ContainsFunc(v, func(s string) bool { return lets(f, list, s) })
	}
	kinds := l.rule.when[byKind]
	return fits(byTenant, i.Tenants) && fits(byClient, i.Clients) && (i.Guests || kinds == nil || slices.Contains(kinds, member))
}
