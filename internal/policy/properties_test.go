package policy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// A world small enough that random rules and callers meet.
type (
	madeAllow struct {
		Operations []policy.Operation `json:"operations"`
		Scopes     []acsauth.Scope    `json:"scopes,omitempty"`
		Life       int                `json:"maxLifetimeMinutes,omitempty"`
	}
	madeRule struct {
		Name  string              `json:"name"`
		When  map[string][]string `json:"when"`
		Allow *madeAllow          `json:"allow,omitempty"`
		Deny  string              `json:"deny,omitempty"`
	}
	madeDefault struct {
		Allow *madeAllow `json:"allow,omitempty"`
		Deny  string     `json:"deny,omitempty"`
	}
	madeFile struct {
		Version int          `json:"version"`
		Mode    string       `json:"mode"`
		Default *madeDefault `json:"default,omitempty"`
		Rules   []madeRule   `json:"rules"`
	}
)

func (f madeFile) parse(t *rapid.T) *policy.Policy {
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return p
}

func words(values ...string) *rapid.Generator[[]string] {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, len(values), rapid.ID)
}

func genAllow(t *rapid.T) *madeAllow {
	a := &madeAllow{
		Operations: rapid.SliceOfNDistinct(rapid.SampledFrom(policy.Operations()), 1, 7, rapid.ID).Draw(t, "operations"),
		Life:       rapid.SampledFrom([]int{0, 60, 90, 1440}).Draw(t, "life"),
	}
	if slices.ContainsFunc(a.Operations, policy.Operation.GivesScopes) {
		a.Scopes = rapid.SliceOfNDistinct(rapid.SampledFrom(acsauth.AllScopes()), 1, 5, rapid.ID).Draw(t, "scopes")
	}
	return a
}

func genFile(mode string) *rapid.Generator[madeFile] {
	return rapid.Custom(func(t *rapid.T) madeFile {
		f := madeFile{Version: 1, Mode: mode}
		for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
			r := madeRule{Name: fmt.Sprint("r", i), When: map[string][]string{}}
			for member, values := range map[string][]string{
				"issuers": {"entra", "b"}, "tenants": {tenantA, tenantB}, "kinds": {"member", "guest"}, "clients": {clientX, "c"}, "roles": {"x", "y"}, "groups": {groupG, "h"},
			} {
				if rapid.IntRange(0, 2).Draw(t, member+"?") == 0 {
					r.When[member] = words(values...).Draw(t, member)
				}
			}
			if r.Deny = "No."; rapid.Bool().Draw(t, "allow") {
				r.Deny, r.Allow = "", genAllow(t)
			}
			f.Rules = append(f.Rules, r)
		}
		if rapid.Bool().Draw(t, "default") {
			f.Default = &madeDefault{Allow: genAllow(t)}
		}
		return f
	})
}

var genCaller = rapid.Custom(func(t *rapid.T) acsauth.Caller {
	some := func(label string, values ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 0, len(values), rapid.ID).Draw(t, label)
	}
	return acsauth.Caller{
		Issuer: rapid.SampledFrom([]string{"entra", "b", "z"}).Draw(t, "issuer"), Tenant: rapid.SampledFrom([]string{tenantA, tenantB, ""}).Draw(t, "tenant"),
		Kind:   rapid.SampledFrom([]acsauth.CallerKind{acsauth.User, acsauth.Guest}).Draw(t, "kind"),
		Client: rapid.SampledFrom([]string{clientX, "c", "d"}).Draw(t, "client"), Roles: some("roles", "x", "y", "z"), Groups: some("groups", groupG, "h", "i"),
	}
})

// model is a second reading of the semantics, as plain as can be.
func (f madeFile) model(c acsauth.Caller) (name string, a *madeAllow) {
	kind := map[acsauth.CallerKind]string{acsauth.User: "member", acsauth.Guest: "guest"}[c.Kind]
	has := map[string][]string{"issuers": {c.Issuer}, "tenants": {c.Tenant}, "kinds": {kind}, "clients": {c.Client}, "roles": c.Roles, "groups": c.Groups}
	for _, r := range f.Rules {
		fits := true
		for member, values := range r.When {
			fits = fits && slices.ContainsFunc(values, func(v string) bool { return slices.Contains(has[member], v) })
		}
		if fits {
			return r.Name, r.Allow
		}
	}
	if f.Default != nil {
		return "default", f.Default.Allow
	}
	return "no-rule", nil
}

// The first rule that fits decides, and it gives what is written there.
func TestPropertyModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, c := genFile("enforce").Draw(t, "file"), genCaller.Draw(t, "caller")
		p := f.parse(t)
		name, allow := f.model(c)
		for _, op := range policy.Operations() {
			d := p.Decide(c, op)
			want := allow != nil && slices.Contains(allow.Operations, op)
			if d.Rule != name || d.Allowed != want || (d.Reason == "") != want {
				t.Fatalf("%s: %+v, want rule %s, %v", op, d, name, want)
			}
			if !want && (d.Scopes != nil || d.MaxLifetime != 0) {
				t.Fatalf("a refusal gives something: %+v", d)
			}
			if !want {
				continue
			}
			for _, s := range d.Scopes {
				if !slices.Contains(allow.Scopes, s) || !op.GivesScopes() {
					t.Fatalf("%s: %s is not in the rule", op, s)
				}
			}
			if op.GivesScopes() && len(d.Scopes) != len(allow.Scopes) || int(d.MaxLifetime.Minutes()) != allow.Life {
				t.Fatalf("%s: %+v, want %+v", op, d, allow)
			}
		}
	})
}

