package moving

import (
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/store/cosmos"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
	"github.com/acs-solutions/acsauth/internal/store/tables"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

// From SQLite to PostgreSQL, on to Azure Table Storage as Azurite plays it, to
// the stand-in for Azure Cosmos DB, and back to SQLite.
func TestThroughAllStores(t *testing.T) {
	const n = 200
	first := newSQLite(t)
	if _, err := Copy(t.Context(), options(sample(n), first)); err != nil {
		t.Fatal(err)
	}
	last := first
	for _, next := range []acsauth.Store{newPostgres(t), newTables(t), newCosmos(t), newSQLite(t)} {
		source, err := FromStore(last)
		if err != nil {
			t.Fatal(err)
		}
		o := withCheckpoint(t, options(source, next))
		o.Note = func(n Note) { t.Errorf("user %s: %s", n.User, n.Reason) }
		tally, err := Copy(t.Context(), o)
		moves, deleting, _ := numbers(n)
		if want := (Tally{Added: moves, Deleting: deleting, Lines: 3}); err != nil || tally != want {
			t.Fatalf("to %T: %+v, want %+v, %v", next, tally, want, err)
		}
		checkEqual(t, n, next)
		for i := range n {
			want := mixed(i)
			if got, err := next.Get(t.Context(), want.Key); Moves(want.State) && (err != nil || !got.Fenced(want) || got.Generation != want.Generation) {
				t.Errorf("%T: %+v, want %+v, %v", next, got, want, err)
			}
		}
		last = next
	}
}

func newPostgres(t *testing.T) acsauth.Store {
	t.Helper()
	server, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, server.Stop()) })
	check(t, server.CreateDatabase(t.Context(), "moving"))
	s, err := postgres.Open(t.Context(), postgres.Options{DSN: server.DSN("moving")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func newTables(t *testing.T) acsauth.Store {
	t.Helper()
	service, err := parts.StartAzurite(t.Context(), parts.AzuriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, service.Stop()) })
	s, err := tables.Open(t.Context(), tables.Options{Endpoint: service.Endpoint(), AccountName: service.AccountName, AccountKey: service.AccountKey, Table: "moving", AllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func newCosmos(t *testing.T) acsauth.Store {
	t.Helper()
	account, err := standin.Start(standin.Options{Consistency: standin.Strong})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, account.Close()) })
	s, err := cosmos.Open(t.Context(), cosmos.Options{Endpoint: account.Endpoint(), Key: account.Key, AllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
