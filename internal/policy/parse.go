package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// The bounds of a file.
const (
	MaxSize      = 1 << 20 // bytes
	MaxRules     = 500
	MaxValues    = 200  // of one condition
	maxAtoms     = 4096 // different values of all conditions
	maxFaults    = 50
	maxText      = 256  // characters of a value
	maxReason    = 300  // characters
	maxComment   = 2000 // characters
	formatNumber = "1"
)

// Parse reads a policy file. The error holds every fault, each a *[Fault]
// (errors.Join); there is a policy only if there are none.
func Parse(data []byte) (*Policy, error) {
	if len(data) > MaxSize {
		return nil, &Fault{"file", "is larger than 1 MiB"}
	}
	sum := sha256.Sum256(data)
	root, faults := readJSON(data)
	if !root.present {
		return nil, joined(faults)
	}
	p := &parser{faults: faults, policy: newPolicy(hex.EncodeToString(sum[:6]), Enforce)}
	p.file(root)
	if len(p.faults) > 0 {
		return nil, joined(p.faults)
	}
	p.policy.fallback = Default(nil)
	return p.policy, nil
}

func joined(faults []*Fault) error {
	var errs []error
	for i, f := range faults {
		if i == maxFaults {
			errs = append(errs, &Fault{"file", fmt.Sprintf("has %d faults more", len(faults)-i)})
			break
		}
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

type parser struct {
	policy *Policy
	faults []*Fault
	atoms  int
}

func (p *parser) add(path, problem string) {
	if path == "" {
		path = "file"
	}
	p.faults = append(p.faults, &Fault{path, problem})
}

func (p *parser) file(root node) {
	o, ok := p.object(root, "$schema", "version", "mode", "comment", "default", "rules")
	if !ok {
		return
	}
	p.text(o, root, "$schema", false, maxText)
	p.text(o, root, "comment", false, maxComment)
	if v := p.need(o, root, "version"); v.present {
		if n, isNumber := v.value.(json.Number); !isNumber || !sameNumber(n, formatNumber) {
			p.add(v.path, "is not 1, the format that this program reads; write 1")
		}
	}
	if v := p.need(o, root, "mode"); v.present {
		s, _ := v.value.(string)
		if p.policy.mode = Mode(s); s != string(Enforce) && s != string(Audit) {
			p.add(v.path, "is neither enforce nor audit; write one of them")
		}
	}
	if v, ok := o.member["default"]; ok {
		p.defaultRule(v)
	}
	if v := p.need(o, root, "rules"); v.present {
		p.rules(v)
	}
}

func (p *parser) rules(v node) {
	items, ok := v.value.([]node)
	if !ok || len(items) == 0 || len(items) > MaxRules {
		p.add(v.path, fmt.Sprintf("is not a list of 1 to %d rules", MaxRules))
		return
	}
	places := map[string]string{}
	for _, n := range items {
		r := p.rule(n)
		if first, twice := places[r.name]; twice && r.name != "" {
			p.add(n.path+".name", "is "+clean(r.name)+", which "+first+" has; write a name of its own")
		} else {
			places[r.name] = n.path
		}
		p.policy.rules = append(p.policy.rules, r)
	}
	if p.atoms > maxAtoms {
		p.add(v.path, fmt.Sprintf("has %d different values in its conditions, and at most %d are read; write groups or app roles of your directory instead of many values", p.atoms, maxAtoms))
	}
}

// defaultRule reads what decides if no rule fits.
func (p *parser) defaultRule(v node) {
	r := rule{name: DefaultRule}
	if o, ok := p.object(v, "allow", "deny"); ok {
		p.effect(o, v, &r)
	}
	p.policy.last = r
}

func (p *parser) rule(v node) (r rule) {
	o, ok := p.object(v, "name", "comment", "when", "allow", "deny")
	if !ok {
		return r
	}
	if n := p.need(o, v, "name"); n.present {
		r.name, _ = n.value.(string)
		if !isName(r.name) {
			p.add(n.path, "is not a name; write 1 to 64 of a to z, 0 to 9, dot and hyphen, the first a letter or digit")
		} else if r.name == DefaultRule || r.name == NoRule || r.name == NoUser {
			p.add(n.path, "is "+r.name+", a name that the program uses itself; write another one")
		}
	}
	p.text(o, v, "comment", false, maxComment)
	if n := p.need(o, v, "when"); n.present {
		p.when(n, &r)
	}
	p.effect(o, v, &r)
	return r
}

// effect reads allow or deny.
func (p *parser) effect(o object, at node, r *rule) {
	allow, allows := o.member["allow"]
	deny, denies := o.member["deny"]
	switch {
	case allows && denies:
		p.add(at.path, "has both allow and deny; write one of them")
	case !allows && !denies:
		p.add(at.path, "has neither allow nor deny; write one of them")
	}
	if denies {
		r.reason = p.text(o, at, "deny", true, maxReason)
		if s, ok := deny.value.(string); ok && strings.Trim(s, " ") == "" {
			p.add(deny.path, "is empty; write the reason, for the person who is refused")
		}
	}
	if allows {
		r.allow = true
		p.allow(allow, r)
	}
}

func (p *parser) allow(v node, r *rule) {
	o, ok := p.object(v, "operations", "scopes", "maxLifetimeMinutes")
	if !ok {
		return
	}
	if n := p.need(o, v, "operations"); n.present {
		r.ops = p.operations(n)
	}
	n, given := o.member["scopes"]
	switch {
	case given:
		r.scopes = p.scopes(n)
	case r.ops.givesScopes():
		p.add(join(v.path, "scopes"), "is missing; write the ACS scopes that getToken and refreshToken may give")
	}
	if r.scopes == nil {
		r.scopes = []acsauth.Scope{}
	}
	r.set = setOf(r.scopes)
	if n, ok := o.member["maxLifetimeMinutes"]; ok {
		r.life = p.lifetime(n)
	}
	r.reason = "The rule " + clean(r.name) + " allows " + r.ops.String() + " only."
}

func (p *parser) operations(v node) operationSet {
	var set operationSet
	items := p.list(v, len(Operations()))
	for _, n := range items {
		s, _ := n.value.(string)
		switch b := Operation(s).bit(); {
		case s == "*" && len(items) == 1:
			set = everyOperation
		case s == "*":
			p.add(n.path, `is *, which stands alone; write ["*"] or the operations`)
		case b == 0:
			p.add(n.path, "is no operation; write some of "+operationNames()+`, or ["*"] for all`)
		default:
			set |= b
		}
	}
	return set
}

func operationNames() string {
	var names []string
	for _, o := range Operations() {
		names = append(names, string(o))
	}
	return strings.Join(names, ", ")
}

func (p *parser) scopes(v node) []acsauth.Scope {
	var out []acsauth.Scope
	for _, n := range p.list(v, len(acsauth.AllScopes())) {
		s, _ := n.value.(string)
		if scopeBit(acsauth.Scope(s)) == 0 {
			p.add(n.path, "is no scope of ACS; write some of chat, chat.join, chat.join.limited, voip, voip.join")
			continue
		}
		out = append(out, acsauth.Scope(s))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *parser) lifetime(v node) time.Duration {
	const least, most = int(acsauth.MinTokenLifetime / time.Minute), int(acsauth.MaxTokenLifetime / time.Minute)
	n, _ := v.value.(json.Number)
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || f != float64(int(f)) || f < float64(least) || f > float64(most) {
		p.add(v.path, fmt.Sprintf("is not a whole number of minutes, %d to %d, which is what ACS accepts", least, most))
		return 0
	}
	return time.Duration(f) * time.Minute
}

// sameNumber compares as JSON Schema does: 1.0 is 1.
func sameNumber(n json.Number, want string) bool {
	a, err := strconv.ParseFloat(string(n), 64)
	b, _ := strconv.ParseFloat(want, 64)
	return err == nil && a == b
}
