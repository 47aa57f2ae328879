package acsauth_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// packageRow is a row of the tables of packages in docs/architecture.md.
var packageRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| \\S.* \\|$")

// producers lists the packages that have code beside their tests.
func producers(t *testing.T) map[string]bool {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,GoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			GoFiles    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if name, _ := ours(p.ImportPath); len(p.GoFiles) > 0 {
			if name == "" {
				name = "."
			}
			all[name] = true
		}
	}
}

// Each package has one line in the description of the code, and each line a package.
func TestArchitectureListsEveryPackage(t *testing.T) {
	text := readText(t, "docs/architecture.md")
	_, list, _ := strings.Cut(text, "\n## Packages\n")
	list, _, found := strings.Cut(list, "\n## ")
	if !found {
		t.Fatal("docs/architecture.md has no section Packages")
	}
	packages, seen := producers(t), map[string]bool{}
	for _, m := range packageRow.FindAllStringSubmatch(list, -1) {
		if seen[m[1]] {
			t.Errorf("%s is listed twice", m[1])
		}
		seen[m[1]] = true
		if !packages[m[1]] {
			t.Errorf("%s is listed, and is no package with code", m[1])
		}
	}
	for name := range packages {
		if !seen[name] {
			t.Errorf("the package %s is not listed", name)
		}
	}
}

// housePages are the pages for whoever changes, extends or judges the project.
func housePages() []string {
	return []string{"docs/architecture.md", "docs/building-on-it.md", "docs/known-issues.md", "docs/security-model.md", "SECURITY.md", "CONTRIBUTING.md"}
}

var (
	houseLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	houseFile    = regexp.MustCompile("`((?:[A-Za-z0-9_.-]+/)+[A-Za-z0-9_.-]+|[a-z_]+\\.(?:go|md|yaml|sh))`")
	houseThreat  = regexp.MustCompile(`\b[TR]-\d\d\b`)
	houseSetting = regexp.MustCompile(`\bACSAUTH_[A-Z0-9_]*[A-Z0-9]\b`)
)

// Each link and anchor of the pages, and each file, package, setting and threat that they name, is there.
func TestHousePagesNameRealThings(t *testing.T) {
	settings, threats := readText(t, "docs/configuration.md"), readText(t, "docs/threat-model.md")
	names := 0
	for _, page := range housePages() {
		text := readText(t, page)
		for _, m := range houseLink.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "://") {
				names++
				checkHouseLink(t, page, m[1])
			}
		}
		for _, m := range houseFile.FindAllStringSubmatch(text, -1) {
			if top, _, _ := strings.Cut(m[1], "/"); !exists(top) {
				continue // not a path of ours, such as a media type
			}
			if names++; !exists(m[1]) {
				t.Errorf("%s: there is no %s", page, m[1])
			}
		}
		for _, row := range houseThreat.FindAllString(text, -1) {
			if names++; !strings.Contains(threats, "| "+row+" |") {
				t.Errorf("%s: there is no threat %s", page, row)
			}
		}
		for _, name := range houseSetting.FindAllString(text, -1) {
			if names++; !strings.Contains(settings, "`"+name) {
				t.Errorf("%s: there is no setting %s", page, name)
			}
		}
	}
	if names < 80 {
		t.Errorf("only %d names seen", names)
	}
}

func checkHouseLink(t *testing.T, page, link string) {
	t.Helper()
	target, anchor, _ := strings.Cut(link, "#")
	path := page
	if target != "" {
		path = filepath.Join(filepath.Dir(page), target)
	}
	if !exists(path) {
		t.Errorf("%s: %s leads nowhere", page, link)
		return
	}
	if anchor != "" && !headings(readText(t, path))[anchor] {
		t.Errorf("%s: %s has no such heading", page, link)
	}
}

var notInAnchor = regexp.MustCompile(`[^a-z0-9 _-]`)

// headings are the anchors of a page, as GitHub makes them.
func headings(text string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(text) {
		if rest := strings.TrimLeft(line, "#"); rest != line && strings.HasPrefix(rest, " ") {
			all[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(rest)), ""), " ", "-")] = true
		}
	}
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
