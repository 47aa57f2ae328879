package policy_test

import (
	"fmt"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// hundred is a policy of 100 rules with tenant, role and group, of which only the last fits.
func hundred(t testing.TB, mode string) *policy.Policy {
	t.Helper()
	var rules []string
	for i := range 99 {
		rules = append(rules, rule(fmt.Sprint("r", i), fmt.Sprintf(
			`"tenants":[%q,%q],"roles":["role%d","other%d"],"groups":["00000000-0000-4000-8000-%012d"]`, tenantA, tenantB, i, i, i), allowAll))
	}
	p, err := policy.Parse([]byte(file(mode, "", append(rules, all)...)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func groups(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("11111111-0000-4000-8000-%012d", i))
	}
	return out
}

func TestDecideAllocatesNothing(t *testing.T) {
	c := user(withRole("a", "b"), inGroup(groups(20)...))
	for _, mode := range []string{"enforce", "audit"} {
		p := hundred(t, mode)
		if d := p.Decide(c, policy.GetToken); d.Rule != "all" {
			t.Fatalf("%+v", d)
		}
		if n := testing.AllocsPerRun(100, func() { p.Decide(c, policy.GetToken); p.Decide(c, policy.GetUser) }); n != 0 {
			t.Errorf("%s: %v allocations", mode, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, bench := range []struct {
		name   string
		caller acsauth.Caller
	}{
		{"100rules", user(withRole("a", "b"), inGroup(groups(5)...))},
		{"100rules-200groups", user(withRole("a", "b"), inGroup(groups(200)...))},
		{"100rules-otherTenant", user(inTenant("x"))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p := hundred(b, "enforce")
			b.ReportAllocs()
			for b.Loop() {
				if !p.Decide(bench.caller, policy.GetToken).Allowed {
					b.Fatal("refused")
				}
			}
		})
	}
	b.Run("default", func(b *testing.B) {
		p, c := policy.Default(acsauth.AllScopes()), user(inGroup(groups(200)...))
		b.ReportAllocs()
		for b.Loop() {
			p.Decide(c, policy.GetToken)
		}
	})
}
