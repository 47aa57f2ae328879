package acsauth_test

import (
	"os/exec"
	"testing"
)

// The documents name what is there: links, anchors, commands, settings, metrics, codes.
func TestDocuments(t *testing.T) {
	if out, err := exec.Command("go", "run", "./internal/tools/doccheck").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
