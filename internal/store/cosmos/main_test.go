package cosmos

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

// newAccount starts an account of the stand-in, with bounded staleness unless o says otherwise.
func newAccount(t testing.TB, o standin.Options) *standin.Server {
	t.Helper()
	if o.Consistency == "" {
		o.Consistency = standin.BoundedStaleness
	}
	server, err := standin.Start(o)
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	return server
}

func optionsOf(server *standin.Server) Options {
	return Options{Endpoint: server.Endpoint(), Key: server.Key, AllowHTTP: true}
}

// open opens a store and closes it with the test.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func opener(o Options) func(ctx context.Context) (acsauth.Store, error) {
	return func(ctx context.Context) (acsauth.Store, error) { return Open(ctx, o) }
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
