package server_test

import (
	"maps"
	"regexp"
	"testing"

	"github.com/acs-solutions/acsauth/api"
	"go.yaml.in/yaml/v4"
)

// TestDocumentIsTidy: operation ids are unique, every tag and every component is used, and no reference dangles.
func TestDocumentIsTidy(t *testing.T) {
	ids, tags := map[string]bool{}, map[string]bool{}
	for name, op := range operations(t) {
		if op.OperationID == "" || ids[op.OperationID] {
			t.Errorf("%s: the operation id %q is empty or taken", name, op.OperationID)
		}
		ids[op.OperationID] = true
		if op.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for _, tag := range op.Tags {
			tags[tag] = true
		}
	}
	declared := map[string]bool{}
	for _, tag := range openAPI(t).Tags {
		declared[tag.Name] = true
	}
	if !maps.Equal(tags, declared) {
		t.Errorf("tags: %v are used, %v are declared", tags, declared)
	}
	used, there := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`\$ref: '?#/components/(\w+/\w+)`).FindAllStringSubmatch(string(api.OpenAPI()), -1) {
		used[m[1]] = true
	}
	var d struct{ Components map[string]map[string]any }
	if err := yaml.Unmarshal(api.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	for kind, list := range d.Components {
		for name := range list {
			if kind != "securitySchemes" { // those are used by name
				there[kind+"/"+name] = true
			}
		}
	}
	described := map[string]bool{"responses/MethodNotAllowed": true, "responses/Preflight": true} // of what is no operation
	for _, name := range minus(there, used) {
		if !described[name] {
			t.Errorf("%s is not used", name)
		}
	}
	if lost := minus(used, there); len(lost) > 0 {
		t.Errorf("there is no %v", lost)
	}
}
