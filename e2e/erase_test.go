package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exported is the answer of GET /api/user/export.
type exported struct {
	User    struct{ Issuer, Subject string }
	Mapping *struct{ State, ACSUserIdentity string }
	Hash    string `json:"auditHash"`
}

// Erasure: with ACS down it is begun, the crash of the process does not undo it,
// the identity is gone at ACS before the row is, and the audit log tells it.
func TestErasureSurvivesACrash(t *testing.T) {
	emu, env, _ := startEmulator(t)
	trail := filepath.Join(t.TempDir(), "audit.jsonl")
	env["ACSAUTH_AUDIT"] = "file:" + trail
	env["ACSAUTH_AUDIT_KEYS"] = "b25lIGtleSBmb3IgdGhlIGF1ZGl0IGxvZyBvZiB0aGlzIHRlc3Q="
	server := start(t, env, "serve", "--json")
	token := emu.tokens(t, 1)[0]
	id, err := settle(server.Server, token)
	if err != nil {
		t.Fatal(err)
	}
	var held exported
	if status, err := call("GET", server.Server+"/api/user/export", token, nil, &held); err != nil || status != 200 || held.Mapping == nil || held.Mapping.ACSUserIdentity != id || held.Hash == "" {
		t.Fatalf("export: %d %+v %v", status, held, err)
	}
	down := map[string]any{"op": "delete", "times": 100, "fault": map[string]any{"status": 503}}
	if status, err := call("POST", emu.Admin+"/faults", "", down, nil); err != nil || status != 200 {
		t.Fatalf("fault: %d %v", status, err)
	}
	if status, err := call("DELETE", server.Server+"/api/user", token, nil, nil); err != nil || status != 202 {
		t.Fatalf("with ACS down: %d %v", status, err)
	}
	server.kill()
	server = start(t, env, "serve", "--json")
	if ids, _ := emu.alive(t); !ids[id] {
		t.Error("the identity is gone while ACS refused to delete it")
	}
	var u user
	if status, _ := call("GET", server.Server+"/getUser", token, nil, &u); status != 409 || u.Code != "deletion_in_progress" {
		t.Errorf("while it is being deleted: %d %s", status, u.Code)
	}
	if status, err := call("DELETE", emu.Admin+"/faults", "", nil, nil); err != nil || status != 200 {
		t.Fatalf("faults not cleared: %d %v", status, err)
	}
	if status, err := call("DELETE", server.Server+"/api/user", token, nil, nil); err != nil || status != 204 {
		t.Fatalf("with ACS up again: %d %v", status, err)
	}
	if ids, _ := emu.alive(t); ids[id] {
		t.Error("204, and the identity lives at ACS")
	}
	held.Mapping = nil
	if status, err := call("GET", server.Server+"/api/user/export", token, nil, &held); err != nil || status != 200 || held.Mapping != nil {
		t.Errorf("export afterwards: %d %+v %v", status, held.Mapping, err)
	}
	b, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	for outcome, n := range map[string]int{`"operation":"deleteUser"`: 2, `"operation":"exportUser"`: 2, held.Hash: 6} {
		if got := strings.Count(string(b), outcome); got != n {
			t.Errorf("%d lines with %s, want %d:\n%s", got, outcome, n, b)
		}
	}
	for _, secret := range []string{held.User.Subject, token, id} {
		if strings.Contains(string(b), secret) {
			t.Errorf("the audit log holds %.20s...", secret)
		}
	}
}

// Administration by a program, through the real process.
func TestAdministration(t *testing.T) {
	emu, env, _ := startEmulator(t)
	server := start(t, env, "serve", "--json")
	var daemon struct {
		Token string `json:"access_token"`
	}
	if status, err := call("POST", emu.Admin+"/token", "", map[string]any{"appOnly": true}, &daemon); err != nil || status != 200 {
		t.Fatalf("no token of the daemon: %d %v", status, err)
	}
	token := emu.tokens(t, 1)[0]
	var held exported
	if status, err := call("GET", server.Server+"/api/user/export", token, nil, &held); err != nil || status != 200 {
		t.Fatalf("export: %d %v", status, err)
	}
	who := map[string]any{"user": map[string]any{"issuer": held.User.Issuer, "subject": held.User.Subject}}
	var u user
	ask := func(route, token string, body any, want int) {
		t.Helper()
		u = user{}
		if status, err := call("POST", server.Server+route, token, body, &u); err != nil || status != want {
			t.Fatalf("%s: %d %s %v, want %d\n%s", route, status, u.Code, err, want, server.log)
		}
	}
	ask("/api/admin/provision", token, who, 403)
	ask("/api/admin/lookup", daemon.Token, who, 404)
	ask("/api/admin/provision", daemon.Token, who, 201)
	made := u.Identity
	ask("/getUser", token, nil, 200)
	if u.Identity != made {
		t.Errorf("the user sees %s, provisioned was %s", u.Identity, made)
	}
	ask("/api/admin/find", daemon.Token, map[string]any{"identity": made}, 200)
	tenant := strings.Split(held.User.Issuer, "/")[3]
	byID := map[string]any{"user": map[string]any{"tenantId": tenant, "objectId": held.User.Subject}}
	ask("/api/admin/lookup", daemon.Token, byID, 200)
	if u.Identity != made {
		t.Errorf("looked up %s", u.Identity)
	}
	ask("/api/admin/revoke", daemon.Token, byID, 204)
	ask("/api/admin/delete", daemon.Token, byID, 204)
	ask("/api/admin/find", daemon.Token, map[string]any{"identity": made}, 404)
	if ids, _ := emu.alive(t); ids[made] {
		t.Error("the identity lives on at ACS")
	}
	ask("/api/admin/lookup", daemon.Token, map[string]any{"user": map[string]any{"tenantId": tenant, "objectId": fmt.Sprint(1)}}, 400)
}
