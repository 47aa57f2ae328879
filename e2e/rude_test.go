package e2e

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// Three replicas while ACS is rude: 5 % of its answers are 429, 2 % are 5xx, 1 %
// are lost, all are slow, and Entra ID changes its keys. Each user is served, sees
// one identity, and what is made in vain is in the journal.
func TestRudeACS(t *testing.T) {
	kinds := map[string]placeKind{
		"sqlite": sqlitePlace, "postgres": postgresPlaces(startPostgres(t, parts.PostgresOptions{})), "tables": tablesPlaces(startAzurite(t)),
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			users, replicas := scaled(60, 1000), 3
			switch name {
			case "sqlite":
				replicas = 1
			case "tables":
				users = scaled(20, 300) // Azurite is slow
			}
			w := newWorld(t, kind, users)
			fleet := w.fleet(t, replicas)
			var lost atomic.Int64
			w.emu.SetFault(func(op string) emulator.Fault { return rude(op, &lost) })
			w.each(func(u int) {
				var wg sync.WaitGroup
				for i := range 3 {
					wg.Go(func() { w.show(fleet[(u+i)%replicas], u) })
				}
				wg.Wait()
			})
			if err := w.emu.RotateKeys(false); err != nil {
				t.Fatal(err)
			}
			w.each(func(u int) {
				if id := w.ask(fleet[u%replicas], u, "POST", "/getToken"); id != "" {
					w.ledger.Shown(u, id)
				}
			})
			w.emu.SetFault(nil)
			fleet[0].settled(t, patience)
			for _, p := range fleet {
				p.kill()
			}
			b := w.audit(t)
			t.Logf("%d users, %d creates lost; a user waited for at most %.1f s; %+v", len(w.tokens), lost.Load(), w.longest.Seconds(), b)
			if int64(b.Suspects) > lost.Load() {
				t.Errorf("%d suspects, and only %d creates were lost", b.Suspects, lost.Load())
			}
		})
	}
}

// rude chooses a misfortune, and counts creates whose outcome nobody can know.
func rude(op string, lost *atomic.Int64) emulator.Fault {
	f := emulator.Fault{Delay: rand.N(300 * time.Millisecond)}
	switch n := rand.IntN(100); {
	case n < 5:
		f.Status, f.RetryAfter = 429, "1"
		return f
	case n < 6:
		f.Status = 503
	case n < 7:
		f.StatusAfter = 500
	case n < 8:
		f.DropAfter = true
	default:
		return f
	}
	if op == "create" {
		lost.Add(1)
	}
	return f
}

// The answer to the first create of each user is lost; for every other user that to the second one,
// too. The first or the second call serves, and the journal knows exactly how many identities were lost.
func TestEveryFirstAnswerLost(t *testing.T) {
	w := newWorld(t, sqlitePlace, scaled(100, 600)) // no more than 1000 lines can be counted
	server := w.serve(t)
	var left atomic.Int64
	w.emu.SetFault(func(op string) emulator.Fault {
		return emulator.Fault{DropAfter: op == "create" && left.Add(-1) >= 0}
	})
	losses := 0
	for u := range w.tokens {
		answers := 1 + u%2 // one create more follows at most within a call
		left.Store(int64(answers))
		losses += answers
		for try := range answers {
			id, status, code, err := w.once(server, u, "POST", "/getUser")
			switch {
			case try < answers-1 && err == nil && status == 503 && code == "create_outcome_unknown":
			case try == answers-1 && err == nil && status == 201:
				w.ledger.Shown(u, id)
			default:
				t.Errorf("user %d, call %d: status %d, code %q, %v", u, try+1, status, code, err)
			}
		}
	}
	server.kill()
	b := w.audit(t)
	t.Logf("%d users, %d answers lost; %+v", len(w.tokens), losses, b)
	if b.Suspects != losses || b.Surplus != losses {
		t.Errorf("%d answers were lost: there are %d suspects and %d identities that nobody knows", losses, b.Suspects, b.Surplus)
	}
}

// Creates run late, many of them after the service gave them up: nobody sees a
// second identity, and each late one has its suspect.
func TestLateCreates(t *testing.T) {
	t.Parallel() // it waits most of the time
	for name, kind := range map[string]placeKind{"sqlite": sqlitePlace, "postgres": postgresPlaces(startPostgres(t, parts.PostgresOptions{}))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, kind, scaled(40, 1000))
			server := w.serve(t)
			longest := time.Duration(scaled(14, 60)) * time.Second
			var late sync.WaitGroup
			w.emu.SetFault(func(op string) emulator.Fault {
				if op != "create" || rand.IntN(3) == 0 {
					return emulator.Fault{}
				}
				delay := rand.N(longest)
				late.Go(func() { time.Sleep(delay + time.Second) })
				return emulator.Fault{Delay: delay}
			})
			w.each(func(u int) { w.show(server, u) })
			w.emu.SetFault(nil)
			late.Wait() // the last create has run
			server.settled(t, patience)
			w.each(func(u int) { w.show(server, u) })
			server.kill()
			b := w.audit(t)
			t.Logf("%d users; a user waited for at most %.1f s; %+v", len(w.tokens), w.longest.Seconds(), b)
			if b.Surplus == 0 || b.Surplus != b.Suspects {
				t.Errorf("each late create leaves one identity: %d are unknown, and %d are suspected", b.Surplus, b.Suspects)
			}
		})
	}
}
