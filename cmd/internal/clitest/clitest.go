// Package clitest runs the scripts of the two programs. Only tests import it.
package clitest

import (
	"errors"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// A Command is one more word that scripts may use.
type Command = func(*testscript.TestScript, bool, []string)

// Run runs testdata/script with the words exits, listen and those given.
func Run(t *testing.T, more map[string]Command) {
	words := map[string]Command{"exits": exits, "listen": listen}
	maps.Copy(words, more)
	testscript.Run(t, testscript.Params{Dir: filepath.Join("testdata", "script"), Cmds: words, RequireExplicitExec: true})
}

// exits runs a program and checks its exit code: exits CODE PROGRAM ARGS...
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code, err = e.ExitCode(), nil
	}
	ts.Check(err)
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// listen takes a free port for the time of the script and puts its address into a variable.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = ln.Close() })
	ts.Setenv(args[0], ln.Addr().String())
}
