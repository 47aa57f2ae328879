package parts

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childEnv makes the test binary play a process that starts a server and waits to be killed.
const childEnv = "ACSAUTH_PARTS_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	p, err := StartPostgres(context.Background(), PostgresOptions{Dir: os.Getenv(childEnv)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(p.Port, p.Data)
	select {}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPostgres: data survives kill -9 and a clean stop, at the same port.
func TestPostgres(t *testing.T) {
	p, err := StartPostgres(t.Context(), PostgresOptions{Durable: true, Files: map[string][]byte{"extra": []byte("x")}})
	mustDo(t, err)
	t.Cleanup(func() { mustDo(t, p.Stop()) })
	mustDo(t, p.CreateDatabase(t.Context(), "Odd \"name'"))
	port, pid := p.Port, p.Pid
	for range 3 {
		mustDo(t, p.Kill())
		if left := workingIn(p.Data); len(left) != 0 {
			t.Fatalf("after Kill processes %v are left", left)
		}
		if err := p.greet(t.Context()); err == nil {
			t.Fatal("after Kill somebody answers")
		}
		mustDo(t, p.Kill()) // nothing to kill
		mustDo(t, p.Restart(t.Context()))
	}
	mustDo(t, p.Restart(t.Context())) // of a server that runs
	if p.Port != port || p.Pid == pid {
		t.Errorf("port %d and pid %d became %d and %d", port, pid, p.Port, p.Pid)
	}
	if err := p.CreateDatabase(t.Context(), "Odd \"name'"); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("the database is not there any more: %v", err)
	}
	if want := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/a?sslmode=disable", port); p.DSN("a") != want {
		t.Errorf("DSN is %s, want %s", p.DSN("a"), want)
	}
	mustDo(t, p.Stop())
	mustDo(t, p.Stop())
	if _, err := os.Stat(p.Data); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
}

// TestPostgresEndsWithParent: a server does not outlive the process that started it, even if that is killed.
func TestPostgresEndsWithParent(t *testing.T) {
	dir, err := os.MkdirTemp("", "acsauth-parts-test-")
	mustDo(t, err)
	t.Cleanup(func() { mustDo(t, os.RemoveAll(dir)) })
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	mustDo(t, err)
	mustDo(t, cmd.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	port, data, _ := strings.Cut(strings.TrimSpace(said), " ")
	if err != nil || len(workingIn(data)) == 0 {
		t.Fatalf("the child said %q, %v, and no process works there", said, err)
	}
	mustDo(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	for end := time.Now().Add(time.Minute); len(workingIn(data)) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("processes %v outlived their parent", workingIn(data))
		}
	}
	if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
		_ = conn.Close()
		t.Error("somebody still listens")
	}
	if _, err := strconv.Atoi(port); err != nil {
		t.Error(err)
	}
}

// TestPostgresFails: what cannot start says why, and leaves nothing behind.
func TestPostgresFails(t *testing.T) {
	_, err := StartPostgres(t.Context(), PostgresOptions{Settings: map[string]string{"no_such_parameter": "1"}})
	if err == nil || !strings.Contains(err.Error(), "no_such_parameter") {
		t.Errorf("an unknown parameter: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := StartPostgres(ended, PostgresOptions{}); err == nil {
		t.Error("a server was started with a context that had ended")
	}
	t.Setenv("PATH", "")
	if _, err := findPostgres("/nowhere/*"); err == nil || !strings.Contains(err.Error(), "sudo apt-get install postgresql") {
		t.Errorf("without PostgreSQL: %v", err)
	}
}
