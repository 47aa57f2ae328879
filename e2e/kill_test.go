package e2e

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // reads the journal of the dead process
)

// kill -9 of the server in the middle of 200 first sign-ins, then a restart.
func TestKillInMidSignIn(t *testing.T) {
	emu, env, db := startEmulator(t)
	const users = 200
	tokens := emu.tokens(t, users)

	shown := map[string]string{}
	rounds := 0
	for ; rounds < 3; rounds++ { // three kills, each at another moment
		server := start(t, env, "serve", "--json")
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, token := range tokens {
			wg.Go(func() {
				var u user
				status, err := call("POST", server.Server+"/getUser", token, nil, &u)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && (status == 200 || status == 201) {
					if before, ok := shown[token]; ok && before != u.Identity {
						t.Errorf("a user was shown %s and then %s", before, u.Identity)
					}
					shown[token] = u.Identity
				}
			})
		}
		time.Sleep(time.Duration(20+40*rounds) * time.Millisecond)
		server.kill()
		wg.Wait()
	}
	before := len(shown)

	server := start(t, env, "serve", "--json")
	var mu sync.Mutex
	var wg sync.WaitGroup
	final := map[string]string{}
	for _, token := range tokens {
		wg.Go(func() {
			id, err := settle(server.Server, token)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if old, ok := shown[token]; ok && old != id {
				t.Errorf("a user was shown %s before the kill and %s after it", old, id)
			}
			final[token] = id
		})
	}
	wg.Wait()
	server.kill()

	ids, creates := emu.alive(t)
	mapped := map[string]bool{}
	for _, id := range final {
		mapped[id] = true
		if !ids[id] {
			t.Errorf("%s is shown and does not exist", id)
		}
	}
	if len(mapped) != users {
		t.Errorf("%d identities for %d users", len(mapped), users)
	}
	surplus := len(ids) - len(mapped)
	suspects, orphans := journal(t, db)
	t.Logf("%d kills, %d users served before the last; %d creates, %d identities, surplus %d; journal: %d suspects, %d orphans",
		rounds, before, creates, len(ids), surplus, suspects, orphans)
	if surplus > suspects+orphans {
		t.Errorf("%d surplus identities, and only %d lines in the journal", surplus, suspects+orphans)
	}
}

func journal(t *testing.T, path string) (suspects, orphans int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRow(`SELECT count(*) FILTER (WHERE kind = 'suspect'), count(*) FILTER (WHERE kind = 'orphan') FROM journal`).Scan(&suspects, &orphans)
	if err != nil {
		t.Fatal(err)
	}
	return suspects, orphans
}
