package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/acs-solutions/acsauth/cmd/internal/clitest"
	"github.com/acs-solutions/acsauth/emulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"acsauth-dev": main})
}

func TestScripts(t *testing.T) {
	clitest.Run(t, map[string]clitest.Command{"emulator": emulatorCommand})
}

// emulatorCommand runs an emulator for the time of the script: emulator AUTHORITY ADMIN [BASE]
func emulatorCommand(ts *testscript.TestScript, _ bool, args []string) {
	e, err := startEmulator(anyPort, emulatorPorts{TLSListen: "off"}, emulator.Options{})
	ts.Check(err)
	ts.Defer(func() { _ = e.Close() })
	ts.Setenv(args[0], e.Authority())
	ts.Setenv(args[1], e.AdminURL())
	if len(args) > 2 {
		ts.Setenv(args[2], e.URL())
	}
}
