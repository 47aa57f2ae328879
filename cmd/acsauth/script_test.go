package main

import (
	"context"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/acs-solutions/acsauth/cmd/internal/clitest"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"acsauth": main})
}

func TestScripts(t *testing.T) {
	clitest.Run(t, map[string]clitest.Command{"auditlog": auditLogCommand, "openstore": openStoreCommand})
}

// openStoreCommand opens a SQLite store for the time of the script.
func openStoreCommand(ts *testscript.TestScript, _ bool, args []string) {
	store, err := sqlite.Open(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { _ = store.Close() })
}
