package e2e

import (
	"context"
	"database/sql"
	"testing"
)

// Whatever ACS does to a first sign-in, the caller is told what to do, a repeat
// serves, and each surplus identity has a line in the journal.
func TestFaultsOfACS(t *testing.T) {
	t.Parallel() // it waits most of the time
	emu, env, db := startEmulator(t)
	server := start(t, env, "serve", "--json")
	cases := []struct {
		name   string
		op     string
		fault  map[string]any
		times  int
		status int
		code   string
	}{
		{"500 twice", "create", map[string]any{"status": 500}, 2, 503, "create_outcome_unknown"},
		{"done, but 500", "create", map[string]any{"statusAfter": 500}, 2, 503, "create_outcome_unknown"},
		{"answer lost", "create", map[string]any{"dropAfter": true}, 2, 503, "create_outcome_unknown"},
		{"connection cut", "create", map[string]any{"dropBefore": true}, 2, 503, "create_outcome_unknown"},
		{"answer cut in half", "create", map[string]any{"badJSON": true}, 1, 503, "create_outcome_unknown"},
		{"too slow", "create", map[string]any{"delay": "11s"}, 2, 503, "create_outcome_unknown"},
		{"429", "create", map[string]any{"status": 429, "retryAfter": "1"}, 1, 429, "acs_throttled"},
		{"400", "create", map[string]any{"status": 400}, 1, 502, "acs_rejected"},
		{"401", "create", map[string]any{"status": 401}, 1, 502, "acs_denied"},
		{"token: 503 for good", "issue", map[string]any{"status": 503}, 3, 503, "acs_unavailable"},
		{"token: 429", "issue", map[string]any{"status": 429, "retryAfter": "30"}, 1, 429, "acs_throttled"},
		{"token: 401", "issue", map[string]any{"status": 401}, 1, 502, "acs_denied"},
		{"token: 500 once is repeated", "issue", map[string]any{"status": 500}, 1, 200, ""},
	}
	tokens := emu.tokens(t, len(cases))
	shown := map[string]bool{}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.op == "issue" { // the first token of a user comes with the identity
				if status, err := call("POST", server.Server+"/getUser", tokens[i], nil, nil); err != nil || status != 201 {
					t.Fatal(status, err)
				}
			}
			rule := map[string]any{"op": c.op, "times": c.times, "fault": c.fault}
			if status, err := call("POST", emu.Admin+"/faults", "", rule, nil); err != nil || status != 200 {
				t.Fatalf("fault not taken: %d %v", status, err)
			}
			var u user
			status, err := call("POST", server.Server+"/getToken", tokens[i], nil, &u)
			if err != nil || status != c.status || u.Code != c.code {
				t.Errorf("status %d, code %q, %v; want %d %q", status, u.Code, err, c.status, c.code)
			}
			id, err := settle(server.Server, tokens[i])
			if err != nil || shown[id] {
				t.Errorf("not served afterwards: %q %v", id, err)
			}
			shown[id] = true
		})
	}
	ids, _ := emu.alive(t)
	for id := range shown {
		if !ids[id] {
			t.Errorf("%s is shown and does not exist", id)
		}
	}
	server.kill()
	suspects, orphans := journal(t, db)
	t.Logf("%d users, %d identities at the emulator; journal: %d suspects, %d orphans", len(shown), len(ids), suspects, orphans)
	if surplus := len(ids) - len(shown); surplus > suspects+orphans || surplus == 0 {
		t.Errorf("surplus %d, lines %d", surplus, suspects+orphans)
	}
}

// A locked database stops writes for a while and loses nothing.
func TestLockedDatabase(t *testing.T) {
	t.Parallel() // it waits most of the time
	emu, env, path := startEmulator(t)
	server := start(t, env, "serve", "--json")
	tokens := emu.tokens(t, 2)
	first, err := settle(server.Server, tokens[0])
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	var u user
	status, err := call("POST", server.Server+"/getUser", tokens[1], nil, &u)
	if err != nil || status != 503 && status != 504 || u.Code != "store_unavailable" && u.Code != "store_timeout" && u.Code != "identity_pending" {
		t.Errorf("while locked: status %d, code %q, %v", status, u.Code, err)
	}
	if status, err := call("GET", server.Server+"/getUser", tokens[0], nil, &u); err != nil || status != 200 || u.Identity != first {
		t.Errorf("a known user while locked: %d %+v %v", status, u, err)
	}
	if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := settle(server.Server, tokens[1]); err != nil {
		t.Error(err)
	}
	if ids, _ := emu.alive(t); len(ids) != 2 {
		t.Errorf("%d identities for two users", len(ids))
	}
}
