package main

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

func TestListIsUpToDate(t *testing.T) {
	modules, err := linked(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 20 {
		t.Fatalf("only %d modules", len(modules))
	}
	want, err := document(modules)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("docs/dependencies.md is not what is linked; look at what changed, and run: go run ./internal/tools/deps > docs/dependencies.md\n%s", firstDifference(string(have), want))
	}
}

func firstDifference(have, want string) string {
	a, b := strings.Split(have, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "committed: " + a[i] + "\nlinked:    " + b[i]
		}
	}
	return "one of them is longer"
}

// go list and the binary itself must agree about what is linked.
func TestListIsThatOfTheBinary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acsauth")
	build := exec.Command("go", "build", "-o", path, command)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var binary []string
	for _, m := range info.Deps {
		binary = append(binary, m.Path+" "+m.Version)
	}
	modules, err := linked(root)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range modules {
		listed = append(listed, m.Path+" "+m.Version)
	}
	slices.Sort(binary)
	if !slices.Equal(binary, listed) {
		t.Errorf("the binary has\n%s\nand the list\n%s", strings.Join(binary, "\n"), strings.Join(listed, "\n"))
	}
}

func TestLicencesAreRecognized(t *testing.T) {
	for text, want := range map[string]string{
		"GNU GENERAL PUBLIC LICENSE\n Version 3": "GPL", "GNU AFFERO GENERAL PUBLIC\nLICENSE": "AGPL", "GNU Lesser General Public License": "LGPL",
		"Server Side Public License": "SSPL", "Business Source License 1.1": "BUSL", "Mozilla Public License, v. 2.0, or the GNU General Public License": "MPL",
		"Apache License\n Version 2.0, January 2004": "Apache-2.0", "Apache License Version 2.0 with Commons Clause": "Commons-Clause",
		"All rights reserved.": "unknown", "": "unknown",
		"Permission is hereby granted, free of charge, to any person obtaining a copy ... copies or substantial portions of": "MIT",
	} {
		if got := classify(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestFaultsAreFound(t *testing.T) {
	fine := module{Path: "a", Version: "v1", Direct: true, Licences: []string{"MIT"}}
	why := map[string]string{"a": "needed"}
	if err := faults([]module{fine}, why); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*module)
		want   string
	}{
		"forbidden": {func(m *module) { m.Licences = []string{"MIT", "AGPL"} }, "AGPL, which is not permitted"},
		"unknown":   {func(m *module) { m.Licences = []string{"unknown"} }, "unknown"},
		"none":      {func(m *module) { m.Licences = []string{"none"} }, "none"},
		"replaced":  {func(m *module) { m.Replaced = true }, "replaces"},
		"indirect":  {func(m *module) { m.Direct = false }, "does not import it"},
		"new":       {func(m *module) { m.Path = "b" }, "b: write into reasons.txt"},
	} {
		m := fine
		c.change(&m)
		if err := faults([]module{m}, why); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLicenceFilesAreRead(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want ...string) {
		t.Helper()
		if got, err := licences(folder); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
	expect("none")
	write("COPYING.md", "Apache License Version 2.0")
	write("readme", "GNU General Public License")
	expect("Apache-2.0")
	write("LICENSE-other", "GNU General Public License")
	expect("Apache-2.0", "GPL")
}

func TestBillOfMaterials(t *testing.T) {
	modules, err := linked(root)
	if err != nil {
		t.Fatal(err)
	}
	text, err := sbom(modules)
	if err != nil {
		t.Fatal(err)
	}
	var b bom
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || len(b.Components) != len(modules) {
		t.Errorf("%s with %d of %d components", b.Format, len(b.Components), len(modules))
	}
	for i, c := range b.Components {
		if c.Name != modules[i].Path || c.Version != modules[i].Version || len(c.Licences) == 0 || !strings.HasPrefix(c.PURL, "pkg:golang/") {
			t.Errorf("%+v", c)
		}
	}
	if got := purl(module{Path: "github.com/Azure/x/v2", Version: "v1.0.0+incompatible"}); got != "pkg:golang/github.com/azure/x/v2@v1.0.0%2Bincompatible" {
		t.Error(got)
	}
}
