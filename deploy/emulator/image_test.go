package emulator

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../.."

// An instruction is one line of a Dockerfile, continuation lines joined.
type instruction struct{ name, rest string }

func readDockerfile(t *testing.T) (list []instruction) {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	joined := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(string(text), "")
	for line := range strings.Lines(joined) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		list = append(list, instruction{name, rest})
	}
	return list
}

// last returns what the last instruction of a name says.
func last(t *testing.T, list []instruction, name string) string {
	t.Helper()
	for _, i := range slices.Backward(list) {
		if i.name == name {
			return i.rest
		}
	}
	t.Fatalf("the Dockerfile has no %s", name)
	return ""
}

// words decodes the form of a command that needs no shell, which scratch does not have.
func words(t *testing.T, text string) (list []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) == 0 {
		t.Fatalf("%s is not a list of words: %v", text, err)
	}
	return list
}

func TestStages(t *testing.T) {
	list := readDockerfile(t)
	var from []string
	for _, i := range list {
		switch i.name {
		case "FROM":
			from = append(from, i.rest)
		case "ADD", "MAINTAINER", "SHELL", "ONBUILD":
			t.Errorf("%s has no place here", i.name)
		case "COPY":
			checkCopy(t, i.rest)
		}
	}
	if len(from) != 2 || !regexp.MustCompile(`^golang:\d+\.\d+\.\d+-\w+ AS build$`).MatchString(from[0]) || from[1] != "scratch" {
		t.Errorf("stages %q, want an exact version of Go, and scratch", from)
	}
	if user := last(t, list, "USER"); !regexp.MustCompile(`^[1-9]\d{3,}:[1-9]\d{3,}$`).MatchString(user) {
		t.Errorf("USER %s: want numbers, and not root's", user)
	}
	goMod, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	image := strings.TrimPrefix(strings.SplitN(from[0], "-", 2)[0], "golang:")
	if !strings.Contains(string(goMod), "\ntoolchain go"+image+"\n") {
		t.Errorf("the image builds with Go %s, go.mod names another toolchain", image)
	}
}

// checkCopy wants each source to exist: in the repository, or as what a stage before has made.
func checkCopy(t *testing.T, rest string) {
	t.Helper()
	parts := strings.Fields(rest)
	if strings.HasPrefix(parts[0], "--from=build") {
		return // check.sh makes it
	}
	for _, source := range parts[:len(parts)-1] {
		if _, err := os.Stat(filepath.Join(repository, source)); err != nil {
			t.Errorf("COPY %s: %v", rest, err)
		}
	}
}

// The build is static if no package of the program has C in it. check.sh builds and runs it.
func TestStaticBuild(t *testing.T) {
	var build string
	for _, i := range readDockerfile(t) {
		if i.name == "RUN" && strings.Contains(i.rest, "go build") {
			build = i.rest
		}
	}
	if !regexp.MustCompile(`^CGO_ENABLED=0 go build .*-o /image/acsauth-dev \./cmd/acsauth-dev$`).MatchString(build) {
		t.Fatalf("the build is %q", build)
	}
	list := exec.Command("go", "list", "-deps", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", "./cmd/acsauth-dev")
	list.Dir, list.Env = repository, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	if c := strings.Fields(string(out)); len(c) > 0 {
		t.Errorf("packages with C: %q", c)
	}
}

// What the build needs must not be kept from it.
func TestIgnored(t *testing.T) {
	text, err := os.ReadFile("Dockerfile.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-deps", "-f", `{{if and .Module .Module.Main}}{{.Dir}}{{end}}`, "./cmd/acsauth-dev")
	list.Dir = repository
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(repository)
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
		if slices.Contains(strings.Fields(string(text)), first) {
			t.Errorf("%s is built, and %s is ignored", rel, first)
		}
	}
}
