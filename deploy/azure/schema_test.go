package azure

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/testkit"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return testkit.Schema(t, "schema.json")
}

func TestTemplatesFitTheSchema(t *testing.T) {
	s := schema(t)
	for _, p := range places {
		if err := s.Validate(any(p.template(t))); err != nil {
			t.Errorf("%s: %v", p.path, err)
		}
	}
}

// The schema finds what it is there for.
func TestSchemaFindsFaults(t *testing.T) {
	s := schema(t)
	good, err := json.Marshal(places[0].template(t))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"no version":              {`"apiVersion":"2023-01-31"`, `"api":"2023-01-31"`},
		"a secure parameter":      {`"type":"bool"`, `"type":"secureString"`},
		"an output without value": {`"type":"array","value":`, `"type":"array","valeu":`},
		"another mode":            {`"mode":"Incremental"`, `"mode":"Complete"`},
		"a type without provider": {`"type":"Microsoft.App/containerApps"`, `"type":"containerApps"`},
		"a condition as text":     {`"condition":"[equals(parameters('store'), 'tables')]"`, `"condition":"equals(parameters('store'), 'tables')"`},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Errorf("%s: %s is not in the template", what, change[0])
			continue
		}
		var doc any
		if err := json.Unmarshal([]byte(bad), &doc); err != nil {
			t.Fatal(err)
		}
		if s.Validate(doc) == nil {
			t.Errorf("%s: not found", what)
		}
	}
}
