package parts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func startAzurite(t *testing.T, o AzuriteOptions) *Azurite {
	t.Helper()
	a, err := StartAzurite(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestAzuriteLife starts, kills, restarts and halts it, on one port.
func TestAzuriteLife(t *testing.T) {
	dir := t.TempDir()
	a := startAzurite(t, AzuriteOptions{Dir: dir})
	port, pid := a.Port, a.Pid
	if !strings.HasSuffix(a.Endpoint(), "/devstoreaccount1") || !strings.Contains(a.ConnectionString(), a.Endpoint()) {
		t.Errorf("endpoint %q, connection string %q", a.Endpoint(), a.ConnectionString())
	}
	for _, end := range []func() error{a.Kill, a.Halt} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Errorf("a second time: %v", err)
		}
		if err := a.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a.Port != port || a.Pid == pid {
			t.Errorf("port %d, was %d; pid %d, was %d", a.Port, port, a.Pid, pid)
		}
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) == 0 {
		t.Errorf("no file in the folder of the data: %v", err)
	}
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(a.work); !os.IsNotExist(err) {
		t.Errorf("the working folder is still there: %v", err)
	}
}

// TestAzuriteMissing: the error names the command.
func TestAzuriteMissing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("ACSAUTH_AZURITE", dir)
	if _, err := StartAzurite(t.Context(), AzuriteOptions{}); err == nil || !strings.Contains(err.Error(), "ACSAUTH_AZURITE") {
		t.Errorf("got %v", err)
	}
	t.Setenv("ACSAUTH_AZURITE", "")
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if _, err := StartAzurite(t.Context(), AzuriteOptions{}); err == nil || !strings.Contains(err.Error(), "npm ci --prefix interop/parts") {
		t.Errorf("got %v", err)
	}
}
