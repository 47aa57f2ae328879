package acsauth_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/acs-solutions/acsauth"

// mayImport is the import table of the house: package (or folder, with /...)
// to the packages of ours that its production code may import.
var mayImport = map[string][]string{
	"":            {},
	"acsidentity": {""},
	"api":         {},
	"client":      {},
	"storetest":   {""},

	"emulator":              {"emulator/internal/acs", "emulator/internal/emu", "emulator/internal/graph", "emulator/internal/entra"},
	"emulator/internal/...": {"emulator/internal/emu"},

	"internal/attack":     {},
	"internal/audit":      {""},
	"internal/authn":      {""},
	"internal/broker":     {"", "acsidentity", "internal/mapcache", "internal/quota", "internal/tracing"},
	"internal/config":     {},
	"internal/entra":      {""},
	"internal/limit":      {},
	"internal/mapcache":   {""},
	"internal/moving":     {""},
	"internal/policy":     {""},
	"internal/playground": {},
	"internal/probe":      {},
	"internal/quota":      {"acsidentity"},
	"internal/secret":     {"internal/config"},
	"internal/server":     {"", "api", "internal/audit", "internal/authn", "internal/broker", "internal/limit", "internal/policy", "internal/telemetry", "internal/tracing"},
	"internal/telemetry":  {"internal/tracing"},
	"internal/tlsfile":    {},
	"internal/tracing":    {""},

	"internal/store/cosmos":   {""},
	"internal/store/graph":    {"", "internal/entra"},
	"internal/store/postgres": {""},
	"internal/store/sqlite":   {""},
	"internal/store/tables":   {""},

	"cmd/internal/cli":         {"internal/config"},
	"cmd/internal/clitest":     {},
	"cmd/internal/doctor":      {"", "acsidentity", "cmd/internal/cli", "cmd/internal/explain", "cmd/internal/service", "cmd/internal/stores", "cmd/internal/tokensource", "internal/config", "internal/entra", "internal/store/postgres", "internal/store/sqlite"},
	"cmd/internal/explain":     {"", "cmd/internal/cli", "cmd/internal/service", "internal/authn", "internal/config"},
	"cmd/internal/failpoint":   {""},
	"cmd/internal/service":     {"", "acsidentity", "api", "cmd/internal/failpoint", "cmd/internal/stores", "internal/audit", "internal/authn", "internal/broker", "internal/config", "internal/limit", "internal/mapcache", "internal/playground", "internal/policy", "internal/quota", "internal/secret", "internal/server", "internal/store/sqlite", "internal/telemetry", "internal/tlsfile", "internal/tracing"},
	"cmd/internal/stores":      {"", "internal/config", "internal/entra", "internal/secret", "internal/store/cosmos", "internal/store/graph", "internal/store/postgres", "internal/store/sqlite", "internal/store/tables"},
	"cmd/acsauth":              {"", "cmd/internal/cli", "cmd/internal/doctor", "cmd/internal/explain", "cmd/internal/service", "cmd/internal/stores", "cmd/internal/tokensource", "internal/audit", "internal/config", "internal/moving", "internal/policy", "internal/probe", "internal/storebench", "internal/telemetry"},
	"cmd/acsauth-dev":          {"", "cmd/internal/cli", "cmd/internal/doctor", "cmd/internal/explain", "cmd/internal/failpoint", "cmd/internal/service", "cmd/internal/stores", "emulator", "internal/config", "internal/parts", "internal/telemetry", "internal/torture"},
	"cmd/internal/tokensource": {},

	// What measures and tests.
	"bench/emulator":          {"", "acsidentity", "bench/internal/dev", "emulator"},
	"bench/flood":             {"bench/internal/dev", "bench/internal/load"},
	"bench/growth":            {"", "acsidentity", "bench/internal/dev", "internal/broker", "internal/mapcache", "internal/parts", "internal/store/sqlite", "internal/storebench"},
	"bench/morning":           {"bench/internal/dev", "internal/parts"},
	"bench/http":              {"bench/internal/dev", "bench/internal/load", "internal/config"},
	"bench/internal/dev":      {},
	"bench/internal/load":     {},
	"examples/admin":          {},
	"examples/bot":            {"", "acsidentity"},
	"examples/ci":             {},
	"examples/embed":          {"client"},
	"examples/internal/...":   {},
	"deploy/container":        {},
	"deploy/azure":            {"internal/config"},
	"deploy/emulator":         {},
	"deploy/observability":    {},
	"deploy/internal/image":   {},
	"bench/stores":            {"", "internal/parts", "internal/store/cosmos", "internal/store/postgres", "internal/store/sqlite", "internal/store/tables", "internal/storebench", "interop/cosmos"},
	"e2e":                     {},
	"internal/parts":          {},
	"internal/contract":       {},
	"internal/storebench":     {""},
	"internal/testkit":        {},
	"internal/tools/apidocs":  {},
	"internal/tools/deps":     {},
	"internal/tools/vulndb":   {},
	"internal/torture":        {""},
	"interop/cosmos":          {},
	"interop/golang":          {},
	"internal/tools/doccheck": {"internal/config"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
}

func ours(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func allowed(pkg string) ([]string, bool) {
	if a, ok := mayImport[pkg]; ok {
		return a, true
	}
	for pattern, a := range mayImport {
		if folder, ok := strings.CutSuffix(pattern, "/..."); ok && strings.HasPrefix(pkg, folder+"/") {
			return a, true
		}
	}
	return nil, false
}

func TestImportTable(t *testing.T) {
	for _, l := range goList(t, "./...") {
		pkg, _ := ours(l.ImportPath)
		table, ok := allowed(pkg)
		if !ok {
			t.Errorf("package %q is not in the import table", pkg)
		}
		for _, imp := range l.Imports {
			of, isOurs := ours(imp)
			if isOurs && !slices.Contains(table, of) {
				t.Errorf("%q must not import %q", pkg, of)
			}
			if pkg == "" && strings.Contains(imp, ".") {
				t.Errorf("the root package imports %s: it may use the standard library only", imp)
			}
		}
	}
}
