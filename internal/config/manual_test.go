package config

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const manualPath = "../../docs/configuration.md"

var update = flag.Bool("update", false, "write "+manualPath+" anew")

const manualHead = `<!-- Made from the comments of internal/config/config.go by "go generate ./internal/config". Do not edit. -->

# Configuration

Settings come from flags, the environment, a file (` + "`--config FILE`" + `) and defaults. A flag wins over the environment, the
environment over the file, the file over the default. An empty value counts as not given.

- The file has lines ` + "`NAME=VALUE`" + ` with the same names. Empty lines and lines that begin with ` + "`#`" + ` are skipped. At most 64 KiB.
- A secret may also be given as ` + "`<NAME>_FILE`" + `, the path of a file that holds it (one line break at its end is dropped, at most 64 KiB). Giving both is a fault.
- A secret may also be in Azure Key Vault: the value, or the content of the file, is then ` + "`keyvault:https://VAULT.vault.azure.net/secrets/NAME`" + `. See [secrets.md](secrets.md).
- A list has commas between its entries.
- A name that begins with ` + "`ACSAUTH_`" + ` and is not in this table is a fault, so a slip of the pen is found at the start. The variables that Kubernetes makes for a service called acsauth are left alone.
- ` + "`acsauth check`" + ` prints what is in effect and where it came from, with secrets redacted, and every fault at once. ` + "`acsauth check --ping`" + ` also asks the upstreams.

The least that a service needs: ` + "`ACSAUTH_TENANT_IDS`, `ACSAUTH_CLIENT_ID`, `ACSAUTH_ALLOWED_CLIENTS`" + `, and either
` + "`ACSAUTH_ACS_CONNECTION_STRING` or `ACSAUTH_ACS_ENDPOINT`" + `.
`

const manualSamples = `
## Names of the public samples

A deployment of Microsoft's authentication hero samples can keep its settings: these names are accepted too, from the
environment and from the file. Two names of one setting with different values are a fault.

| Name | Where it is from | Stands for |
|---|---|---|
`

const manualFoot = `
Other settings of the samples are not read: their client secret is used by the graph store only, since no other makes
requests on behalf of a user, and ` + "`CommunicationServices__Scopes__0`" + ` and its like are not known (set ` + "`ACSAUTH_SCOPES`" + `; the
default is the samples' own list). ` + "`common`, `organizations` and `consumers`" + `, which the samples take as a tenant, are refused.

## Refused in production

` + "`acsauth`" + ` refuses an authority or ACS endpoint without https or on loopback, every id and key of the emulator, and an audience
of a Microsoft API. There is no switch for it: the development program is another binary, ` + "`acsauth-dev`" + `, which in turn listens on
loopback only.
`

// origin of the other names, for the manual.
var whence = []struct{ start, place string }{
	{"AzureActiveDirectory__", "C# sample"},
	{"CommunicationServices__", "C# sample"},
	{"microsoftEntraID_", "Node sample"},
	{"azureActiveDirectory_", "Node sample's deployment template"},
	{"communicationServices_", "Node sample"},
	{"AZURE_", "Azure SDKs, Kubernetes workload identity"},
}

func TestManualIsCurrent(t *testing.T) {
	want := manual(t)
	if *update {
		if err := os.WriteFile(manualPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(manualPath)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("%s is not current; run go generate ./internal/config\n%s", manualPath, d)
	}
}

func TestEverySettingIsExplained(t *testing.T) {
	comments := fieldComments(t)
	seen := map[string]bool{}
	for _, s := range settings() {
		for _, name := range s.names() {
			if seen[name] {
				t.Errorf("%s is the name of two settings", name)
			}
			seen[name] = true
		}
		if !strings.HasPrefix(s.name, prefix) || s.group == "" || s.write == "" || comments[s.field] == "" {
			t.Errorf("%s lacks a name, a group, advice or a comment", s.field)
		}
	}
}

func manual(t *testing.T) string {
	comments := fieldComments(t)
	var b strings.Builder
	b.WriteString(manualHead)
	group := ""
	for _, s := range settings() {
		if s.group != group {
			group = s.group
			fmt.Fprintf(&b, "\n## %s\n\n| Name | Default | What it is |\n|---|---|---|\n", group)
		}
		def := "none"
		if s.def != "" {
			def = "`" + s.def + "`"
		}
		secret := ""
		if s.secret {
			secret = " Secret, also as `" + s.name + fileSuffix + "`."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s%s Write %s. |\n", s.name, def, comments[s.field], secret, s.write)
	}
	b.WriteString(manualSamples)
	for _, s := range settings() {
		for _, a := range s.aliases {
			fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", a, placeOf(t, a), s.name)
		}
	}
	return b.String() + manualFoot
}

func placeOf(t *testing.T, name string) string {
	for _, w := range whence {
		if strings.HasPrefix(name, w.start) {
			return w.place
		}
	}
	t.Errorf("the manual cannot say where %s is from", name)
	return ""
}

// fieldComments reads the comments of the fields of Config from its source.
func fieldComments(t *testing.T) map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && f.Doc != nil && len(f.Names) == 1 {
			out[f.Names[0].Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
		}
		return true
	})
	return out
}
