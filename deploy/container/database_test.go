package container

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/deploy/internal/image"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// The program opens the database of the compose file: by a socket, with the password of a file, on a server that has the same rule for
// those who come. Other upstreams cannot be reached here, so it does not get ready, and the health check of the image says so.
func TestDatabaseBySocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "acsauth-socket") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	file := image.ReadCompose(t)
	if args := file.Services["db"].Environment["POSTGRES_INITDB_ARGS"]; !strings.Contains(args, "--auth=scram-sha-256") {
		t.Fatalf("the database is made with %q", args)
	}
	pg, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{
		Settings: map[string]string{"unix_socket_directories": dir}, HBA: []string{"local acsauth acsauth scram-sha-256"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop() })
	for _, sql := range []string{"CREATE ROLE acsauth LOGIN PASSWORD 'not-real'", "CREATE DATABASE acsauth OWNER acsauth"} {
		psql := exec.Command("psql", "-h", "127.0.0.1", "-p", fmt.Sprint(pg.Port), "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c", sql)
		if out, err := psql.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}

	env := environment(t, file.Services["acsauth"])
	for i, entry := range env {
		env[i] = strings.Replace(entry, "host=/run/postgresql", fmt.Sprintf("host=%s&port=%d", dir, pg.Port), 1)
	}
	env = append(env, "ACSAUTH_LISTEN=127.0.0.1:0", "ACSAUTH_METRICS_LISTEN=off", "ACSAUTH_AUTHORITY_HOST=https://login.invalid")
	program, list := image.Build(t, "acsauth"), image.Read(t)
	address := serve(t, program, list.Command(t), env)
	health := list.Health(t)
	check := exec.Command(program, append(health[1:], "--listen="+address)...)
	check.Env = env
	out, err := check.CombinedOutput()
	if err == nil || string(out) != "acsauth: the service is not ready: [\"keys\"]\n" {
		t.Errorf("health check: %v, %s", err, out)
	}
	if tables, err := filepath.Glob("*.db"); err != nil || len(tables) > 0 {
		t.Errorf("a file was made: %q", tables)
	}
}

// serve runs the entry point until the end of the test, and returns the address that it listens on.
func serve(t *testing.T, program string, command, env []string) string {
	t.Helper()
	if command[0] != "/acsauth" {
		t.Fatalf("the image runs %q", command)
	}
	for lines := image.Start(t, program, command[1:], env).Out; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("it never listened: %v", err)
		}
		if _, rest, ok := strings.Cut(line, `"msg":"listening","address":"`); ok {
			address, _, _ := strings.Cut(rest, `"`)
			return address
		}
	}
}
