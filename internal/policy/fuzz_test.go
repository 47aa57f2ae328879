package policy_test

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// FuzzPolicy reads any file. Parse must not panic, must take nothing that the
// schema refuses, and a policy that it takes must decide within its own words.
func FuzzPolicy(f *testing.F) {
	for _, text := range good() {
		f.Add([]byte(text))
	}
	for _, test := range bad() {
		f.Add([]byte(test[0]))
	}
	for _, test := range unschemed() {
		if len(test[0]) < 1<<16 {
			f.Add([]byte(test[0]))
		}
	}
	schema := compileSchema(f)
	callers := []acsauth.Caller{user(), user(asGuest, inGroup(groupG, "a"), withRole("a", "Calls")), user(asApp), {}}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.Parse(data)
		if err != nil {
			if p != nil || len(policy.Faults(err)) > 51 || strings.Count(err.Error(), "\n") >= len(policy.Faults(err)) {
				t.Fatalf("%v", err)
			}
			return
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
		if err != nil {
			t.Fatalf("Parse takes what is no JSON: %v", err)
		}
		if err := schema.Validate(v); err != nil {
			t.Fatalf("Parse takes what the schema refuses: %v", err)
		}
		p.Lint(nil)
		p.Rules()
		for _, c := range callers {
			for _, op := range policy.Operations() {
				d := p.Decide(c, op)
				switch user := c.Kind == acsauth.User || c.Kind == acsauth.Guest; {
				case !user && d.Allowed:
					t.Fatalf("a program gets in: %+v", d)
				case p.Mode() == policy.Audit && user && !d.Allowed:
					t.Fatalf("audit mode refuses: %+v", d)
				case p.Mode() == policy.Enforce && (d.Noted || d.Audit || d.Allowed != (d.Reason == "")):
					t.Fatalf("%+v", d)
				}
			}
		}
	})
}