// less reports whether a gives nothing that b does not.
func less(a, b policy.Decision) bool {
	if !a.Allowed {
		return true
	}
	return b.Allowed && !slices.ContainsFunc(a.Scopes, func(s acsauth.Scope) bool { return !policy.Covers(b.Scopes, s) }) &&
		(b.MaxLifetime == 0 || a.MaxLifetime != 0 && a.MaxLifetime <= b.MaxLifetime)
}

// To take a permission out of a rule, or to shorten its tokens, gives nobody anything.
func TestPropertyRemovingNeverWidens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFile("enforce").Draw(t, "file")
		before := f.parse(t)
		r := &f.Rules[rapid.IntRange(0, len(f.Rules)-1).Draw(t, "which")]
		if r.Allow == nil { // has nothing to take out
			r.Deny, r.Allow = "", genAllow(t)
			before = f.parse(t)
		}
		a := *r.Allow
		switch how := rapid.IntRange(0, 3).Draw(t, "how"); {
		case how == 0 && len(a.Operations) > 1:
			a.Operations = a.Operations[1:]
		case how == 1 && len(a.Scopes) > 1:
			a.Scopes = a.Scopes[1:]
		case how == 2:
			a.Life = 60
		default:
			r.Deny = "No."
		}
		if r.Allow = &a; r.Deny != "" {
			r.Allow = nil
		}
		after := f.parse(t)
		for range 20 {
			c := genCaller.Draw(t, "caller")
			for _, op := range policy.Operations() {
				if now, then := after.Decide(c, op), before.Decide(c, op); !less(now, then) {
					t.Fatalf("%s: %+v, was %+v", op, now, then)
				}
			}
		}
	})
}

// In audit mode nobody is refused, whatever the rules, and what is noted is what enforce refuses.
func TestPropertyAuditNeverRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, c := genFile("audit").Draw(t, "file"), genCaller.Draw(t, "caller")
		fallback := policy.Default([]acsauth.Scope{"chat", "voip"})
		p := f.parse(t).WithFallback(fallback)
		for _, op := range policy.Operations() {
			d, enforced, now := p.Decide(c, op), p.Enforced().Decide(c, op), fallback.Decide(c, op)
			if !d.Allowed || !slices.Equal(d.Scopes, now.Scopes) || d.MaxLifetime != now.MaxLifetime {
				t.Fatalf("%s: %+v", op, d)
			}
			if d.Noted == enforced.Allowed || d.Rule != enforced.Rule || d.Narrowed && d.Noted || d.Narrowed != (enforced.Allowed && !less(now, enforced)) {
				t.Fatalf("%s: %+v, enforced %+v", op, d, enforced)
			}
		}
	})
}

// What is narrowed is within both, does not depend on the order, and less in gives no more out.
func TestPropertyNarrow(t *testing.T) {
	list := rapid.SliceOfDistinct(rapid.SampledFrom(acsauth.AllScopes()), rapid.ID)
	within := func(a, b []acsauth.Scope) bool {
		return !slices.ContainsFunc(a, func(s acsauth.Scope) bool { return !policy.Covers(b, s) })
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := list.Draw(t, "a"), list.Draw(t, "b"), list.Draw(t, "c")
		ab := policy.Narrow(a, b)
		if !within(ab, a) || !within(ab, b) || !slices.Equal(ab, policy.Narrow(b, a)) || !slices.Equal(ab, policy.Narrow(ab, ab)) {
			t.Fatalf("%v and %v give %v", a, b, ab)
		}
		if !within(policy.Narrow(ab, c), policy.Narrow(a, c)) {
			t.Fatalf("%v narrows more than %v", a, ab)
		}
		for _, s := range acsauth.AllScopes() {
			if policy.Covers(a, s) && policy.Covers(b, s) != policy.Covers(ab, s) && policy.Covers(b, s) {
				t.Fatalf("%v and %v give %v, without %s", a, b, ab, s)
			}
		}
	})
}

// A rule that is said to be never reached never decides.
func TestPropertyShadowedRulesNeverDecide(t *testing.T) {
	shadowed := 0
	rapid.Check(t, func(t *rapid.T) {
		f := genFile("enforce").Draw(t, "file")
		p := f.parse(t)
		never := map[string]bool{}
		for _, w := range p.Lint(nil) {
			if isShadowed(w) {
				never[w.Rule] = true
				shadowed++
			}
		}
		for range 30 {
			c := genCaller.Draw(t, "caller")
			if d := p.Decide(c, policy.GetToken); never[d.Rule] {
				t.Fatalf("%s decides for %+v", d.Rule, c)
			}
		}
	})
	if shadowed == 0 {
		t.Error("no rule was ever said to be shadowed: this shows nothing")
	}
}

// Whoever gets a scope gets it by a rule that is in the answer to who gets it.
func TestPropertyWho(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, c := genFile("enforce").Draw(t, "file"), genCaller.Draw(t, "caller")
		p := f.parse(t)
		for _, op := range policy.Operations() {
			d := p.Decide(c, op)
			if d.Allowed != listed(p.WhoGetsOperation(op), d.Rule) {
				t.Fatalf("%s: %+v, but the list says otherwise: %v", op, d, p.WhoGetsOperation(op))
			}
			for _, s := range acsauth.AllScopes() {
				if d.Allowed && policy.Covers(d.Scopes, s) && !listed(p.WhoGetsScope(s), d.Rule) {
					t.Fatalf("%s: %+v is not in %v", s, d, p.WhoGetsScope(s))
				}
			}
			for _, g := range p.WhoGetsOperation(op) {
				if name, _ := f.model(c); !d.Allowed && name == g.Rule {
					t.Fatalf("%s refuses", name)
				}
			}
		}
	})
}

func listed(list []policy.Giver, name string) bool {
	return slices.ContainsFunc(list, func(g policy.Giver) bool { return g.Rule == name })
}
