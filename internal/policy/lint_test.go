package policy_test

import (
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/policy"
)

func isShadowed(w policy.Warning) bool { return strings.Contains(w.Text, "is never reached") }

func TestLint(t *testing.T) {
	settings := []policy.Issuer{
		{Name: "entra", Tenants: []string{tenantA}, Clients: []string{strings.ToUpper(clientX)}, Guests: true},
		{Name: "partners", Clients: []string{"web"}},
	}
	guests, members, everybody := rule("guests", `"kinds":["guest"]`, allowAll), rule("members", `"kinds":["member"]`, allowAll), rule("all", ``, allowAll)
	for _, test := range []struct {
		name     string
		text     string
		settings []policy.Issuer
		want     []string
	}{
		{"nothing", file("enforce", "", guests, everybody), settings, nil},
		{"behind all", file("enforce", "", everybody, guests), nil, []string{"rules[1] (guests): is never reached: all its callers fit all before"}},
		{"behind two", file("enforce", "", guests, members, everybody), nil, []string{"rules[2] (all): is never reached: all its callers fit members, guests before"}},
		{"values apart", file("enforce", "", rule("a", `"roles":["a"]`, denyIt), rule("b", `"roles":["b"]`, denyIt), rule("ab", `"roles":["a","b"]`, allowAll)), nil,
			[]string{"rules[2] (ab): is never reached: all its callers fit a, b before"}},
		{"other field", file("enforce", "", rule("a", `"roles":["a"]`, denyIt), rule("b", `"tenants":["`+tenantA+`"]`, allowAll)), nil, nil},
		{"default", file("enforce", `"default":{"deny":"No."},`, everybody), nil, []string{"default (default): is never reached: all its callers fit all before"}},
		{"unknown issuer", file("enforce", "", rule("a", `"issuers":["entra","Entra"]`, allowAll)), settings,
			[]string{"rules[0].when.issuers (a): Entra is no issuer of the settings; they have entra, partners"}},
		{"only unknown issuers", file("enforce", "", rule("a", `"issuers":["x"]`, allowAll)), settings,
			[]string{"rules[0].when.issuers (a): x is no issuer", "rules[0].when (a): can never match with these settings: no issuer fits"}},
		{"tenant not let in", file("enforce", "", rule("a", `"issuers":["entra"],"tenants":["`+tenantB+`"]`, allowAll)), settings,
			[]string{"rules[0].when.tenants (a): " + tenantB + " is not let in", "rules[0].when (a): can never match with these settings: no caller of entra fits"}},
		{"client of another issuer", file("enforce", "", rule("a", `"issuers":["entra"],"clients":["web"]`, allowAll)), settings,
			[]string{"rules[0].when.clients (a): web is not let in", "rules[0].when (a): can never match"}},
		{"client in capitals", file("enforce", "", rule("a", `"clients":["`+clientX+`"]`, allowAll)), settings, nil},
		{"guests where there are none", file("enforce", "", rule("a", `"issuers":["partners"],"kinds":["guest"]`, allowAll)), settings,
			[]string{"rules[0].when (a): can never match"}},
		{"zeros", file("enforce", "", rule("a", `"groups":["00000000-0000-0000-0000-000000000000"]`, allowAll)), nil,
			[]string{"rules[0].when.groups (a): has the GUID of zeros"}},
		{"group that refuses", file("enforce", "", rule("left", `"groups":["g"]`, denyIt), everybody), nil,
			[]string{"rules[0].when.groups (left): keeps back what all gives; a user in so many groups"}},
		{"group that gives more", file("enforce", "", rule("more", `"groups":["g"]`, `"allow":{"operations":["*"],"scopes":["chat","voip"]}`), everybody), nil, nil},
		{"group of others", file("enforce", "", rule("left", `"groups":["g"],"kinds":["guest"]`, denyIt), members), nil, nil},
		{"group before default", file("enforce", `"default":{`+allowAll+`},`, rule("left", `"groups":["g"]`, denyIt)), nil,
			[]string{"rules[0].when.groups (left): keeps back what default gives"}},
		{"group with shorter life", file("enforce", "", rule("short", `"groups":["g"]`, `"allow":{"operations":["*"],"scopes":["chat"],"maxLifetimeMinutes":60}`), everybody), nil,
			[]string{"rules[0].when.groups (short): keeps back what all gives"}},
		{"included scope", one(``, `"allow":{"operations":["getToken"],"scopes":["chat","chat.join.limited"]}`), nil,
			[]string{"rules[0].allow.scopes (r): chat.join.limited is there already"}},
		{"no use", one(``, `"allow":{"operations":["getUser"],"scopes":["chat"],"maxLifetimeMinutes":60}`), nil,
			[]string{"rules[0].allow.scopes (r): has no use", "rules[0].allow.maxLifetimeMinutes (r): has no use"}},
		{"refresh alone", one(``, `"allow":{"operations":["refreshToken"],"scopes":["chat"]}`), nil,
			[]string{"rules[0].allow.operations (r): has refreshToken without getToken"}},
	} {
		got := parse(t, test.text).Lint(test.settings)
		if len(got) != len(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i].String(), test.want[i]) {
				t.Errorf("%s: %v, want %s", test.name, got[i], test.want[i])
			}
		}
	}
}

