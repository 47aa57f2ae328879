// Package sidecar runs acsauth-dev beside the tests of the examples, as a program of your own would run acsauth.
package sidecar

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Sidecar is a running acsauth-dev: the service and the emulator. Its fields are those of the line of JSON that it prints.
type Sidecar struct {
	Server           string // URL of the service
	Admin            string // URL of the emulator's administration
	Authority        string // of the emulator's tenant
	TenantID         string
	APIClientID      string
	ConnectionString string // of the emulator's ACS
	Users            []struct{ Name, OID string }
}

// Start builds acsauth-dev and runs it on free ports until the test ends. env are settings of it, NAME=VALUE.
func Start(t *testing.T, env ...string) *Sidecar {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "acsauth-dev")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/acs-solutions/acsauth/cmd/acsauth-dev").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "--json", "--listen", "127.0.0.1:0", "--log-level", "error")
	cmd.Env, cmd.Stderr = append(append(os.Environ(), "TMPDIR="+dir), env...), &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it has ended if this fails, and Wait says how
		if err := cmd.Wait(); err != nil {
			t.Errorf("acsauth-dev: %v\n%s", err, &log)
		}
	})
	s := &Sidecar{}
	if err := json.NewDecoder(stdout).Decode(s); err != nil {
		t.Fatalf("acsauth-dev: %v", err)
	}
	return s
}

// Token returns an access token of a sample user for the service.
func (s *Sidecar) Token(t *testing.T, user string) string {
	t.Helper()
	res, err := http.Post(s.Admin+"/token", "application/json", strings.NewReader(`{"user":"`+user+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("no token for %s: %s, %v", user, res.Status, err)
	}
	return answer.AccessToken
}
