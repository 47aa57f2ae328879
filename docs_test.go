package acsauth_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The documents name what is there: links, anchors, commands, settings, metrics, codes.
func TestDocuments(t *testing.T) {
	dependOnAllFiles(t)
	if out, err := exec.Command("go", "run", "./internal/tools/doccheck").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// dependOnAllFiles looks at each file that git tracks, and at its list of them, so that go test takes no older result once one has changed.
func dependOnAllFiles(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"ls-files"}, {"rev-parse", "--git-path", "index"}} {
		out, err := exec.Command("git", args...).Output()
		if err != nil {
			t.Fatalf("git %s: %v", args[0], err)
		}
		for line := range strings.Lines(string(out)) {
			if _, err := os.Stat(strings.TrimSuffix(line, "\n")); err != nil {
				t.Log(err) // taken away, and not yet committed
			}
		}
	}
}
