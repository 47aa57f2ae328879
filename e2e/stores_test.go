package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/interop/cosmos"
)

// Every kind of store, under the real server, against the real part.
func TestEveryStore(t *testing.T) {
	cases := []struct {
		name string
		env  func(t *testing.T) map[string]string
	}{
		{"sqlite", func(t *testing.T) map[string]string {
			return map[string]string{"ACSAUTH_STORE": "sqlite:" + filepath.Join(t.TempDir(), "a.db")}
		}},
		{"postgres", postgresEnv},
		{"tables", tablesEnv},
		{"cosmos", cosmosEnv("BoundedStaleness")},
		{"cosmos, session", cosmosEnv("Session")},
		{"graph, delegated", graphEnv("delegated")},
		{"graph, application", graphEnv("application")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			emu := start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")
			env := maps.Clone(emu.Env)
			maps.Copy(env, map[string]string{"ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_METRICS_LISTEN": "off"})
			maps.Copy(env, c.env(t))
			lifeOfOneUser(t, emu, env)
		})
	}
}

// lifeOfOneUser: first call, restart, token, deletion, new identity.
func lifeOfOneUser(t *testing.T, emu *process, env map[string]string) {
	token := emu.tokens(t, 1)[0]
	server := start(t, env, "serve", "--json")
	ask := func(method, path string, want int) string {
		t.Helper()
		var u user
		status, err := call(method, server.Server+path, token, nil, &u)
		if err != nil || status != want {
			t.Fatalf("%s %s: %d, code %q, %v; want %d\n%s", method, path, status, u.Code, err, want, server.log)
		}
		return u.Identity
	}
	ask("GET", "/api/user", http.StatusNotFound)
	first := ask("POST", "/getUser", http.StatusCreated)
	if again := ask("POST", "/getUser", http.StatusOK); again != first {
		t.Errorf("shown %s and then %s", first, again)
	}
	server.kill()
	server = start(t, env, "serve", "--json")
	if again := ask("GET", "/api/user", http.StatusOK); again != first {
		t.Errorf("after a restart shown %s, before it %s", again, first)
	}
	ask("POST", "/getToken", http.StatusOK)
	ask("DELETE", "/api/user", http.StatusNoContent)
	ask("GET", "/api/user", http.StatusNotFound)
	second := ask("POST", "/getUser", http.StatusCreated)
	if second == first {
		t.Errorf("the deleted identity %s came back", first)
	}
	if ids, creates := emu.alive(t); !ids[second] || len(ids) != 1 || creates != 2 {
		t.Errorf("%d identities alive, %d creates; want 1 and 2", len(ids), creates)
	}
}

func postgresEnv(t *testing.T) map[string]string {
	pg, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustStop(t, pg.Stop()) })
	if err := pg.CreateDatabase(t.Context(), "acsauth"); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"ACSAUTH_STORE": pg.DSN("acsauth")}
}

func tablesEnv(t *testing.T) map[string]string {
	az, err := parts.StartAzurite(t.Context(), parts.AzuriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustStop(t, az.Stop()) })
	return map[string]string{"ACSAUTH_STORE": "tables:" + az.Endpoint() + "/mappings", "ACSAUTH_STORE_SECRET": az.AccountKey}
}

func cosmosEnv(consistency string) func(t *testing.T) map[string]string {
	return func(t *testing.T) map[string]string {
		c, err := cosmos.Start(cosmos.Options{Consistency: consistency})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { mustStop(t, c.Close()) })
		return map[string]string{"ACSAUTH_STORE": "cosmos:" + c.Endpoint() + "/acsauth/mappings", "ACSAUTH_STORE_SECRET": c.Key,
			"ACSAUTH_COSMOS_SESSION": fmt.Sprint(consistency == "Session")}
	}
}

func graphEnv(mode string) func(t *testing.T) map[string]string {
	return func(t *testing.T) map[string]string {
		return map[string]string{"ACSAUTH_STORE": "graph:", "ACSAUTH_GRAPH_MODE": mode,
			"ACSAUTH_GRAPH_JOURNAL": "sqlite:" + filepath.Join(t.TempDir(), "journal.db")}
	}
}

func mustStop(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
