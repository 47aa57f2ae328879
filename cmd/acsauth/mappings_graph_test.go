package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// Mappings go into Microsoft Graph and come out of it, and those of a public sample come out too.
func TestGraphBothWays(t *testing.T) {
	const users = 20
	e, dir := emulator.Start(t, emulator.Options{}), t.TempDir()
	dsn := func(name string) string { return "sqlite:" + filepath.Join(dir, name) }
	env := []string{
		"ACSAUTH_GRAPH_MODE=application", "ACSAUTH_GRAPH_URL=" + e.GraphURL(), "ACSAUTH_GRAPH_JOURNAL=" + dsn("journal.db"), "ACSAUTH_AUTHORITY_HOST=" + e.URL(),
		"ACSAUTH_TENANT_IDS=" + emulator.TenantID, "ACSAUTH_CLIENT_ID=" + emulator.APIClientID, "ACSAUTH_CLIENT_SECRET=" + emulator.APIClientSecret,
		"ACSAUTH_ACS_CONNECTION_STRING=" + e.ConnectionString(), "ACSAUTH_ACS_RESOURCE=" + emulator.ResourceID,
	}
	keys := "ACSAUTH_GRAPH_MAC_KEYS=" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	call := func(env []string, args ...string) (int, string) {
		var out strings.Builder
		return run(t.Context(), args, env, &out, &out), out.String()
	}
	moved := func(env []string, from, to string, n int) {
		t.Helper()
		code, out := call(env, "mappings", "copy", "--from", from, "--to", to, "--checkpoint", filepath.Join(dir, "c"))
		if want := fmt.Sprintf("verified: source %d, target has all %d, equal", n, n); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s to %s: %d, want %q in\n%s", from, to, code, want, out)
		}
	}
	fillForGraph(t, filepath.Join(dir, "from.db"), users, e.Issuer())
	if code, out := call(env, "mappings", "copy", "--from", dsn("from.db"), "--to", "graph:"); code != 2 || !strings.Contains(out, "ACSAUTH_GRAPH_MAC_KEYS: is not set") {
		t.Errorf("values without a key: %d\n%s", code, out)
	}
	env = append(env, keys)
	moved(env, dsn("from.db"), "graph:", users)
	moved(env, "graph:", dsn("back.db"), users)

	sample(t, e, crowd(users+1))
	code, out := call(env, "mappings", "list", "--store", "graph:")
	if code != 0 || strings.Count(out, " active ") != users-1 || !strings.Contains(out, "level=") || strings.Contains(out, crowd(users+1)) {
		t.Errorf("a value without a signature: %d\n%s", code, out)
	}
	moved(append(env, "ACSAUTH_GRAPH_ADOPT=true"), "graph:", dsn("back.db"), users+1)
	env[0] = "ACSAUTH_GRAPH_MODE=delegated"
	if code, out := call(env, "mappings", "list", "--store", "graph:"); code != 1 || !strings.Contains(out, "ACSAUTH_GRAPH_MODE=application") {
		t.Errorf("without the right to list: %d\n%s", code, out)
	}
}

// crowd is the object id of a user of the emulator.
func crowd(n int) string { return fmt.Sprintf("ac5a0000-0000-4001-a000-%012d", n) }

func fillForGraph(t *testing.T, path string, users int, issuer string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= users; i++ {
		m := acsauth.Mapping{
			Key: acsauth.UserKey{Issuer: issuer, Subject: crowd(i)}, State: acsauth.Active, Attempt: fmt.Sprint("attempt-", i),
			Identity: acsauth.Identity(fmt.Sprintf("8:acs:%s_%d", emulator.ResourceID, i)), Resource: emulator.ResourceID, Generation: 1,
		}
		if i == users {
			m.State = acsauth.Deleting
		}
		if err := store.Insert(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// sample writes a mapping as the public samples do, without a signature.
func sample(t *testing.T, e *emulator.Emulator, user string) {
	t.Helper()
	res, err := http.PostForm(e.URL()+"/"+emulator.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {emulator.APIClientID}, "client_secret": {emulator.APIClientSecret},
		"scope": {"https://graph.microsoft.com/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var token struct {
		Value string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil || token.Value == "" {
		t.Fatal(res.Status, err)
	}
	body := `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"com.contoso.identityMapping","acsUserIdentity":"8:acs:` + emulator.ResourceID + `_sample"}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.GraphURL()+"/v1.0/users/"+user+"/extensions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Value)
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatal(answer.Status)
	}
}
