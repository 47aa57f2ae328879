package main

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/acs-solutions/acsauth/emulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"acsauth-dev": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exitsCommand,
			"listen":   listenCommand,
			"emulator": emulatorCommand,
		},
		RequireExplicitExec: true,
	})
}

// exitsCommand runs a program and checks its exit code: exits CODE PROGRAM ARGS...
func exitsCommand(ts *testscript.TestScript, _ bool, args []string) {
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

// listenCommand takes a free port for the time of the script and puts its address into a variable.
func listenCommand(ts *testscript.TestScript, _ bool, args []string) {
	ln, err := net.Listen("tcp", anyPort)
	ts.Check(err)
	ts.Defer(func() { _ = ln.Close() })
	ts.Setenv(args[0], ln.Addr().String())
}

// emulatorCommand runs an emulator for the time of the script: emulator AUTHORITY ADMIN
func emulatorCommand(ts *testscript.TestScript, _ bool, args []string) {
	e, err := startEmulator(anyPort, emulatorPorts{TLSListen: "off"}, emulator.Options{})
	ts.Check(err)
	ts.Defer(func() { _ = e.Close() })
	ts.Setenv(args[0], e.Authority())
	ts.Setenv(args[1], e.AdminURL())
}
