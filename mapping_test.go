package acsauth_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	securityRow = regexp.MustCompile(`(?m)^\| ([ZPK]-\d\d) \| (.+) \| (.+) \|$`)
	fuzzForm    = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
)

// Each fuzz target, property and check of docs/testing-security.md is there, and no fuzz target is missing in it.
func TestSecurityTests(t *testing.T) {
	text, err := os.ReadFile("docs/testing-security.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]threatRow{}
	for _, m := range securityRow.FindAllStringSubmatch(string(text), -1) {
		rows[m[1][:1]] = append(rows[m[1][:1]], threatRow{m[1], m[3]})
	}
	known := map[string]*packageTests{}
	mapped := map[string]bool{}
	for kind, want := range map[string]int{"Z": 17, "P": 12, "K": 11} {
		if len(rows[kind]) != want {
			t.Errorf("%d rows %s-nn, want %d", len(rows[kind]), kind, want)
		}
		for i, r := range rows[kind] {
			if id := fmt.Sprintf("%s-%02d", kind, i+1); r.id != id {
				t.Errorf("%s is where %s should be", r.id, id)
			}
			checkTests(t, known, r)
			for _, m := range testForm.FindAllStringSubmatch(r.tests, -1) {
				mapped[m[1]] = true
				if isFuzz := strings.Contains(m[1], ".Fuzz"); isFuzz != (kind == "Z") {
					t.Errorf("%s names %s", r.id, m[1])
				}
			}
		}
	}
	targets := fuzzTargets(t)
	if len(targets) < 40 {
		t.Errorf("only %d fuzz targets were found", len(targets))
	}
	for _, target := range targets {
		if !mapped[target] {
			t.Errorf("%s is in no row of docs/testing-security.md", target)
		}
	}
}

// fuzzTargets lists all targets as FOLDER.NAME.
func fuzzTargets(t *testing.T) (list []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || len(path) > 1 && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		folder := filepath.ToSlash(filepath.Dir(path))
		if folder == "." {
			folder = "acsauth"
		}
		for _, m := range fuzzForm.FindAllSubmatch(text, -1) {
			list = append(list, folder+"."+string(m[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
