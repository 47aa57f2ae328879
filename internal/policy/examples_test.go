package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

const examples = "../../docs/examples/policies"

func example(t *testing.T, name string) (*policy.Policy, string) {
	t.Helper()
	text, err := policy.ReadFile(filepath.Join(examples, name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text)), string(text)
}

// Every example is good, fits the schema, has no warning, and is in the guide.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(examples, "*.json"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v %v", files, err)
	}
	guide, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t)
	for _, f := range files {
		name := filepath.Base(f)
		p, text := example(t, name)
		for _, w := range p.Lint(nil) {
			t.Errorf("%s: %v", name, w)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(string(guide), text) {
			t.Errorf("%s is not in docs/policy.md, letter by letter", name)
		}
	}
}

func TestExamplesDecide(t *testing.T) {
	const contoso, northwind = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	kiosk := through("44444444-4444-4444-8444-444444444444")
	for _, test := range []struct {
		file   string
		caller acsauth.Caller
		op     policy.Operation
		want   string // rule, yes or no, scopes
	}{
		{"members-and-guests.json", user(), policy.GetToken, "members true chat, voip"},
		{"members-and-guests.json", user(asGuest), policy.GetToken, "guests true chat.join"},
		{"members-and-guests.json", user(asGuest), policy.ExchangeToken, "guests false none"},
		{"tenants-with-roles.json", user(inTenant(contoso), withRole("Chat.Use", "Calls.Make")), policy.GetToken, "contoso-calls true chat, voip"},
		{"tenants-with-roles.json", user(inTenant(contoso), withRole("Chat.Use")), policy.GetToken, "contoso-chat true chat"},
		{"tenants-with-roles.json", user(inTenant(contoso)), policy.GetToken, "contoso-without-role false none"},
		{"tenants-with-roles.json", user(inTenant(northwind)), policy.GetToken, "northwind true chat, voip.join"},
		{"tenants-with-roles.json", user(inTenant(northwind), kiosk), policy.GetToken, "northwind-kiosk true voip.join"},
		{"tenants-with-roles.json", user(inTenant("33333333-3333-4333-8333-333333333333")), policy.GetToken, "suspended false none"},
		{"tenants-with-roles.json", user(inTenant("33333333-3333-4333-8333-333333333333")), policy.ExportUser, "suspended true none"},
		{"tenants-with-roles.json", user(withRole("Calls.Make")), policy.GetToken, "default false none"},
		{"audit-roll-out.json", user(withRole("Staff")), policy.GetToken, "staff true chat, voip"},
		{"audit-roll-out.json", user(withRole("Contractor", "Staff")), policy.GetToken, "contractors true chat.join, voip.join"},
		{"audit-roll-out.json", user(), policy.GetToken, "default false none"},
		{"audit-roll-out.json", user(), policy.DeleteUser, "default true none"},
	} {
		p, _ := example(t, test.file)
		d := p.Enforced().Decide(test.caller, test.op)
		if got := d.Rule + map[bool]string{true: " true ", false: " false "}[d.Allowed] + policy.ScopeWords(d.Scopes); got != test.want {
			t.Errorf("%s: %s, want %s", test.file, got, test.want)
		}
		if p.Mode() == policy.Audit && !p.Decide(test.caller, test.op).Allowed {
			t.Errorf("%s: audit mode refuses", test.file)
		}
	}
}
