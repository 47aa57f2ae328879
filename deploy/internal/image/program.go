package image

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// CheckStatic wants the command that builds a program to make a static one: no package of it has C in it. check.sh builds and runs it.
func (f File) CheckStatic(t *testing.T, program string) {
	t.Helper()
	var build string
	for _, rest := range f.All("RUN") {
		if strings.Contains(rest, "go build") {
			build = rest
		}
	}
	if !regexp.MustCompile(`^CGO_ENABLED=0 .*go build .*-trimpath .*-o /image/` + program + ` \./cmd/` + program + `$`).MatchString(build) {
		t.Fatalf("the build is %q", build)
	}
	list := exec.Command("go", "list", "-deps", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", "./cmd/"+program)
	list.Dir, list.Env = Repository, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	if c := strings.Fields(string(out)); len(c) > 0 {
		t.Errorf("packages with C: %q", c)
	}
}

// Ignored returns what is kept from the build.
func Ignored(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("Dockerfile.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(string(text), ""))
}

// CheckIgnored wants nothing that the build of a program needs to be kept from it.
func CheckIgnored(t *testing.T, program string) {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-f", `{{if and .Module .Module.Main}}{{.Dir}}{{end}}`, "./cmd/"+program)
	list.Dir = Repository
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(Repository)
	if err != nil {
		t.Fatal(err)
	}
	dirs := strings.Fields(string(out))
	if len(dirs) < 5 {
		t.Fatalf("only %d folders", len(dirs))
	}
	for _, dir := range dirs {
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
		if slices.Contains(Ignored(t), first) {
			t.Errorf("%s is built, and %s is ignored", rel, first)
		}
	}
}

// Build builds a program, and returns where it is.
func Build(t *testing.T, program string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), program)
	if out, err := exec.Command("go", "build", "-o", path, Repository+"/cmd/"+program).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}
