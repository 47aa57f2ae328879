package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

const sample = `{"version":1,"mode":"enforce","rules":[
 {"name":"left","when":{"groups":["99AA22BB-0000-4000-8000-000000000001"]},"deny":"You have left."},
 {"name":"guests","when":{"kinds":["guest"]},"allow":{"operations":["getUser","getToken","refreshToken"],"scopes":["chat.join"],"maxLifetimeMinutes":60}},
 {"name":"callers","when":{"tenants":["11AA22BB-0000-4000-8000-00000000000A"],"roles":["Calls","Both"],"clients":["77AA22BB-0000-4000-8000-000000000001"],"issuers":["entra"]},"allow":{"operations":["*"],"scopes":["voip"]}},
 {"name":"rest","when":{"tenants":["11aa22bb-0000-4000-8000-00000000000a"]},"allow":{"operations":["getUser","deleteUser","exportUser"]}}]}`

func TestDecide(t *testing.T) {
	p := parse(t, sample)
	for _, test := range []struct {
		name   string
		caller acsauth.Caller
		op     policy.Operation
		want   policy.Decision
	}{
		{"group refuses", user(inGroup("x", groupG), withRole("Calls")), policy.GetToken, policy.Decision{Rule: "left", Reason: "You have left."}},
		{"group in capitals", user(inGroup(strings.ToUpper(groupG))), policy.GetToken, policy.Decision{Rule: "left", Reason: "You have left."}},
		{"no groups claim", user(withRole("Calls")), policy.GetToken, policy.Decision{Rule: "callers", Allowed: true, Scopes: []acsauth.Scope{"voip"}}},
		{"guest", user(asGuest, withRole("Calls")), policy.RefreshToken, policy.Decision{Rule: "guests", Allowed: true, Scopes: []acsauth.Scope{"chat.join"}, MaxLifetime: time.Hour}},
		{"guest, no fall through", user(asGuest, withRole("Calls")), policy.DeleteUser, policy.Decision{Rule: "guests", Reason: "The rule guests allows getUser, getToken, refreshToken only."}},
		{"second role", user(withRole("x", "Both")), policy.ExchangeToken, policy.Decision{Rule: "callers", Allowed: true, Scopes: []acsauth.Scope{}}},
		{"role in other case", user(withRole("calls")), policy.GetToken, policy.Decision{Rule: "rest", Reason: "The rule rest allows getUser, deleteUser, exportUser only."}},
		{"other client", user(withRole("Calls"), through("other")), policy.GetUser, policy.Decision{Rule: "rest", Allowed: true, Scopes: []acsauth.Scope{}}},
		{"other issuer", user(withRole("Calls"), ofIssuer("Entra")), policy.RevokeTokens, policy.Decision{Rule: "rest", Reason: "The rule rest allows getUser, deleteUser, exportUser only."}},
		{"other tenant", user(withRole("Calls"), inTenant(tenantB)), policy.GetUser, policy.Decision{Rule: "no-rule", Reason: "No rule fits the caller, and the policy has no default."}},
		{"no tenant", user(inTenant("")), policy.GetUser, policy.Decision{Rule: "no-rule", Reason: "No rule fits the caller, and the policy has no default."}},
		{"app", user(asApp, withRole("Calls")), policy.GetUser, policy.Decision{Rule: "no-user", Reason: "A policy gives nothing to programs without a user."}},
		{"no kind", acsauth.Caller{Tenant: tenantA}, policy.GetUser, policy.Decision{Rule: "no-user", Reason: "A policy gives nothing to programs without a user."}},
		{"unknown operation", user(withRole("Calls")), "admin.delete", policy.Decision{Rule: "callers", Reason: "The rule callers allows every operation only."}},
	} {
		got := p.Decide(test.caller, test.op)
		test.want.Version = p.Version()
		same(t, test.name, got, test.want)
	}
}

// Only ids are without case: a role counts as it is written, even if it looks like an id.
func TestCaseOfValues(t *testing.T) {
	capitals := strings.ToUpper(groupG)
	for member, same := range map[string]bool{"tenants": true, "clients": true, "groups": true, "roles": false, "issuers": false} {
		for _, pair := range [][2]string{{groupG, capitals}, {capitals, groupG}} {
			p := parse(t, one(`"`+member+`":["`+pair[0]+`"]`, allowAll))
			c := user(inTenant(pair[1]), through(pair[1]), inGroup(pair[1]), withRole(pair[1]), ofIssuer(pair[1]))
			if got := p.Decide(c, policy.GetUser).Allowed; got != same {
				t.Errorf("%s: %v", member, got)
			}
		}
	}
}

func same(t *testing.T, name string, got, want policy.Decision) {
	t.Helper()
	if !slices.Equal(got.Scopes, want.Scopes) || (got.Scopes == nil) != (want.Scopes == nil) {
		t.Errorf("%s: scopes %#v, want %#v", name, got.Scopes, want.Scopes)
	}
	got.Scopes, want.Scopes = nil, nil
	if g, w := got, want; g.Rule != w.Rule || g.Reason != w.Reason || g.Version != w.Version || g.Allowed != w.Allowed ||
		g.Audit != w.Audit || g.Noted != w.Noted || g.Narrowed != w.Narrowed || g.MaxLifetime != w.MaxLifetime {
		t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
	}
}

