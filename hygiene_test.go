package acsauth_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/version"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A linkedPackage is one of ours that the production program links.
type linkedPackage struct {
	ImportPath, Dir  string
	GoFiles, Imports []string
	Standard         bool
}

// linkedPackages lists them for the platform of the container image.
func linkedPackages(t *testing.T) (list []linkedPackage) {
	t.Helper()
	run := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Standard", "./cmd/acsauth")
	run.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := run.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p linkedPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if _, isOurs := ours(p.ImportPath); isOurs {
			list = append(list, p)
		}
	}
	if len(list) < 15 {
		t.Fatalf("only %d packages", len(list))
	}
	return list
}

// inspect walks through every file of a package.
func inspect(t *testing.T, p linkedPackage, visit func(ast.Node, token.Position)) {
	t.Helper()
	for _, name := range p.GoFiles {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n != nil {
				visit(n, set.Position(n.Pos()))
			}
			return true
		})
	}
}

func TestNoTLSWithoutVerification(t *testing.T) {
	const field = "InsecureSkipVerify"
	for _, p := range linkedPackages(t) {
		inspect(t, p, func(n ast.Node, at token.Position) {
			var set []ast.Expr
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				set = []ast.Expr{n.Key}
			case *ast.AssignStmt:
				set = n.Lhs
			}
			for _, e := range set {
				if s, ok := e.(*ast.SelectorExpr); ok {
					e = s.Sel
				}
				if id, ok := e.(*ast.Ident); ok && id.Name == field {
					t.Errorf("%s sets %s", at, field)
				}
			}
		})
	}
}

// A Caller comes from Verify only, and nothing in the settings switches that off.
func TestOneWayToACaller(t *testing.T) {
	var makers []string
	settings := 0
	weak := regexp.MustCompile(`(?i)insecure|skip|unsafe|no_?verif|anonymous`)
	for _, p := range linkedPackages(t) {
		pkg, _ := ours(p.ImportPath)
		inspect(t, p, func(n ast.Node, at token.Position) {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if pkg == "internal/authn" && n.Name.IsExported() && returnsCaller(n.Type) {
					makers = append(makers, n.Name.Name)
				}
			case *ast.Field:
				if pkg != "internal/config" || n.Tag == nil || !strings.Contains(n.Tag.Value, `env:"`) {
					return
				}
				settings++
				if weak.MatchString(n.Names[0].Name) {
					t.Errorf("%s: the setting %s sounds like a check that can be switched off", at, n.Names[0].Name)
				}
			}
		})
	}
	if !slices.Equal(makers, []string{"Verify"}) {
		t.Errorf("exported functions of internal/authn that return a Caller: %v", makers)
	}
	if settings < 30 {
		t.Errorf("only %d settings seen", settings)
	}
}

func returnsCaller(f *ast.FuncType) bool {
	if f.Results == nil {
		return false
	}
	for _, r := range f.Results.List {
		e := r.Type
		if star, ok := e.(*ast.StarExpr); ok {
			e = star.X
		}
		if s, ok := e.(*ast.SelectorExpr); ok && s.Sel.Name == "Caller" {
			return true
		}
	}
	return false
}

// Packages that production code of ours has no use for, and those that may use
// weak random numbers: for jitter and load, never for a secret.
func TestImportsOfProduction(t *testing.T) {
	forbidden := []string{"unsafe", "os/exec", "plugin", "net/http/pprof", "net/http/httptest", "testing", "math/rand"}
	jitter := []string{"internal/authn", "internal/broker", "internal/store/postgres", "internal/entra", "internal/store/cosmos", "internal/store/graph", "internal/storebench"}
	for _, p := range linkedPackages(t) {
		pkg, _ := ours(p.ImportPath)
		for _, imp := range p.Imports {
			if imp == "os/exec" && pkg == "cmd/internal/tokensource" {
				continue // acsauth probe --token-command
			}
			if slices.Contains(forbidden, imp) {
				t.Errorf("%s imports %s", pkg, imp)
			}
			if imp == "math/rand/v2" && !slices.Contains(jitter, pkg) {
				t.Errorf("%s imports %s", pkg, imp)
			}
		}
	}
}

// What is built is not kept: no file of the repository is large, or anything but text.
func TestFilesAreText(t *testing.T) {
	const most = 1 << 20
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(files) < 500 {
		t.Fatalf("only %d files", len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // taken away, and not yet committed
		}
		if err != nil {
			t.Error(err)
		} else if len(text) > most || strings.IndexByte(string(text), 0) >= 0 {
			t.Errorf("%s has %d bytes, or is not text", name, len(text))
		}
	}
}

// Older ones have known faults in net/http (docs/threat-model.md, R-43).
func TestGoVersion(t *testing.T) {
	const least = "go1.26.6"
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(text)
	if m == nil || version.Compare("go"+string(m[1]), least) < 0 {
		t.Errorf("go.mod asks for less than %s", least)
	}
	if v := runtime.Version(); version.IsValid(v) && version.Compare(v, least) < 0 {
		t.Errorf("this is %s, older than %s", v, least)
	}
}
