package e2e

import (
	"maps"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// A served is one answer with a token.
type served struct {
	Token string `json:"token"`
	Code  string `json:"code"`
}

func (p *process) token(t *testing.T, path, bearer string) string {
	t.Helper()
	var a served
	status, err := call("POST", p.Server+path, bearer, nil, &a)
	if err != nil || status != http.StatusOK || a.Token == "" {
		t.Fatalf("POST %s: %d, code %q, %v", path, status, a.Code, err)
	}
	return a.Token
}

// What a process keeps saves calls and is never wrong: a warm getToken costs ACS
// nothing, a refresh one call; what one replica revokes or deletes, the other,
// which keeps row and token in memory, does not hand out: with PostgreSQL at
// once, for it tells, and with Azure Tables after ten seconds at the latest.
func TestCachesOfReplicas(t *testing.T) {
	for _, c := range []struct {
		name  string
		env   func(*testing.T) map[string]string
		alone bool
		bound time.Duration // within which the other replica must know
	}{
		{"sqlite", func(t *testing.T) map[string]string {
			return map[string]string{"ACSAUTH_STORE": "sqlite:" + filepath.Join(t.TempDir(), "a.db")}
		}, true, 0},
		{"postgres", postgresEnv, false, 2 * time.Second},
		{"tables", tablesEnv, false, 12 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			emu := start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")
			env := maps.Clone(emu.Env)
			maps.Copy(env, map[string]string{"ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_METRICS_LISTEN": "off"})
			maps.Copy(env, c.env(t))
			one := start(t, env, "serve", "--json")
			two := one
			if !c.alone {
				two = start(t, env, "serve", "--json")
			}
			keptAndForgotten(t, emu, one, two, c.bound)
		})
	}
}

func keptAndForgotten(t *testing.T, emu, one, two *process, bound time.Duration) {
	bearer := emu.tokens(t, 1)[0]
	first := one.token(t, "/getToken", bearer)
	if one.token(t, "/getToken", bearer) != first {
		t.Error("a warm getToken gave another token")
	}
	if one.token(t, "/refreshToken", bearer) == first {
		t.Error("a refresh gave the old token")
	}
	other := two.token(t, "/getToken", bearer)
	if two.token(t, "/getToken", bearer) != other {
		t.Error("the second replica keeps nothing")
	}
	if status, err := call("POST", one.Server+"/revokeTokens", bearer, nil, nil); err != nil || status != http.StatusNoContent {
		t.Fatal(status, err)
	}
	changes(t, "a revoked token", two, bearer, other, bound)
	other = two.token(t, "/getToken", bearer)
	if status, err := call("DELETE", one.Server+"/api/user", bearer, nil, nil); err != nil || status != http.StatusNoContent {
		t.Fatal(status, err)
	}
	changes(t, "the token of a deleted identity", two, bearer, other, bound)
	if ids, creates := emu.alive(t); len(ids) != 1 || creates != 2 {
		t.Errorf("%d identities alive, %d creates; want 1 and 2", len(ids), creates)
	}
}

// changes waits until a replica gives another token than the one of before.
func changes(t *testing.T, what string, p *process, bearer, before string, bound time.Duration) {
	t.Helper()
	for end := time.Now().Add(bound); p.token(t, "/getToken", bearer) == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s was handed out after %v", what, bound)
		}
	}
}
