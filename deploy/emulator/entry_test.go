package emulator

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/deploy/internal/image"
)

// The program takes the flags of the entry point, and the health check of the Dockerfile sees that it is well. Only addresses
// differ: tests listen on loopback, at free ports.
func TestEntryPoint(t *testing.T) {
	list := image.Read(t)
	program := image.Build(t, "acsauth-dev")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	here := strings.NewReplacer("0.0.0.0:8081", "127.0.0.1:0", "0.0.0.0:8083", "127.0.0.1:0", "/ca/emulator-ca.pem", ca)
	args := list.Command(t)
	if args[0] != "/acsauth-dev" || !slices.Contains(args, "--force-listen") || !slices.Contains(args, "--public-url=http://127.0.0.1:8081") {
		t.Fatalf("entry point %q", args)
	}
	for i := range args {
		args[i] = here.Replace(args[i])
	}
	admin := run(t, program, args[1:])
	if text, err := os.ReadFile(ca); err != nil || !strings.Contains(string(text), "CERTIFICATE") {
		t.Errorf("no certificate: %v", err)
	}

	health := list.Health(t)
	if health[0] != "/acsauth-dev" || !slices.Contains(health, "--listen=0.0.0.0:8081") {
		t.Fatalf("health check %q", health)
	}
	if out, err := exec.Command(program, append(health[1:], "--admin-listen="+admin)...).CombinedOutput(); err != nil {
		t.Errorf("health check: %v\n%s", err, out)
	}
	if err := exec.Command(program, append(health[1:], "--admin-listen=127.0.0.1:1")...).Run(); err == nil {
		t.Error("the health check is content where nothing listens")
	}
}

// run starts the program, waits until it is ready, and returns the address of its administration. It is stopped after the test.
func run(t *testing.T, program string, args []string) string {
	t.Helper()
	var in struct{ Admin, Issuer string }
	image.Start(t, program, args, nil).ReadLine(t, &in)
	if !strings.HasPrefix(in.Issuer, "http://127.0.0.1:8081/") {
		t.Fatalf("the issuer is %q", in.Issuer)
	}
	return strings.TrimPrefix(in.Admin, "http://")
}
