package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
	"github.com/jackc/pgx/v5"
)

// A pair is a PostgreSQL and its standby, under one name with two hosts.
type pair struct{ first, second *parts.Postgres }

func startPair(t *testing.T) pair {
	t.Helper()
	p := pair{first: startPostgres(t, parts.PostgresOptions{Durable: true})}
	if err := p.first.CreateDatabase(t.Context(), "acsauth"); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.second, err = p.first.Standby(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustStop(t, p.second.Stop()) })
	return p
}

// place is the database for a service that may find it at either host.
func (p pair) place(*testing.T) place {
	dsn := fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/acsauth?sslmode=disable", p.first.Port, p.second.Port)
	return place{map[string]string{"ACSAUTH_STORE": dsn}, func(ctx context.Context) (acsauth.Store, error) {
		return postgres.Open(ctx, postgres.Options{DSN: dsn, MaxConns: 2})
	}}
}

// synchronize makes the first tell a write as done only when the standby has it.
func (p pair) synchronize(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.first.DSN("acsauth"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	state := ""
	for end := time.Now().Add(time.Minute); state != "sync" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		_ = conn.QueryRow(t.Context(), "SELECT coalesce(max(sync_state), '') FROM pg_stat_replication").Scan(&state)
	}
	if state != "sync" {
		t.Fatalf("the standby is %q", state)
	}
}

// A synchronous standby takes over in the middle of sign-ins: nobody's identity changes.
func TestSynchronousStandbyPromoted(t *testing.T) {
	t.Parallel() // it waits most of the time
	for range scaled(1, 20) {
		p := startPair(t)
		w := newWorld(t, p.place, 60)
		server := w.serve(t)
		p.synchronize(t)
		var wg sync.WaitGroup
		wg.Go(func() { w.each(func(u int) { w.show(server, u) }) })
		time.Sleep(time.Duration(20+rand.IntN(150)) * time.Millisecond) // into the middle
		if err := p.first.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := p.second.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		w.each(func(u int) { w.show(server, u) })
		server.settled(t, patience)
		b := w.audit(t)
		t.Logf("%d users; a user waited for at most %.1f s; %+v", len(w.tokens), w.longest.Seconds(), b)
	}
}

// An asynchronous standby that was behind takes over: what it lacks is lost, and
// those users get another identity. No protocol can help; it is counted, not hidden.
func TestAsynchronousStandbyPromoted(t *testing.T) {
	t.Parallel() // it waits most of the time
	for range scaled(1, 20) {
		p := startPair(t)
		w := newWorld(t, p.place, 40)
		server := w.serve(t)
		before := make([]string, len(w.tokens))
		ask := func(from, to int, into []string) {
			for u := from; u < to; u++ {
				into[u] = w.ask(server, u, "POST", "/getUser")
			}
		}
		ask(0, 30, before)
		p.caughtUp(t)
		if err := p.second.Halt(); err != nil {
			t.Fatal(err)
		}
		ask(30, 40, before)
		if err := p.first.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := p.second.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.second.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := make([]string, len(w.tokens))
		ask(0, 40, after)
		changed := 0
		for u := range before {
			if before[u] == "" || after[u] == "" {
				t.Errorf("user %d was not served", u)
			}
			if before[u] != after[u] {
				changed++
			}
		}
		t.Logf("10 rows were not replicated, %d identities changed", changed)
		if changed != 10 {
			t.Errorf("%d identities changed, and 10 rows were lost", changed)
		}
	}
}

// caughtUp waits until the standby has everything.
func (p pair) caughtUp(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.first.DSN("acsauth"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	same := false
	for end := time.Now().Add(time.Minute); !same && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		_ = conn.QueryRow(t.Context(), "SELECT coalesce(bool_and(flush_lsn = pg_current_wal_lsn()), false) FROM pg_stat_replication").Scan(&same)
	}
	if !same {
		t.Fatal("the standby does not catch up")
	}
}
