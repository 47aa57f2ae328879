package authn_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
)

func TestGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(plainWorld()))
		many := make([]string, 300)
		for i := range many {
			many[i] = fmt.Sprint("g", i)
		}
		for name, c := range map[string]struct {
			edit edit
			want []string
		}{
			"none":                   {nil, nil},
			"two":                    {set("groups", []string{alice, bob}), []string{alice, bob}},
			"300":                    {set("groups", many), many},
			"elsewhere":              {set("_claim_names", map[string]string{"groups": "src1"}), nil},
			"elsewhere, and a few":   {all(set("groups", []string{alice}), set("_claim_names", map[string]string{"groups": "src1"})), nil},
			"other claims elsewhere": {all(set("groups", []string{alice}), set("_claim_names", map[string]string{"roles": "src1"})), []string{alice}},
			"too many for the form":  {all(set("groups", []string{alice}), set("hasgroups", true)), nil},
			"numbers":                {set("groups", []any{alice, 1}), nil},
			"a string":               {set("groups", alice), nil},
			"a long one":             {set("groups", []string{strings.Repeat("g", 257)}), nil},
			"empty":                  {set("groups", []string{""}), nil},
		} {
			got, err := v.Verify(t.Context(), mint(baseV2(), c.edit))
			if err != nil || !slices.Equal(got.Groups, c.want) {
				t.Errorf("%s: %v, %v", name, got.Groups, err)
			}
		}
	})
}

func TestRequireUser(t *testing.T) {
	opt := options(newAuthority())
	opt.Issuers[0].Scopes, opt.Issuers[0].Roles = []string{"calls", "calls.read"}, []string{"Caller", "Boss"}
	v := newVerifier(t, opt)
	for _, c := range []struct {
		caller acsauth.Caller
		want   string
	}{
		{acsauth.Caller{Kind: acsauth.User, Scopes: []string{"x", "calls.read"}, Roles: []string{"Boss"}}, ""},
		{acsauth.Caller{Kind: acsauth.Guest, Scopes: []string{"calls"}, Roles: []string{"Caller"}}, ""},
		{acsauth.Caller{Kind: acsauth.User, Scopes: []string{"access_as_user"}, Roles: []string{"Boss"}}, "token_scope"},
		{acsauth.Caller{Kind: acsauth.User, Scopes: []string{"Calls"}, Roles: []string{"Boss"}}, "token_scope"},
		{acsauth.Caller{Kind: acsauth.User, Roles: []string{"calls", "Boss"}}, "token_scope"},
		{acsauth.Caller{Kind: acsauth.User, Scopes: []string{"calls", "Boss"}}, "token_role"},
		{acsauth.Caller{Kind: acsauth.User, Scopes: []string{"calls"}, Roles: []string{"boss"}}, "token_role"},
		{acsauth.Caller{Kind: acsauth.App, Scopes: []string{"calls"}, Roles: []string{"Boss"}}, "token_app_only"},
	} {
		c.caller.Issuer = "entra"
		err := v.RequireUser(c.caller)
		e, _ := errors.AsType[*acsauth.Error](err)
		if codeOf(err) != c.want || e != nil && (e.Kind != acsauth.Forbidden || e.Expected == "" || e.Found == "" || e.Hint == "") {
			t.Errorf("%+v: %+v, want %q", c.caller, e, c.want)
		}
		c.caller.Issuer = "another"
		if err := v.RequireUser(c.caller); acsauth.KindOf(err) != acsauth.Internal || err == nil {
			t.Errorf("a caller of nobody: %v", err)
		}
	}
}

