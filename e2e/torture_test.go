package e2e

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// A small torture of each store; docs/torture.md says how to run a large one.
func TestTorture(t *testing.T) {
	t.Parallel() // it waits for leases to end
	for _, store := range []string{"sqlite", "postgres", "tables"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(devBinary, "torture", "--store", store, "--users", strconv.Itoa(scaled(120, 5000)),
				"--kills", strconv.Itoa(scaled(3, 50)), "--database-kills", strconv.Itoa(scaled(1, 5)), "--faults", "0.1")
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil || !strings.HasPrefix(string(out), "| store ") {
				t.Errorf("%v", err)
			}
		})
	}
}
