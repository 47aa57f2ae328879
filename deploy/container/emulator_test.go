package container

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/deploy/internal/image"
)

// What the compose file runs without a cloud account gets ready, and its health check sees it. Only ports and the folder differ.
func TestEmulatorProfile(t *testing.T) {
	s := image.ReadCompose(t).Services["acsauth-dev"]
	program := image.Build(t, "acsauth-dev")
	if len(s.Entrypoint) != 1 || s.Entrypoint[0] != "/acsauth-dev" || s.Healthcheck.Test[1] != "/acsauth-dev" {
		t.Fatalf("it runs %q and %q", s.Entrypoint, s.Healthcheck.Test)
	}
	data := filepath.Join(t.TempDir(), "data")
	var args []string
	for _, word := range s.Command {
		word = regexp.MustCompile(`(listen=127\.0\.0\.1):\d+$`).ReplaceAllString(word, "$1:0")
		args = append(args, strings.Replace(word, "/tmp/acsauth", data, 1))
	}
	var at struct{ Server, Admin string }
	image.Start(t, program, append(args, "--json"), nil).ReadLine(t, &at)
	if !strings.HasPrefix(at.Server, "http://127.0.0.1:") {
		t.Errorf("it is at %s", at.Server)
	}
	health := exec.Command(program, append(s.Healthcheck.Test[2:], "--admin-listen="+strings.TrimPrefix(at.Admin, "http://"))...)
	if out, err := health.CombinedOutput(); err != nil {
		t.Errorf("health check: %v\n%s", err, out)
	}
}
