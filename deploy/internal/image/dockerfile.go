// Package image holds what the tests of the container files have in common. Only tests import it.
package image

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Repository is the root of the repository, seen from the folder of a container file.
const Repository = "../.."

// An Instruction is one line of a Dockerfile, continuation lines joined.
type Instruction struct{ Name, Rest string }

// A File is a Dockerfile.
type File []Instruction

// Read reads the Dockerfile of the folder that the test is in.
func Read(t *testing.T) (list File) {
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
		list = append(list, Instruction{name, rest})
	}
	return list
}

// All returns what the instructions of a name say.
func (f File) All(name string) (list []string) {
	for _, i := range f {
		if i.Name == name {
			list = append(list, i.Rest)
		}
	}
	return list
}

// Last returns what the last instruction of a name says.
func (f File) Last(t *testing.T, name string) string {
	t.Helper()
	all := f.All(name)
	if len(all) == 0 {
		t.Fatalf("the Dockerfile has no %s", name)
	}
	return all[len(all)-1]
}

// Command returns the words that an image runs.
func (f File) Command(t *testing.T) []string {
	t.Helper()
	return append(Words(t, f.Last(t, "ENTRYPOINT")), Words(t, f.Last(t, "CMD"))...)
}

// Health returns the words of the health check.
func (f File) Health(t *testing.T) []string {
	t.Helper()
	_, check, _ := strings.Cut(f.Last(t, "HEALTHCHECK"), " CMD ")
	return Words(t, check)
}

// Words decodes the form of a command that needs no shell, which the images do not have.
func Words(t *testing.T, text string) (list []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) == 0 {
		t.Fatalf("%s is not a list of words: %v", text, err)
	}
	return list
}

// CheckStages wants what holds for every image of ours: built with the Go of go.mod, from files that exist, not run as root.
func (f File) CheckStages(t *testing.T) {
	t.Helper()
	for _, i := range f {
		switch i.Name {
		case "ADD", "MAINTAINER", "SHELL", "ONBUILD":
			t.Errorf("%s has no place here", i.Name)
		case "COPY":
			checkCopy(t, i.Rest)
		}
	}
	if user := f.Last(t, "USER"); !regexp.MustCompile(`^[1-9]\d{3,}:[1-9]\d{3,}$`).MatchString(user) {
		t.Errorf("USER %s: want numbers, and not root's", user)
	}
	m := regexp.MustCompile(`^(?:--platform=\$BUILDPLATFORM )?golang:(\d+\.\d+\.\d+)-\w+ AS build$`).FindStringSubmatch(f.All("FROM")[0])
	if m == nil {
		t.Fatalf("the first stage is %q, want an exact version of Go", f.All("FROM")[0])
	}
	goMod, err := os.ReadFile(filepath.Join(Repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(goMod), "\ntoolchain go"+m[1]+"\n") {
		t.Errorf("the image builds with Go %s, go.mod names another toolchain", m[1])
	}
}

// checkCopy wants each source to exist: in the repository, or as what something before has made.
func checkCopy(t *testing.T, rest string) {
	t.Helper()
	parts := slices.DeleteFunc(strings.Fields(rest), func(s string) bool { return strings.HasPrefix(s, "--chown=") })
	if parts[0] == "--from=build" || strings.HasPrefix(parts[0], "${TARGETPLATFORM}/") {
		return // check.sh makes it, and so does a release
	}
	for _, source := range parts[:len(parts)-1] {
		if _, err := os.Stat(filepath.Join(Repository, source)); err != nil {
			t.Errorf("COPY %s: %v", rest, err)
		}
	}
}