// Clients for programs open nothing to users.
func TestAppClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := options(plainWorld())
		opt.Issuers[0].AppClients = []string{strangerID}
		v := newVerifier(t, opt)
		app := all(del("scp"), set("roles", []string{"Identities.Read"}))
		for _, c := range []struct {
			name string
			edit edit
			want string
		}{
			{"program", all(app, set("azp", strangerID)), ""}, {"program by idtyp", all(app, set("idtyp", "app"), set("azp", strangerID)), ""},
			{"user", set("azp", strangerID), "token_client"}, {"user by idtyp", all(app, set("idtyp", "user"), set("azp", strangerID)), "token_client"},
			{"program of an unknown client", all(app, set("azp", bob)), "token_client"}, {"program of an allowed client", app, ""},
		} {
			if caller, err := v.Verify(t.Context(), mint(baseV2(), c.edit)); codeOf(err) != c.want || err == nil && caller.Kind != acsauth.App {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		}
	})
}

// One issuer that is down keeps nobody else out, and readiness waits for it for two minutes only.
func TestReadyWithoutOneIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, opt := bigWorld()
		a.mu.Lock()
		delete(a.docs, keysHost+"/jwks")
		a.mu.Unlock()
		v := newVerifier(t, opt)
		defer run(t, v)()
		start := time.Now()
		for v.Ready() != nil {
			time.Sleep(time.Second)
		}
		if d := time.Since(start); d < 2*time.Minute || d > 3*time.Minute {
			t.Errorf("ready after %v", d)
		}
		expect(t, v, "public cloud", mint(baseV2()), "")
		if _, err := v.Verify(t.Context(), mint(oidcToken())); codeOf(err) != "keys_unavailable" {
			t.Errorf("issuer without keys: %v", err)
		}
		a.setHook(status(500))
		time.Sleep(25 * time.Hour)
		if v.Ready() == nil {
			t.Error("ready without any key")
		}
	})
}

// Two issuers may share a B2C tenant, and even the audience, if their policies differ.
func TestPoliciesWithOwnRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, opt := bigWorld()
		one := opt.Issuers[4]
		two := one
		one.Policies, two.Policies, two.Name, two.Scopes = []string{"B2C_1_signin"}, []string{"B2C_1A_custom"}, "custom", []string{"other"}
		opt.Issuers = append(opt.Issuers[:4], one, two)
		v := newVerifier(t, opt)
		for _, c := range []struct {
			token        *token
			issuer, want string
		}{
			{b2cToken("B2C_1_signin", 0), "legacy", ""}, {b2cToken("B2C_1A_custom", 1), "custom", "token_scope"}, {b2cToken("B2C_1A_custom", 1, set("scp", "other")), "custom", ""},
			{b2cToken("B2C_1_other", 1), "", "token_issuer"},
		} {
			caller, err := v.Verify(t.Context(), mint(c.token))
			if err == nil {
				err = v.RequireUser(caller)
			}
			if caller.Issuer != c.issuer || codeOf(err) != c.want {
				t.Errorf("%+v, %v, want %s %s", caller, err, c.issuer, c.want)
			}
		}
	})
}

// Two registrations in one tenant share the keys, and each has its own rules.
func TestTwoRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := plainWorld()
		opt := options(a)
		opt.Issuers[0].TenantIDs = []string{tenantA}
		other := opt.Issuers[0]
		other.Name, other.Audiences, other.Scopes, other.AllowedClients = "second", []string{strangerID}, []string{"second"}, []string{apiID}
		opt.Issuers = append(opt.Issuers, other)
		v := newVerifier(t, opt)
		second := all(set("aud", strangerID), set("scp", "second"), set("azp", apiID))
		for _, c := range []struct {
			name string
			edit edit
			want string
		}{
			{"entra", nil, ""}, {"second", second, ""}, {"entra", set("scp", "second"), "token_scope"}, {"second", all(second, set("azp", spaID)), "token_client"},
			{"", set("aud", graphID[:35]+"1"), "token_audience"},
		} {
			caller, err := v.Verify(t.Context(), mint(baseV2(), c.edit))
			if err == nil {
				err = v.RequireUser(caller)
			}
			if codeOf(err) != c.want || c.want == "" && caller.Issuer != c.name {
				t.Errorf("%s: %+v, %v", c.name, caller, err)
			}
		}
		if a.count() != perLoad {
			t.Errorf("%d requests", a.count())
		}
	})
}
