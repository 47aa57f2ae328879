package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// forbidden are parts of import paths that the production program must not link.
var forbidden = []string{"/emulator", "/cmd/acsauth-dev", "/storetest", "/internal/parts", "/internal/torture", "/interop", "testing", "net/http/pprof"}

func TestNoEmulatorIsLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Fatalf("only %d packages listed", len(packages))
	}
	for _, p := range packages {
		for _, f := range forbidden {
			if p == f || strings.Contains(p, "acs-solutions/acsauth") && strings.Contains(p, f) {
				t.Errorf("%s is linked", p)
			}
		}
	}
}

// build makes the production binary.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "acsauth")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestNoEmulatorKeyInTheBinary(t *testing.T) {
	path := build(t)
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{
		emulator.AccessKeyPrimary, emulator.AccessKeySecondary, emulator.APIClientSecret, emulator.DaemonClientSecret,
		emulator.TenantID, emulator.ResourceID, emulator.APIClientID,
	} {
		forms := [][]byte{[]byte(value)}
		if raw, err := base64.StdEncoding.DecodeString(value); err == nil {
			forms = append(forms, raw)
		}
		for _, form := range forms {
			if bytes.Contains(binary, form) {
				t.Errorf("the binary holds %q", value)
			}
		}
	}
	if !bytes.Contains(binary, []byte("ACSAUTH_TENANT_IDS")) {
		t.Error("the search finds nothing, so this test proves nothing")
	}
}
