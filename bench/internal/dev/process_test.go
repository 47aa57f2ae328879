package dev

import (
	"os"
	"testing"
)

// TestLaunch: what does not print a line of JSON is ended, and its folder is gone.
func TestLaunch(t *testing.T) {
	if _, err := Start(t.Context(), "/nowhere"); err == nil {
		t.Error("a program that is not there was started")
	}
	var p Process
	dir, err := p.Folder()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ACSAUTH_CANARY", "yes")
	var line struct{ Own, Given string }
	text := `trap 'exit 0' INT; echo "{\"Own\":\"$ACSAUTH_CANARY\",\"Given\":\"$ACSAUTH_GIVEN\"}"; while :; do sleep 0.01; done`
	if err := p.Launch(Command{Path: "/bin/sh", Args: []string{"-c", text}, Env: []string{"ACSAUTH_GIVEN=yes"}}, &line); err != nil {
		t.Fatal(err)
	}
	if line.Own != "" || line.Given != "yes" {
		t.Errorf("the settings of the process are %+v", line)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}
