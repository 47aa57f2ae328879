package checks

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the names of docs/configuration.md into values.schema.json")

// made are the settings that the chart makes from other values.
var made = []string{
	"ACSAUTH_LISTEN", "ACSAUTH_METRICS_LISTEN", "ACSAUTH_REPLICAS", "ACSAUTH_SHUTDOWN_DELAY", "ACSAUTH_SHUTDOWN_TIMEOUT",
	"ACSAUTH_TLS_CERTIFICATE", "ACSAUTH_TLS_KEY", "ACSAUTH_POLICY", "ACSAUTH_ISSUERS",
}

// manual returns the names of docs/configuration.md, secret ones apart.
func manual(t *testing.T) (plain, secret []string) {
	t.Helper()
	text, err := os.ReadFile(repository + "/docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(ACSAUTH_\\w+)` \\|(.*)$").FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[2], "Secret, also as `"+m[1]+"_FILE`") {
			secret = append(secret, m[1])
		} else {
			plain = append(plain, m[1])
		}
	}
	if len(plain) < 50 || len(secret) < 5 {
		t.Fatalf("only %d settings and %d secrets", len(plain), len(secret))
	}
	for _, name := range made {
		if !slices.Contains(plain, name) {
			t.Errorf("%s is no setting", name)
		}
	}
	return slices.DeleteFunc(plain, func(s string) bool { return slices.Contains(made, s) }), secret
}

// The schema of the values knows every setting that there is, and no other.
func TestSchemaKnowsTheSettings(t *testing.T) {
	const path = chartDir + "/values.schema.json"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, secret := manual(t)
	want := withNames(t, text, "settings", refs(plain, "setting"), refs(secret, "reference"))
	want = withNames(t, want, "files", refs(secret, "key"))
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(text, want) {
		t.Errorf("%s has other settings than docs/configuration.md; run: go test . -run TestSchemaKnowsTheSettings -update", path)
	}
}

// refs are members of a schema, each with the same definition.
func refs(names []string, definition string) (lines []string) {
	for _, name := range names {
		lines = append(lines, `      "`+name+`": {"$ref": "#/definitions/`+definition+`"}`)
	}
	return lines
}

// withNames replaces the properties of one member of the schema, and leaves the rest of the text as it is.
func withNames(t *testing.T, text []byte, member string, lists ...[]string) []byte {
	t.Helper()
	lines := slices.Concat(lists...)
	slices.Sort(lines)
	form := regexp.MustCompile(`(?s)("` + member + `": \{"type": "object", "additionalProperties": false, "properties": \{\n).*?(\n    \}\})`)
	if !form.Match(text) {
		t.Fatalf("the schema has no %s", member)
	}
	out := form.ReplaceAll(text, []byte("${1}"+strings.ReplaceAll(strings.Join(lines, ",\n"), "$", "$$")+"${2}"))
	if !json.Valid(out) {
		t.Fatalf("the schema is no JSON any more: %s", member)
	}
	return out
}
