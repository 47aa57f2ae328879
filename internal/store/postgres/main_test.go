package postgres

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/jackc/pgx/v5"
)

// childEnv makes the test binary play another process that writes to this DSN.
const childEnv = "ACSAUTH_POSTGRES_TEST_CHILD"

// server is the one that the tests share, started by the first that wants it.
var server = sync.OnceValues(func() (*parts.Postgres, error) {
	return parts.StartPostgres(context.Background(), parts.PostgresOptions{
		HBA: []string{"host all +by_password 127.0.0.1/32 password"},
	})
})

// databases counts the ones that were made.
var databases atomic.Int64

func TestMain(m *testing.M) {
	if dsn := os.Getenv(childEnv); dsn != "" {
		os.Exit(childWrite(dsn))
	}
	code := m.Run()
	if started, err := server(); err == nil {
		if err := started.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// shared returns the shared server.
func shared(t testing.TB) *parts.Postgres {
	t.Helper()
	p, err := server()
	mustDo(t, err)
	return p
}

// private starts a server for one test.
func private(t testing.TB, o parts.PostgresOptions) *parts.Postgres {
	t.Helper()
	p, err := parts.StartPostgres(t.Context(), o)
	mustDo(t, err)
	t.Cleanup(func() { mustDo(t, p.Stop()) })
	return p
}

// fresh makes a new database on the shared server and returns its DSN.
func fresh(t testing.TB) string { return freshOn(t, shared(t)) }

func freshOn(t testing.TB, p *parts.Postgres) string {
	t.Helper()
	name := fmt.Sprint("test", databases.Add(1))
	admin(t, p.DSN("postgres"), "CREATE DATABASE "+name)
	return p.DSN(name)
}

// admin runs statements in a session of its own.
func admin(t testing.TB, dsn string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	mustDo(t, err)
	defer conn.Close(context.Background())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// openNew opens a store on a new database and closes it with the test.
func openNew(t testing.TB) (*Store, string) {
	t.Helper()
	dsn := fresh(t)
	return openAt(t, dsn), dsn
}

func openAt(t testing.TB, dsn string) *Store {
	t.Helper()
	return openWith(t, Options{DSN: dsn})
}

func openWith(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	mustDo(t, err)
	t.Cleanup(func() { mustDo(t, s.Close()) })
	return s
}

// childWrite writes for as long as it lives, and says so after each acknowledged write.
func childWrite(dsn string) int {
	s, err := Open(context.Background(), Options{DSN: dsn})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	failed := make(chan error)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				if err := writeOne(s, fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)); err != nil {
					failed <- err
				}
			}
		}()
	}
	fmt.Fprintln(os.Stderr, <-failed)
	return 1
}

// child returns the command of another process that writes.
func child(t *testing.T, dsn string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+dsn)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeOne inserts a row and makes it active, with a line.
func writeOne(s *Store, name string) error {
	row := pendingRow(name)
	if err := s.Insert(context.Background(), row); err != nil {
		return err
	}
	fmt.Println("pending", name)
	line := lineOf(row)
	if err := s.Replace(context.Background(), row, activeRow(name), &line); err != nil {
		return err
	}
	fmt.Println("active", name)
	return nil
}

func pendingRow(name string) acsauth.Mapping {
	return acsauth.Mapping{Key: acsauth.UserKey{Issuer: "https://login.example/v2.0", Subject: name}, State: acsauth.Pending,
		Attempt: "a" + name, Resource: "resource", Generation: 1, Lease: 3600e9}
}

func activeRow(name string) acsauth.Mapping {
	row := pendingRow(name)
	row.State, row.Identity = acsauth.Active, acsauth.Identity("8:acs:resource_"+name)
	return row
}

func lineOf(row acsauth.Mapping) acsauth.JournalLine {
	return acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Suspect, User: row.Key.Hash(), Resource: row.Resource}
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantFault fails unless err is unknown and says why.
func wantFault(t *testing.T, err error, why string) {
	t.Helper()
	if err == nil || sentinel(err) || !strings.Contains(err.Error(), why) {
		t.Errorf("got error %v, want one that is no sentinel and says %q", err, why)
	}
}

// completeLines returns the complete lines of a process that was killed.
func completeLines(r *bufio.Reader) (lines []string) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return lines
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}

// openReader opens a session without the settings of a store.
func openReader(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	mustDo(t, err)
	t.Cleanup(func() { mustDo(t, conn.Close(context.Background())) })
	return conn
}

// passwordUser makes a user who needs a password, for one database, and returns the DSN with its name.
func passwordUser(t testing.TB, dsn, password string) (user, as string) {
	t.Helper()
	user = databaseOf(dsn) + "_user"
	admin(t, dsn, "DO $$ BEGIN CREATE ROLE by_password; EXCEPTION WHEN duplicate_object THEN END $$",
		fmt.Sprintf("CREATE ROLE %s LOGIN SUPERUSER PASSWORD '%s' IN ROLE by_password", user, password))
	return user, strings.Replace(dsn, "postgres@", user+"@", 1)
}

// databaseOf returns the name of the database of a DSN made by a Postgres.
func databaseOf(dsn string) string {
	return dsn[strings.LastIndex(dsn, "/")+1 : strings.Index(dsn, "?")]
}

// addressOf returns host and port of a DSN made by a Postgres.
func addressOf(dsn string) string {
	return dsn[strings.Index(dsn, "@")+1 : strings.LastIndex(dsn, "/")]
}
