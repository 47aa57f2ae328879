package acsauth_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A threatRow is a row of a table in docs/threat-model.md.
type threatRow struct{ id, tests string }

var (
	threatForm = regexp.MustCompile(`(?m)^\| ([TR]-\d\d) \| (.+) \| (.+) \| (.+) \|$`)
	testForm   = regexp.MustCompile("`([^`]+)`")
)

// Each threat and each known failure elsewhere has a control, and a test that exists.
func TestThreatModel(t *testing.T) {
	text, err := os.ReadFile("docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]threatRow{}
	for _, m := range threatForm.FindAllStringSubmatch(string(text), -1) {
		kind := m[1][:1]
		rows[kind] = append(rows[kind], threatRow{m[1], m[4]})
	}
	known := map[string]*packageTests{}
	for kind, want := range map[string]int{"T": 68, "R": 50} {
		if len(rows[kind]) != want {
			t.Errorf("%d rows %s-nn, want %d", len(rows[kind]), kind, want)
		}
		for i, r := range rows[kind] {
			if id := fmt.Sprintf("%s-%02d", kind, i+1); r.id != id {
				t.Errorf("%s is where %s should be", r.id, id)
			}
			checkTests(t, known, r)
		}
	}
}

// withoutTest are the rows that a test cannot show.
var withoutTest = map[string]string{"T-31": "design", "T-54": "doc", "T-58": "doc"}

func checkTests(t *testing.T, known map[string]*packageTests, r threatRow) {
	t.Helper()
	if word, ok := withoutTest[r.id]; ok {
		if r.tests != word {
			t.Errorf("%s: %q, want %s", r.id, r.tests, word)
		}
		return
	}
	names := testForm.FindAllStringSubmatch(r.tests, -1)
	if len(names) == 0 {
		t.Errorf("%s names no test", r.id)
	}
	for _, m := range names {
		folder, test, ok := strings.Cut(m[1], ".")
		test, sub, _ := strings.Cut(test, "/")
		if !ok {
			t.Errorf("%s: %s is not PACKAGE.TEST or PACKAGE.TEST/CASE", r.id, m[1])
			continue
		}
		if folder == "acsauth" {
			folder = "."
		}
		if known[folder] == nil {
			known[folder] = readTests(t, folder)
		}
		switch p := known[folder]; {
		case !p.funcs[test]:
			t.Errorf("%s: there is no test %s", r.id, m[1])
		case sub != "" && !p.says(sub):
			t.Errorf("%s: no text of %s has the case %s", r.id, folder, sub)
		}
	}
}

// packageTests is what the test files of a folder hold.
type packageTests struct {
	funcs map[string]bool
	texts []string // string literals
}

func (p *packageTests) says(s string) bool {
	for _, text := range p.texts {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

func readTests(t *testing.T, folder string) *packageTests {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	p := &packageTests{funcs: map[string]bool{}}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && isTest(n.Name.Name) {
					p.funcs[n.Name.Name] = true
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					p.texts = append(p.texts, n.Value)
				}
			}
			return true
		})
	}
	return p
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
}
