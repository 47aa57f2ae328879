package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/api"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/store/graph"
	"github.com/getkin/kin-openapi/openapi3"
)

func statusByCode() map[string]int {
	m := map[string]int{}
	for _, c := range codes {
		m[c.Code] = kindStatus[c.Kind]
		if c.Status != 0 {
			m[c.Code] = c.Status
		}
	}
	return m
}

func TestEveryCodeIsThereOnce(t *testing.T) {
	if len(statusByCode()) != len(codes) {
		t.Error("a code is in the list twice")
	}
}

// TestDocsHaveEveryCode: docs/errors.md has one section for each code, with its status.
func TestDocsHaveEveryCode(t *testing.T) {
	b, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^## (\S+)\n\nStatus (\d+)\. .+\n\n\*What to change:\* .+$`).FindAllStringSubmatch(string(b), -1) {
		if _, twice := got[m[1]]; twice {
			t.Errorf("%s has two sections", m[1])
		}
		got[m[1]], _ = strconv.Atoi(m[2])
	}
	if !maps.Equal(got, statusByCode()) {
		t.Errorf("docs/errors.md and the list of codes differ:\n%v\n%v", got, statusByCode())
	}
	if n := strings.Count(string(b), "\n## "); n != len(got) {
		t.Errorf("%d sections, of which %d have the usual form", n, len(got))
	}
}

// TestOpenAPIHasEveryCode: the document lists each code under its status, and no other.
func TestOpenAPIHasEveryCode(t *testing.T) {
	d, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for name, ref := range d.Components.Responses {
		media := ref.Value.Content.Get("application/problem+json")
		oauth := strings.HasPrefix(name, "Exchange") // a token endpoint: status 400 where other routes have 401 and 403
		if oauth && name != "Exchanged" {
			media = ref.Value.Content.Get("application/json")
		}
		if media == nil {
			continue
		}
		about := media.Schema.Value.AllOf[1].Value.Properties
		status := int(about["status"].Value.Const.(float64))
		examples := map[string]any{"": media.Example}
		for code, e := range media.Examples {
			delete(examples, "")
			examples[code] = e.Value.Value
		}
		for _, value := range examples {
			example := value.(map[string]any)
			if err := media.Schema.Value.VisitJSON(example, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("example of %s: %v", name, err)
			}
			if title, _ := describe(&acsauth.Error{Code: example["code"].(string)}); title != example["title"] {
				t.Errorf("example of %s has the title %q, the code has %q", name, example["title"], title)
			}
		}
		for _, c := range about["code"].Value.Enum {
			old, seen := got[c.(string)]
			if elsewhere := statusByCode()[c.(string)]; oauth && status == 400 && (elsewhere == 401 || elsewhere == 403) {
				continue
			}
			if seen && old != status {
				t.Errorf("%s has two statuses", c)
			}
			got[c.(string)] = status
		}
	}
	if !maps.Equal(got, statusByCode()) {
		t.Errorf("openapi.yaml and the list of codes differ:\n%v\n%v", got, statusByCode())
	}
}

// TestSourcesUseTheCodes: each code is raised somewhere, and nothing that looks
// like a code is missing from the list.
func TestSourcesUseTheCodes(t *testing.T) {
	known, used := statusByCode(), map[string]bool{}
	looksLikeCode := regexp.MustCompile(`^(token|policy|grant|target|client|admin|address|tenant|audit|teams|keys|scope|lifetime|identity|deletion|acs|create|store|route|method|body|media|request|graph|entra|mapping|consent|assertion|user)(_[a-z]+)+$`)
	others := append(slices.Concat(broker.EventNames(), graph.EventNames()), "token_endpoint", "request_id", "client_id", "client_secret", "client_assertion", "client_assertion_type", "client_credentials", "grant_type")
	for _, dir := range []string{"../authn", "../broker", "../entra", "../policy", "../store/graph", "."} {
		for _, s := range literals(t, dir) {
			if _, ok := known[s]; ok {
				used[s] = true
			} else if looksLikeCode.MatchString(s) && !slices.Contains(others, s) {
				t.Errorf("%s uses %q, which is not in the list of codes", dir, s)
			}
		}
	}
	for code := range known {
		if !used[code] {
			t.Errorf("nothing raises %s", code)
		}
	}
}

// literals returns the string literals of the production code in dir, but for the list itself.
func literals(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name := filepath.Base(path)
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "codes.go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, _ := strconv.Unquote(lit.Value) // a literal that parsed can be unquoted
				list = append(list, s)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
