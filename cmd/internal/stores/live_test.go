package stores

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// loadWith loads the settings of a service against nobody, with changes.
func loadWith(t *testing.T, changes map[string]string) *config.Config {
	t.Helper()
	flags := map[string]string{
		"ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_TENANT_IDS": emulator.TenantID, "ACSAUTH_CLIENT_ID": emulator.APIClientID,
		"ACSAUTH_ALLOWED_CLIENTS": "*", "ACSAUTH_ACS_CONNECTION_STRING": "endpoint=https://contoso.communication.azure.com;accesskey=a2V5",
	}
	var environ []string
	for name, v := range changes {
		if strings.HasSuffix(name, "_FILE") {
			environ = append(environ, name+"="+v)
		} else {
			flags[name] = v
		}
	}
	c, err := config.Load(config.Sources{Flags: flags, Environ: environ}, config.Development)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The password of PostgreSQL is changed while the store is open: its next connections use the new one.
func TestReplacePostgresPassword(t *testing.T) {
	pg, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{HBA: []string{"host all app 127.0.0.1/32 scram-sha-256"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin, err := pgx.Connect(t.Context(), pg.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	run := func(sql string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	hangUp := func() {
		t.Helper()
		run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
	}
	run("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'first'")
	c := loadWith(t, map[string]string{
		"ACSAUTH_STORE":             strings.Replace(pg.DSN("postgres"), "postgres@", "app@", 1),
		"ACSAUTH_STORE_SECRET_FILE": secretFile(t, "first\n"),
	})
	spec := FromConfig(c, true, nil)
	store, err := Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run("ALTER ROLE app PASSWORD 'second'")
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("an open connection fails: %v", err)
	}
	hangUp()
	if err := pings(t, store, false); err == nil || strings.Contains(err.Error(), "first") {
		t.Errorf("with the old password: %v", err)
	}
	spec.Live.ReplaceSecret(config.NewSecret("second"))
	if err := pings(t, store, true); err != nil {
		t.Errorf("with the new password: %v", err)
	}
	if !CanReplaceSecret(c) {
		t.Error("it says that it cannot")
	}
}

// pings pings until it goes as expected, since the pool may first find connections that were hung up.
func pings(t *testing.T, store acsauth.Store, well bool) error {
	var err error
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err = store.Ping(ctx)
		cancel()
		if (err == nil) == well {
			return err
		}
	}
	return err
}

func TestCanReplaceSecret(t *testing.T) {
	for dsn, want := range map[string]bool{
		"sqlite:a.db": true, "postgres://me@db.example/acs": true, "tables:https://contoso.table.core.windows.net": false, "cosmos:https://contoso.documents.azure.com": false,
	} {
		c := &config.Config{Store: dsn}
		journal := &config.Config{Store: "graph:", GraphJournal: dsn}
		if CanReplaceSecret(c) != want || CanReplaceSecret(journal) != want {
			t.Errorf("%s: not %v", dsn, want)
		}
	}
}

// The graph store's client secret is replaced while the store is open.
func TestReplaceClientSecret(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	c := loadWith(t, map[string]string{
		"ACSAUTH_STORE": "graph:", "ACSAUTH_GRAPH_JOURNAL": "sqlite:" + filepath.Join(t.TempDir(), "j.db"), "ACSAUTH_GRAPH_MODE": config.Application,
		"ACSAUTH_AUTHORITY_HOST": e.URL(), "ACSAUTH_GRAPH_URL": e.URL(), "ACSAUTH_CLIENT_SECRET_FILE": secretFile(t, "not-yet-known"),
		"ACSAUTH_GRAPH_MAC_KEYS": strings.Repeat("QUFB", 12),
	})
	spec := FromConfig(c, true, nil)
	client, err := spec.newEntra()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ask := func() error {
		_, err := client.ForApp(t.Context(), emulator.TenantID, "https://graph.microsoft.com/.default")
		return err
	}
	if ask() == nil {
		t.Fatal("the emulator takes any secret, so this test proves nothing")
	}
	var none config.Secret
	if spec.Live.ReplaceClient(none, none) == nil || spec.Live.ReplaceClient(none, config.NewSecret("no PEM")) == nil {
		t.Error("what cannot be a proof is taken")
	}
	if err := errors.Join(spec.Live.ReplaceClient(config.NewSecret(emulator.APIClientSecret), none), ask()); err != nil {
		t.Error(err)
	}
}

// A store whose secret was not fetched is not opened with the reference in place of the secret.
func TestUnresolved(t *testing.T) {
	const ref = "keyvault:https://127.0.0.1:1/secrets/store"
	c := loadWith(t, map[string]string{"ACSAUTH_STORE": "cosmos:https://contoso.documents.azure.com", "ACSAUTH_STORE_SECRET": ref, "ACSAUTH_KEYVAULT_CREDENTIAL": config.AzureCLI})
	if _, err := Open(t.Context(), Spec{DSN: c.Store, Secret: c.StoreSecret}); !errors.Is(err, config.ErrUnresolved) {
		t.Errorf("without settings: %v", err)
	}
	_, err := Open(t.Context(), FromConfig(c, true, nil))
	if f, ok := errors.AsType[*config.Fault](err); !ok || f.Name != "ACSAUTH_STORE_SECRET" || !strings.Contains(f.Problem, "cannot be fetched from Key Vault") {
		t.Errorf("got %v", err)
	}
	c = loadWith(t, map[string]string{"ACSAUTH_KEYVAULT_CREDENTIAL": config.WorkloadIdentity})
	if err := Resolve(t.Context(), c); err != nil {
		t.Errorf("nothing to fetch: %v", err)
	}
}
