package e2e

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/acs-solutions/acsauth/internal/parts"
)

var full = flag.Bool("full", false, "run the scenarios in full size, which takes an hour")

// scaled is how often something is done: few times, so that all tests take minutes, or with -full many times.
func scaled(few, many int) int {
	if *full {
		return many
	}
	return few
}

// fleet starts so many replicas.
func (w *world) fleet(t *testing.T, n int) []*process {
	t.Helper()
	out := make([]*process, n)
	for i := range out {
		out[i] = w.serve(t)
	}
	return out
}

// Three replicas get 64 first calls each for one user at once, for one user after the
// other: everybody sees one identity, no call fails, and no identity is made in vain.
func TestFirstCallsAtThreeReplicas(t *testing.T) {
	w := newWorld(t, postgresPlaces(startPostgres(t, parts.PostgresOptions{})), scaled(20, 1000))
	fleet := w.fleet(t, 3)
	var failed, created atomic.Int64
	for u := range w.tokens {
		var wg sync.WaitGroup
		for i := range 3 * 64 {
			wg.Go(func() {
				id, status, code, err := w.once(fleet[i%3], u, "POST", "/getUser")
				if err != nil || status/100 != 2 {
					failed.Add(1)
					t.Errorf("user %d: status %d, code %q, %v", u, status, code, err)
					return
				}
				if status == 201 {
					created.Add(1)
				}
				w.ledger.Shown(u, id)
			})
		}
		wg.Wait()
	}
	b := w.audit(t)
	users, creates := len(w.tokens), w.emu.Counters().ACS["create"]
	t.Logf("%d users, %d calls, %d failed, %d created; %d creates at ACS; %+v", users, users*192, failed.Load(), created.Load(), creates, b)
	if creates != int64(users) || created.Load() != int64(users) || b.Suspects != 0 {
		t.Errorf("want %d creates, %d answers 201 and no suspects", users, users)
	}
}

// Eight clients make and delete the identity of one user at once, round after
// round: what was deleted is dead, and is never shown again.
func TestDeleteAndComeBackRace(t *testing.T) {
	w := newWorld(t, postgresPlaces(startPostgres(t, parts.PostgresOptions{})), 1)
	fleet := w.fleet(t, 2)
	var mu sync.Mutex
	seen, dead := map[string]bool{}, map[string]bool{}
	show := func(i int, path string) {
		id := w.ask(fleet[i%2], 0, "POST", path)
		mu.Lock()
		defer mu.Unlock()
		if dead[id] {
			t.Errorf("%s was shown after its deletion was acknowledged", id)
		}
		seen[id] = true
	}
	rounds := scaled(40, 10_000)
	for range rounds {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				switch {
				case i < 4:
					show(i, "/getUser")
				case i < 6:
					show(i, "/getToken")
				default:
					w.ask(fleet[i%2], 0, "DELETE", "/api/user")
				}
			})
		}
		wg.Wait()
		w.ask(fleet[0], 0, "DELETE", "/api/user") // nobody else is at it
		for id := range seen {
			dead[id] = true
		}
		clear(seen)
	}
	fleet[0].settled(t, patience)
	for _, id := range w.alive() {
		if dead[id] {
			t.Errorf("%s was shown, its deletion was acknowledged, and it exists", id)
		}
	}
	b := w.audit(t)
	t.Logf("%d rounds, %d identities shown; %d creates at ACS; %+v", rounds, len(dead), w.emu.Counters().ACS["create"], b)
	if len(dead) < rounds {
		t.Errorf("only %d identities were shown in %d rounds", len(dead), rounds)
	}
}
