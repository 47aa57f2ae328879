package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

const (
	tenantA = "11aa22bb-0000-4000-8000-00000000000a"
	tenantB = "11aa22bb-0000-4000-8000-00000000000b"
	groupG  = "99aa22bb-0000-4000-8000-000000000001"
	clientX = "77aa22bb-0000-4000-8000-000000000001"
)

// file makes a policy file of rules.
func file(mode, more string, rules ...string) string {
	return fmt.Sprintf(`{"version":1,"mode":%q,%s"rules":[%s]}`, mode, more, strings.Join(rules, ","))
}

func parse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return p
}

func user(edit ...func(*acsauth.Caller)) acsauth.Caller {
	c := acsauth.Caller{Issuer: "entra", Kind: acsauth.User, Tenant: tenantA, Client: clientX}
	for _, f := range edit {
		f(&c)
	}
	return c
}

func asGuest(c *acsauth.Caller) { c.Kind = acsauth.Guest }
func asApp(c *acsauth.Caller)   { c.Kind = acsauth.App }

func inGroup(g ...string) func(*acsauth.Caller)  { return func(c *acsauth.Caller) { c.Groups = g } }
func withRole(r ...string) func(*acsauth.Caller) { return func(c *acsauth.Caller) { c.Roles = r } }
func inTenant(t string) func(*acsauth.Caller)    { return func(c *acsauth.Caller) { c.Tenant = t } }
func through(id string) func(*acsauth.Caller)    { return func(c *acsauth.Caller) { c.Client = id } }
func ofIssuer(name string) func(*acsauth.Caller) { return func(c *acsauth.Caller) { c.Issuer = name } }

const all = `{"name":"all","when":{},"allow":{"operations":["*"],"scopes":["chat","voip"]}}`
