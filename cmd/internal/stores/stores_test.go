package stores

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/parts"
)

const marker = "hunter2-the-secret"

// Each wrong name or access gives an error that says what to change, soon, and without the secret.
func TestOpenRefuses(t *testing.T) {
	pg, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{HBA: []string{"host all locked 127.0.0.1/32 scram-sha-256"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	locked := strings.Replace(pg.DSN("postgres"), "postgres@", "locked@", 1)
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"unknown kind":      {Spec{DSN: "redis:x"}, "names no known store"},
		"no folder":         {Spec{DSN: "sqlite:" + filepath.Join(t.TempDir(), "no", "a.db")}, "no such file or directory"},
		"wrong password":    {Spec{DSN: locked, Secret: config.NewSecret(marker)}, "password"},
		"no database":       {Spec{DSN: pg.DSN("nowhere"), Secret: config.NewSecret(marker)}, "does not exist"},
		"nobody there":      {Spec{DSN: "postgres://me@127.0.0.1:1/db?sslmode=disable", Secret: config.NewSecret(marker)}, "127.0.0.1"},
		"no TLS far away":   {Spec{DSN: "postgres://me@db.example/db?sslmode=disable", Secret: config.NewSecret(marker)}, "sslmode"},
		"tables, bad key":   {Spec{DSN: "tables:https://contoso.table.core.windows.net/t", Secret: config.NewSecret(marker)}, ""},
		"tables, http":      {Spec{DSN: "tables:http://127.0.0.1:1/devstoreaccount1/table", Secret: config.NewSecret("a2V5")}, "http"},
		"cosmos, http":      {Spec{DSN: "cosmos:http://127.0.0.1:1/db/c", Secret: config.NewSecret("a2V5")}, "http"},
		"no such identity":  {Spec{DSN: "cosmos:https://contoso.documents.azure.com", Credential: "password"}, `no kind of credential is called "password"`},
		"graph, no setting": {Spec{DSN: "graph:"}, "needs its settings"},
		"graph, no journal": {Spec{DSN: "graph:", Config: &config.Config{GraphJournal: "redis:x"}}, "ACSAUTH_GRAPH_JOURNAL"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			store, err := Open(ctx, c.spec)
			if err == nil {
				store.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), marker) {
				t.Errorf("got %v, want %q in it and no secret", err, c.want)
			}
		})
	}
}

func TestOpenPostgres(t *testing.T) {
	pg, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Stop()
	store, err := Open(t.Context(), Spec{DSN: pg.DSN("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, ok := store.(acsauth.Lister); !ok || store.Ping(t.Context()) != nil {
		t.Error("it cannot list, or does not answer")
	}
}

func TestFiles(t *testing.T) {
	for dsn, want := range map[string][]string{
		"sqlite:a.db": {"a.db"}, "graph:": {"j.db"}, "postgres://me@db/acs": nil, "redis:x": nil,
	} {
		if got := (Spec{DSN: dsn, Config: &config.Config{GraphJournal: "sqlite:j.db"}}).Files(); !slices.Equal(got, want) {
			t.Errorf("%s makes %v, want %v", dsn, got, want)
		}
	}
}
