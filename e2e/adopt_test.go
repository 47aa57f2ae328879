package e2e

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// A user whom a public sample knows keeps the identity: the service finds it in
// the open extension that the sample wrote, once, whatever its own store is.
func TestAdoptTheSamplesMapping(t *testing.T) {
	for _, store := range []string{"sqlite:", "graph:"} {
		for _, mode := range []string{"delegated", "application"} {
			t.Run(store+mode, func(t *testing.T) { adoptOne(t, store, mode) })
		}
	}
}

func adoptOne(t *testing.T, store, mode string) {
	emu := start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")
	env := maps.Clone(emu.Env)
	dir := t.TempDir()
	if store == "sqlite:" {
		store += filepath.Join(dir, "a.db")
	}
	maps.Copy(env, map[string]string{"ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_METRICS_LISTEN": "off", "ACSAUTH_STORE": store,
		"ACSAUTH_GRAPH_JOURNAL": "sqlite:" + filepath.Join(dir, "j.db"), "ACSAUTH_GRAPH_MODE": mode, "ACSAUTH_GRAPH_ADOPT": "true"})
	old := asTheSample(t, emu, "user-1")
	stale := asTheSample(t, emu, "user-2")
	if _, err := emu.acs(t).DeleteIdentity(t.Context(), stale, nil); err != nil {
		t.Fatal(err)
	}
	server := start(t, env, "serve", "--json")
	tokens := emu.tokens(t, 3)
	ask := func(method, path, token string, want int) string {
		t.Helper()
		var u user
		status, err := call(method, server.Server+path, token, nil, &u)
		if err != nil || status != want {
			t.Fatalf("%s %s: %d, code %q, %v; want %d\n%s", method, path, status, u.Code, err, want, server.log)
		}
		return u.Identity
	}
	if got := ask("GET", "/api/user", tokens[0], http.StatusOK); got != string(old) {
		t.Errorf("GET /api/user shows %s, the sample's mapping is %s", got, old)
	}
	ask("GET", "/api/token", tokens[0], http.StatusCreated)
	if got := ask("POST", "/getUser", tokens[0], http.StatusOK); got != string(old) {
		t.Errorf("POST /getUser shows %s, the sample's mapping is %s", got, old)
	}
	ask("GET", "/api/user", tokens[2], http.StatusNotFound)
	ask("POST", "/getUser", tokens[2], http.StatusCreated)
	ask("DELETE", "/api/user", tokens[0], http.StatusNoContent)
	ask("GET", "/api/user", tokens[0], http.StatusNotFound)
	if got := ask("POST", "/getUser", tokens[0], http.StatusCreated); got == string(old) {
		t.Error("the deleted identity came back")
	}
	if store != "graph:" { // graph takes its rows as they are
		if got := ask("POST", "/getUser", tokens[1], http.StatusCreated); got == string(stale) {
			t.Error("an identity that ACS has deleted was taken over")
		}
	}
}

// asTheSample does what the public samples do at a first sign-in.
func asTheSample(t *testing.T, emu *process, name string) acsauth.Identity {
	t.Helper()
	r, err := emu.acs(t).CreateIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var a struct {
		Token string `json:"access_token"`
	}
	status, err := call("POST", emu.Admin+"/token", "", map[string]any{"user": name, "audience": "https://graph.microsoft.com",
		"client": emu.Env["ACSAUTH_CLIENT_ID"], "scopes": []string{"User.ReadWrite"}}, &a)
	if err != nil || status != http.StatusOK {
		t.Fatalf("no Graph token: %d %v", status, err)
	}
	body := map[string]any{"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "com.contoso.identityMapping", "acsUserIdentity": r.Identity}
	if status, err := call("POST", emu.Graph+"/v1.0/me/extensions", a.Token, body, nil); err != nil || status != http.StatusCreated {
		t.Fatalf("extension not written: %d %v", status, err)
	}
	return r.Identity
}

// acs is a client of the emulated ACS.
func (p *process) acs(t *testing.T) *acsidentity.Client {
	t.Helper()
	c, err := acsidentity.NewClientFromConnectionString(p.ConnectionString, &acsidentity.ClientOptions{InsecureAllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What Entra ID wants of the user reaches the client: consent, and a claims challenge in the form that MSAL takes.
func TestStepUpReachesTheClient(t *testing.T) {
	emu := start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")
	env := maps.Clone(emu.Env)
	maps.Copy(env, graphEnv("delegated")(t))
	maps.Copy(env, map[string]string{"ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_METRICS_LISTEN": "off"})
	server := start(t, env, "serve", "--json")
	tokens := emu.tokens(t, 3)
	const claims = `{"access_token":{"polids":{"essential":true,"values":["9ab03e19"]}}}`
	for i, c := range []struct {
		obstacle        map[string]any
		code, challenge string
	}{
		{map[string]any{"consentWithdrawn": true}, "consent_required", `error="interaction_required"`},
		{map[string]any{"claims": claims}, "step_up_required", `error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`},
	} {
		if status, err := call("POST", emu.Admin+"/obo", "", c.obstacle, nil); err != nil || status != http.StatusOK {
			t.Fatalf("obstacle not taken: %d %v", status, err)
		}
		req, err := http.NewRequest("POST", server.Server+"/getUser", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+tokens[i])
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var problem user
		if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != http.StatusUnauthorized || problem.Code != c.code || !strings.Contains(got, c.challenge) {
			t.Errorf("%d %s, challenge %q; want 401 %s with %s", res.StatusCode, problem.Code, got, c.code, c.challenge)
		}
	}
	if status, err := call("POST", emu.Admin+"/obo", "", map[string]any{}, nil); err != nil || status != http.StatusOK {
		t.Fatalf("obstacle not removed: %d %v", status, err)
	}
	if _, err := settle(server.Server, tokens[0]); err != nil {
		t.Errorf("not served after consent: %v", err)
	}
	if ids, _ := emu.alive(t); len(ids) != 1 {
		t.Errorf("%d identities, want 1", len(ids))
	}
}
