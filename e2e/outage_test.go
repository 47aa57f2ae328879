package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
	"github.com/acs-solutions/acsauth/internal/torture"
)

// kill -9 of the database under load: the service says that it is not ready, is
// ready again soon after the database is back, and nobody's identity is lost.
func TestDatabaseKilledUnderLoad(t *testing.T) {
	t.Parallel() // it waits most of the time
	pg := startPostgres(t, parts.PostgresOptions{Durable: true})
	kills := scaled(3, 50)
	const usersPerKill = 40
	w := newWorld(t, postgresPlaces(pg), kills*usersPerKill)
	server := w.serve(t)
	for k := range kills {
		var wg sync.WaitGroup
		for u := range (k + 1) * usersPerKill { // the last ones are new, the others known
			wg.Go(func() {
				if u < k*usersPerKill && rand.IntN(4) > 0 {
					return
				}
				w.show(server, u)
			})
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond) // into the middle
		if err := pg.Kill(); err != nil {
			t.Fatal(err)
		}
		awaitReady(t, server, http.StatusServiceUnavailable)
		if err := pg.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		took := awaitReady(t, server, http.StatusOK)
		wg.Wait()
		t.Logf("kill %d: ready %.1f s after the database; a user waited for at most %.1f s", k+1, took.Seconds(), w.longest.Seconds())
	}
	server.settled(t, patience)
	w.each(func(u int) { w.show(server, u) })
	b := w.audit(t)
	t.Logf("%d users, %d kills of the database; %+v", len(w.tokens), kills, b)
}

// awaitReady waits until the readiness of a replica has the status, and returns how long that took.
func awaitReady(t *testing.T, p *process, want int) time.Duration {
	t.Helper()
	began := time.Now()
	for time.Since(began) < time.Minute { // 5 s are usual, on an idle machine
		if status, err := call("GET", p.Server+"/readyz", "", nil, nil); err == nil && status == want {
			return time.Since(began)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the readiness was never %d", want)
	return 0
}

// Everything dies at once, as when a machine loses power: service, database and
// ACS. What was shown before is shown afterwards, round after round.
func TestEverythingKilledAtOnce(t *testing.T) {
	t.Parallel() // it waits for a lease to end
	pg := startPostgres(t, parts.PostgresOptions{Durable: true})
	if err := pg.CreateDatabase(t.Context(), "acsauth"); err != nil {
		t.Fatal(err)
	}
	w := &world{ledger: torture.NewLedger(), place: place{open: func(ctx context.Context) (acsauth.Store, error) {
		return postgres.Open(ctx, postgres.Options{DSN: pg.DSN("acsauth"), MaxConns: 2})
	}}}
	data, port := t.TempDir(), freePort(t) // the port is part of the issuer
	rounds := scaled(3, 50)
	const usersPerRound = 30
	users := rounds * usersPerRound
	var emu, server *process
	for round := range rounds + 1 {
		emu = start(t, nil, "emulate", "--json", "--listen", port, "--tls-listen", "off", "--data", data)
		w.env = emu.Env
		w.env["ACSAUTH_STORE"], w.env["ACSAUTH_LOG_LEVEL"] = pg.DSN("acsauth"), "warn"
		w.tokens = emu.tokens(t, users)
		server = w.serve(t)
		if round == rounds {
			break
		}
		var cut atomic.Int64
		var wg sync.WaitGroup
		for i := range usersPerRound {
			u := round*usersPerRound + i
			wg.Go(func() {
				id, status, _, err := w.once(server, u, "POST", "/getUser")
				if err == nil && status/100 == 2 {
					w.ledger.Shown(u, id)
				} else {
					cut.Add(1)
				}
			})
		}
		time.Sleep(time.Duration(5+rand.IntN(40)) * time.Millisecond)
		together(3, server.kill, emu.kill, func() {
			if err := pg.Kill(); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		t.Logf("round %d: %d calls cut off", round+1, cut.Load())
		if err := pg.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.each(func(u int) { w.show(server, u) })
	server.settled(t, patience)
	ids, creates := emu.alive(t)
	b := w.auditAlive(t, ids)
	t.Logf("%d users, everything killed %d times; a user waited for at most %.1f s; %d creates since the last; %+v",
		users, rounds, w.longest.Seconds(), creates, b)
	if b.Suspects > users {
		t.Errorf("%d suspects, and at most %d creates were under way", b.Suspects, users)
	}
}

// freePort is an address that nobody listens on, and whose next port is free as well.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(12000) // below the ones that systems give to outgoing connections
		if free(port) && free(port+1) {
			return fmt.Sprintf("127.0.0.1:%d", port)
		}
	}
	t.Fatal("no free port")
	return ""
}

func free(port int) bool {
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	return err == nil && ln.Close() == nil
}