func TestDefaultOfFile(t *testing.T) {
	rule := `{"name":"guests","when":{"kinds":["guest"]},"deny":"Members only."}`
	p := parse(t, file("enforce", `"default":{"allow":{"operations":["getUser"]}},`, rule))
	if d := p.Decide(user(), policy.GetUser); !d.Allowed || d.Rule != "default" {
		t.Errorf("%+v", d)
	}
	if d := p.Decide(user(), policy.GetToken); d.Allowed || d.Reason != "The rule default allows getUser only." {
		t.Errorf("%+v", d)
	}
	p = parse(t, file("enforce", `"default":{"deny":"Not known here."},`, rule))
	if d := p.Decide(user(), policy.GetUser); d.Allowed || d.Rule != "default" || d.Reason != "Not known here." {
		t.Errorf("%+v", d)
	}
}

func TestWithoutFile(t *testing.T) {
	p := policy.Default([]acsauth.Scope{"chat"})
	for _, op := range policy.Operations() {
		d := p.Decide(user(asGuest), op)
		if !d.Allowed || d.Rule != "default" || d.MaxLifetime != 0 || d.Version != "built-in" {
			t.Errorf("%s: %+v", op, d)
		}
		if p.Decide(user(asApp), op).Allowed {
			t.Errorf("%s: a program gets in", op)
		}
	}
	if d := p.Decide(user(), policy.GetToken); len(d.Scopes) != 1 || d.Scopes[0] != "chat" {
		t.Errorf("%+v", d)
	}
	if p.Decide(user(), "other").Allowed {
		t.Error("an operation that does not exist is allowed")
	}
	if d := policy.Default(nil).Decide(user(), policy.GetToken); d.Scopes != nil {
		t.Errorf("%#v", d.Scopes)
	}
}

func TestAuditMode(t *testing.T) {
	p := parse(t, strings.Replace(sample, "enforce", "audit", 1)).WithFallback(policy.Default([]acsauth.Scope{"chat", "voip"}))
	both := []acsauth.Scope{"chat", "voip"}
	for _, test := range []struct {
		name   string
		caller acsauth.Caller
		op     policy.Operation
		want   policy.Decision
	}{
		{"refused", user(inGroup(groupG)), policy.GetToken, policy.Decision{Rule: "left", Reason: "You have left.", Allowed: true, Noted: true, Scopes: both}},
		{"fewer", user(asGuest), policy.GetToken, policy.Decision{Rule: "guests", Allowed: true, Narrowed: true, Scopes: both}},
		{"same", user(), policy.GetUser, policy.Decision{Rule: "rest", Allowed: true, Scopes: []acsauth.Scope{}}},
		{"app", user(asApp), policy.GetUser, policy.Decision{Rule: "no-user", Reason: "A policy gives nothing to programs without a user."}},
	} {
		test.want.Audit, test.want.Version = true, p.Version()
		same(t, test.name, p.Decide(test.caller, test.op), test.want)
	}
	if d := p.Enforced().Decide(user(inGroup(groupG)), policy.GetToken); d.Allowed || d.Audit || d.Noted {
		t.Errorf("%+v", d)
	}
	if d := p.WithFallback(nil).Decide(user(asGuest), policy.GetToken); !d.Allowed || d.Scopes != nil {
		t.Errorf("%+v", d)
	}
}

func TestRefusal(t *testing.T) {
	p := parse(t, sample)
	secret := "someone@example.com"
	c := user(inTenant(tenantB), inGroup(secret))
	c.Key = acsauth.UserKey{Issuer: "i", Subject: secret}
	e := p.Decide(c, policy.GetToken).Refusal(policy.GetToken)
	if e.Kind != acsauth.Forbidden || e.Code != "policy_denied" || e.Expected != "a rule that allows getToken" || e.Found != "no rule fits" ||
		!strings.Contains(e.Hint, "too many groups") {
		t.Errorf("%+v", e)
	}
	all := strings.Join([]string{e.Error(), e.Hint, e.Expected, e.Found}, " ")
	for _, leak := range []string{secret, groupG, tenantA, tenantB, "Calls", "guests"} {
		if strings.Contains(all, leak) {
			t.Errorf("%q is in %q", leak, all)
		}
	}
	e = p.Decide(user(inGroup(groupG)), policy.GetToken).Refusal(policy.GetToken)
	if e.Found != "rule left" || e.Detail != "The policy of this server does not allow getToken to this caller. You have left." {
		t.Errorf("%+v", e)
	}
	if e = p.Decide(user(asApp), policy.GetToken).Refusal(policy.GetToken); e.Expected != "a user" || e.Found != "a program without a user" {
		t.Errorf("%+v", e)
	}
}

func TestScopes(t *testing.T) {
	type list = []acsauth.Scope
	for _, test := range []struct{ a, b, want list }{
		{list{"chat"}, list{"chat"}, list{"chat"}},
		{list{"chat"}, list{"chat.join"}, list{"chat.join"}},
		{list{"chat.join", "voip"}, list{"chat", "voip.join"}, list{"chat.join", "voip.join"}},
		{list{"chat.join.limited"}, list{"chat.join"}, list{"chat.join.limited"}},
		{list{"chat", "chat.join"}, list{"chat", "voip"}, list{"chat"}},
		{list{"voip"}, list{"chat"}, list{}},
		{nil, list{"chat"}, list{}},
		{list{"chat", "nonsense"}, list{"nonsense"}, list{}},
	} {
		got := policy.Narrow(test.a, test.b)
		if !slices.Equal(got, test.want) || got == nil {
			t.Errorf("%v and %v: %v, want %v", test.a, test.b, got, test.want)
		}
	}
	for _, s := range []acsauth.Scope{"chat.join", "chat.join.limited", "chat"} {
		if !policy.Covers(list{"chat"}, s) || policy.Covers(list{"voip", "voip.join"}, s) {
			t.Error(s)
		}
	}
	if policy.Covers(list{"chat.join"}, "chat") || policy.Covers(list{"voip.join"}, "voip") || policy.Covers(list{""}, "") {
		t.Error("a narrow scope covers a wider one")
	}
}
