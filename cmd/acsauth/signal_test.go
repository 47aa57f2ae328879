package main

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
)

// The service starts and stops even where no upstream can be reached.
func TestSignalsStopTheService(t *testing.T) {
	path := build(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := exec.Command(path, "serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--store", "sqlite:"+filepath.Join(t.TempDir(), "one.db"))
		cmd.Env = []string{
			"ACSAUTH_TENANT_IDS=11aa22bb-0000-4000-8000-000000000001", "ACSAUTH_CLIENT_ID=11aa22bb-0000-4000-8000-000000000002",
			"ACSAUTH_ALLOWED_CLIENTS=*", "ACSAUTH_AUTHORITY_HOST=https://login.invalid",
			"ACSAUTH_ACS_CONNECTION_STRING=endpoint=https://acs.invalid;accesskey=bm90LXJlYWw=",
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(stdout)
		// A resolver that refuses at once lets the line about the keys come first.
		for line := ""; !strings.Contains(line, `"msg":"listening"`); {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatalf("never listening: %v", err)
			}
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(lines)
		if err != nil || !strings.Contains(string(rest), `"msg":"stopped"`) {
			t.Errorf("%v: not stopped in order: %s %v", signal, rest, err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", signal, err)
		}
	}
}

func TestReportOfPings(t *testing.T) {
	var out strings.Builder
	c := cli.Call{Stdout: &out}
	good := service.Finding{What: "Store sqlite:x", Note: "opened", Took: 2 * time.Millisecond}
	if err := report(c, []service.Finding{good}); err != nil {
		t.Error(err)
	}
	bad := service.Finding{What: "ACS https://x", Err: errors.New("no answer"), Took: time.Second}
	if err := report(c, []service.Finding{bad, good}); err == nil {
		t.Error("a bad finding is no failure")
	}
	want := "ok    Store sqlite:x (2ms): opened\nFAIL  ACS https://x (1s): no answer\nok    Store sqlite:x (2ms): opened\n"
	if out.String() != want {
		t.Errorf("printed:\n%swant:\n%s", out.String(), want)
	}
}
