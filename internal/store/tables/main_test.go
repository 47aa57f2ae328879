package tables

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// childEnv makes the test binary play another process. Its value is "<endpoint> <table>".
const childEnv = "ACSAUTH_TABLES_TEST_CHILD"

// shared is where the one Azurite of this package is.
var shared struct {
	endpoint, name, key string
	tables              atomic.Int64
}

func TestMain(m *testing.M) {
	if task := os.Getenv(childEnv); task != "" {
		os.Exit(childWrite(task))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	a, err := parts.StartAzurite(context.Background(), parts.AzuriteOptions{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	shared.endpoint, shared.name, shared.key = a.Endpoint(), a.AccountName, a.AccountKey
	code := m.Run()
	if err := a.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// newTable returns the options of a table that no other test uses.
func newTable() Options {
	return Options{Endpoint: shared.endpoint, AccountName: shared.name, AccountKey: shared.key, AllowHTTP: true,
		Table: fmt.Sprintf("t%dx%d", os.Getpid(), shared.tables.Add(1))}
}

// open opens a store and closes it with the test.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quiet waits until the cleaning behind the back of the callers is over.
func (s *Store) quiet() {
	for range maxCleaners {
		s.cleaners <- struct{}{}
	}
	for range maxCleaners {
		<-s.cleaners
	}
}

func pendingRow(name string) acsauth.Mapping {
	return acsauth.Mapping{Key: acsauth.UserKey{Issuer: "https://login.example/v2.0", Subject: name}, State: acsauth.Pending,
		Attempt: "a" + name, Resource: "resource", Generation: 1, Lease: time.Hour}
}

func activeRow(name string) acsauth.Mapping {
	return in(acsauth.Active, pendingRow(name))
}

// in returns the row in a state that has an identity.
func in(state acsauth.State, row acsauth.Mapping) acsauth.Mapping {
	row.State, row.Identity = state, acsauth.Identity("8:acs:resource_"+strings.ReplaceAll(row.Key.Subject, " ", "-"))
	return row
}

func suspectOf(row acsauth.Mapping) acsauth.JournalLine {
	return acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Suspect, User: row.Key.Hash(), Resource: row.Resource}
}

func orphanOf(row acsauth.Mapping) acsauth.JournalLine {
	line := suspectOf(row)
	line.Kind, line.Identity = acsauth.Orphan, in(acsauth.Active, row).Identity
	return line
}
