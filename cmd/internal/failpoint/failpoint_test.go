package failpoint_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestNotInANormalBuild: the production program has no point at which it dies,
// and can be given none; the test build has them, so the search does find them.
func TestNotInANormalBuild(t *testing.T) {
	mark := []byte("there is no point of this name")
	for _, c := range []struct {
		tags string
		want bool
	}{{"", false}, {"failpoints", true}} {
		path := filepath.Join(t.TempDir(), "acsauth")
		if out, err := exec.Command("go", "build", "-tags", c.tags, "-o", path, "../../acsauth").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		binary, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(binary, mark) != c.want {
			t.Errorf("with the tags %q the program has kill points: %v", c.tags, !c.want)
		}
	}
}