func TestLintIsBounded(t *testing.T) {
	// Many rules with many values: the work must not grow with their product.
	var rules []string
	for i := range 20 {
		rules = append(rules, rule(string(rune('a'+i)), `"roles":[`+numbered(200, `"r%d"`)+`],"groups":[`+numbered(200, `"g%d"`)+`],"clients":[`+numbered(200, `"c%d"`)+`]`, denyIt))
	}
	if got := parse(t, file("enforce", "", rules...)).Lint(nil); len(got) != 19 {
		t.Errorf("%d warnings", len(got))
	}
	// Two rules take all callers of a third one together; to see that takes 8 million cases, so nothing is said.
	values := `"roles":[` + numbered(200, `"r%d"`) + `],"clients":[` + numbered(200, `"c%d"`) + `],"groups":[`
	third := rule("third", values+numbered(200, `"g%d"`)+`]`, denyIt)
	first, second := rule("first", values+numbered(150, `"g%d"`)+`]`, denyIt), rule("second", values+strings.TrimPrefix(numbered(200, `"g%d"`), `"g0",`)+`]`, denyIt)
	if got := parse(t, file("enforce", "", first, second, third)).Lint(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestWho(t *testing.T) {
	p := parse(t, sample)
	got := p.WhoGetsScope("voip.join")
	if len(got) != 1 || got[0].Rule != "callers" || len(got[0].Unless) != 2 ||
		got[0].Callers != "every user of issuer entra of tenant "+tenantA+" with app role Calls or Both through client "+clientX {
		t.Fatalf("%+v", got)
	}
	if u := got[0].Unless[0]; u.Rule != "left" || u.Callers != "every user in group "+groupG || u.Gives != "nothing: You have left." {
		t.Errorf("%+v", u)
	}
	if u := got[0].Unless[1]; u.Rule != "guests" || u.Callers != "guests" || u.Gives != "getUser, getToken, refreshToken; scopes chat.join; tokens of at most 60 minutes" {
		t.Errorf("%+v", u)
	}
	if got := p.WhoGetsScope("chat"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := p.WhoGetsOperation(policy.DeleteUser); len(got) != 2 || got[1].Rule != "rest" || len(got[1].Unless) != 2 {
		t.Errorf("%+v", got)
	}
	if got := p.Rules(); len(got) != 5 || got[4].Rule != "no-rule" || got[4].Callers != "every other user" {
		t.Errorf("%+v", got)
	}
}

func TestWhoLeavesOutWhatIsNeverReached(t *testing.T) {
	p := parse(t, file("enforce", "", rule("nobody", ``, denyIt), rule("guests", `"kinds":["guest"]`, allowAll)))
	if got := p.WhoGetsScope("chat"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	// One may have several roles, so a rule about another role may come first.
	p = parse(t, file("enforce", "", rule("left", `"roles":["Left"]`, denyIt), rule("other", `"clients":["x"]`, denyIt), rule("staff", `"roles":["Staff"],"clients":["y"]`, allowAll)))
	if got := p.WhoGetsScope("chat"); len(got) != 1 || len(got[0].Unless) != 1 || got[0].Unless[0].Rule != "left" {
		t.Errorf("%+v", got)
	}
}
