package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/internal/store/tables"
)

// A place is a new, empty database.
type place struct {
	env  map[string]string // settings of the service
	open func(context.Context) (acsauth.Store, error)
}

// A placeKind makes places.
type placeKind func(t *testing.T) place

func sqlitePlace(t *testing.T) place {
	path := filepath.Join(t.TempDir(), "a.db")
	return place{map[string]string{"ACSAUTH_STORE": "sqlite:" + path}, func(ctx context.Context) (acsauth.Store, error) {
		return sqlite.Open(ctx, path)
	}}
}

// postgresPlaces makes databases on one server.
func postgresPlaces(pg *parts.Postgres) placeKind {
	count := new(atomic.Int64)
	return func(t *testing.T) place {
		t.Helper()
		name := "acsauth" + strconv.FormatInt(count.Add(1), 10)
		if err := pg.CreateDatabase(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		dsn := pg.DSN(name)
		return place{map[string]string{"ACSAUTH_STORE": dsn}, func(ctx context.Context) (acsauth.Store, error) {
			return postgres.Open(ctx, postgres.Options{DSN: dsn, MaxConns: 2})
		}}
	}
}

// tablesPlaces makes tables in one account.
func tablesPlaces(az *parts.Azurite) placeKind {
	count := new(atomic.Int64)
	return func(*testing.T) place {
		name := "acsauth" + strconv.FormatInt(count.Add(1), 10)
		env := map[string]string{"ACSAUTH_STORE": "tables:" + az.Endpoint() + "/" + name, "ACSAUTH_STORE_SECRET": az.AccountKey}
		return place{env, func(ctx context.Context) (acsauth.Store, error) {
			return tables.Open(ctx, tables.Options{Endpoint: az.Endpoint(), AccountName: az.AccountName, AccountKey: az.AccountKey,
				Table: name, AllowHTTP: true})
		}}
	}
}

// startPostgres runs a server for the test.
func startPostgres(t *testing.T, o parts.PostgresOptions) *parts.Postgres {
	t.Helper()
	pg, err := parts.StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustStop(t, pg.Stop()) })
	return pg
}

// startAzurite runs a table service for the test.
func startAzurite(t *testing.T) *parts.Azurite {
	t.Helper()
	az, err := parts.StartAzurite(t.Context(), parts.AzuriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustStop(t, az.Stop()) })
	return az
}

// settled waits until a replica's metrics show no unfinished row and no orphan:
// what is left of a crash is then cleared away, without anybody's help.
func (p *process) settled(t *testing.T, limit time.Duration) {
	t.Helper()
	last := ""
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		counts, err := p.counts()
		if err == nil && counts == (unfinished{}) {
			return
		}
		last = fmt.Sprintf("%+v, %v", counts, err)
	}
	t.Errorf("after %v there is still something left: %s", limit, last)
}

// unfinished is what a sweeper has to do.
type unfinished struct{ pending, deleting, orphans int }

// counts reads the metrics of a replica.
func (p *process) counts() (n unfinished, err error) {
	res, err := client.Get(p.Metrics)
	if err != nil {
		return n, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return n, fmt.Errorf("metrics: status %d, %w", res.StatusCode, err)
	}
	for name, into := range map[string]*int{
		`acsauth_store_mappings{state="pending"}`: &n.pending, `acsauth_store_mappings{state="deleting"}`: &n.deleting,
		`acsauth_store_journal_lines{kind="orphan"}`: &n.orphans,
	} {
		_, rest, ok := bytes.Cut(text, []byte(name+" "))
		if !ok {
			return n, fmt.Errorf("the metrics have no %s", name)
		}
		value, _, _ := strings.Cut(string(rest), "\n")
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return n, err
		}
		*into = int(f)
	}
	return n, nil
}
