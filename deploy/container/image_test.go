package container

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/deploy/internal/image"
)

func TestStages(t *testing.T) {
	list := image.Read(t)
	list.CheckStages(t)
	base := strings.TrimPrefix(list.All("ARG")[0], "BASE=")
	if !regexp.MustCompile(`^gcr\.io/distroless/static-debian12:nonroot(@sha256:[0-9a-f]{64})?$`).MatchString(base) {
		t.Errorf("it stands on %q, want an image without a shell", base)
	}
	if from := list.All("FROM"); !slices.Equal(from[1:], []string{"${BASE} AS empty", "empty AS release", "empty AS image"}) {
		t.Errorf("stages %q", from)
	}
	if dir := list.Last(t, "WORKDIR"); dir != "/home/nonroot" {
		t.Errorf("the default of ACSAUTH_STORE is in %s", dir)
	}
	for _, label := range []string{"title", "description", "source", "licenses", "version", "revision"} {
		if !strings.Contains(list.Last(t, "LABEL"), "org.opencontainers.image."+label+"=") {
			t.Errorf("no label %s", label)
		}
	}
}

func TestStaticBuild(t *testing.T) { image.Read(t).CheckStatic(t, "acsauth") }

// A file that is missing in the build would make the version say that something was changed.
func TestNothingOfGitIsIgnored(t *testing.T) {
	image.CheckIgnored(t, "acsauth")
	list := exec.Command("git", "ls-files")
	list.Dir = image.Repository
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(out))
	if len(files) < 500 {
		t.Fatalf("only %d files", len(files))
	}
	for _, pattern := range image.Ignored(t) {
		for _, file := range files {
			if ignores(t, pattern, file) {
				t.Errorf("%s keeps %s from the build", pattern, file)
			}
		}
	}
}

// ignores reports whether a pattern, with **/ in front or not, fits a file or a folder that it is in.
func ignores(t *testing.T, pattern, file string) bool {
	t.Helper()
	last, anywhere := strings.CutPrefix(pattern, "**/")
	parts := strings.Split(file, "/")
	for i, part := range parts {
		ok, err := filepath.Match(last, part)
		if err != nil {
			t.Fatal(err)
		}
		if ok && (anywhere || i == 0) {
			return true
		}
	}
	return false
}

func TestIgnores(t *testing.T) {
	if !ignores(t, "**/*.db", "a/b.db") || !ignores(t, "bin", "bin/x") || ignores(t, "bin", "a/bin/x") || ignores(t, "**/*.db", "a/b.dbx") {
		t.Error("patterns are read wrongly")
	}
}
