package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
)

// A running is a program under way in this process.
type running struct {
	info   info
	lines  *bufio.Reader // of its standard output
	log    *syncBuffer
	cancel context.CancelFunc
	code   chan int
}

// syncBuffer is a buffer that may be written and read at once.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// boot starts the program and stops it when the test ends.
func boot(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	r := &running{lines: bufio.NewReader(out), log: &syncBuffer{}, cancel: cancel, code: make(chan int, 1)}
	go func() {
		code := run(ctx, args, env, in, r.log)
		in.Close()
		r.code <- code
	}()
	t.Cleanup(func() { r.stop(t) })
	return r
}

// bootJSON starts the program with --json and reads its one line.
func bootJSON(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	r := boot(t, env, append(args, "--json")...)
	line, err := r.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no line: %v\n%s", err, r.log)
	}
	if err := json.Unmarshal([]byte(line), &r.info); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return r
}

// stop ends the program and checks that it ended well and said nothing more.
func (r *running) stop(t *testing.T) {
	t.Helper()
	if r.code == nil {
		return
	}
	r.cancel()
	rest, err := io.ReadAll(r.lines)
	if err != nil || len(rest) > 0 {
		t.Errorf("more on the standard output: %q, %v", rest, err)
	}
	if code := <-r.code; code != 0 {
		t.Errorf("exit code %d\n%s", code, r.log)
	}
	r.code = nil
}

// token prints a token by the subcommand.
func token(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"token"}, args...), nil, &out, &errs); code != 0 {
		t.Fatalf("token %v: exit code %d: %s", args, code, &errs)
	}
	text, ok := strings.CutSuffix(out.String(), "\n")
	if !ok || strings.ContainsAny(text, "\n ") {
		t.Fatalf("token %v prints %q", args, out.String())
	}
	return text
}

// A reply is the answer to a request.
type reply struct {
	status int
	body   string
	fields map[string]any
}

// call makes a request. Headers are given as "Name: value".
func call(t *testing.T, method, url string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	out := reply{status: res.StatusCode, body: string(body)}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		// An array, as of the administration, leaves fields empty; its body is looked at as text.
		_ = json.Unmarshal(body, &out.fields)
	}
	return out
}

func TestEverythingEndToEnd(t *testing.T) {
	r := bootJSON(t, nil, "--listen", "127.0.0.1:0")
	at := r.info.Server
	bearer := "Authorization: Bearer " + token(t, "--user", "alice", "--authority", r.info.Authority)
	teams := "teams-user-aad-token: " + token(t, "--user", "alice", "--teams", "--authority", r.info.Authority)
	steps := []struct {
		method, path string
		status       int
		field        string
		headers      []string
	}{
		{"GET", "/api/user", 404, "code", nil},
		{"GET", "/getUser", 201, "acsUserIdentity", nil},
		{"GET", "/getUser", 200, "acsUserIdentity", nil},
		{"POST", "/getToken", 200, "token", nil},
		{"POST", "/refreshToken", 200, "token", nil},
		{"POST", "/exchangeToken", 200, "token", []string{teams}},
		{"POST", "/revokeTokens", 204, "", nil},
		{"GET", "/api/user", 200, "acsUserIdentity", nil},
		{"GET", "/api/token", 201, "expiresOn", nil},
		{"GET", "/api/token/teams", 201, "token", []string{teams}},
		{"DELETE", "/api/user", 204, "", nil},
		{"GET", "/api/token", 404, "code", nil},
		{"POST", "/api/user", 201, "acsUserIdentity", nil},
	}
	for _, s := range steps {
		got := call(t, s.method, at+s.path, append(s.headers, bearer)...)
		if got.status != s.status || s.field != "" && got.fields[s.field] == nil {
			t.Fatalf("%s %s = %d %s, want %d with %s", s.method, s.path, got.status, got.body, s.status, s.field)
		}
	}
	if got := call(t, "GET", at+"/getUser"); got.status != 401 || got.fields["code"] != "token_missing" {
		t.Errorf("without a token: %d %s", got.status, got.body)
	}
	if got := call(t, "GET", at+"/readyz"); got.status != 200 {
		t.Errorf("readyz: %d %s", got.status, got.body)
	}
	checkMetrics(t, r.info.Metrics)
	folder := r.info.Data
	r.stop(t)
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
	if log := r.log.String(); strings.Contains(log, "eyJ") || strings.Contains(log, emulator.AccessKeyPrimary) || strings.Contains(log, emulator.AliceObjectID) {
		t.Errorf("the log holds a token, a key or a person:\n%s", log)
	}
}

func checkMetrics(t *testing.T, url string) {
	t.Helper()
	got := call(t, "GET", url)
	for _, want := range []string{
		`acsauth_broker_events_total{event="identity_created"} 2`,
		`acsauth_store_mappings{state="active"} 1`,
		`acsauth_upstream_requests_total{operation="acs.createIdentity",status="201"} 2`,
		`acsauth_upstream_requests_total{operation="acs.exchangeAccessToken",status="200"} 2`,
		`acsauth_upstream_requests_total{operation="acs.deleteIdentity",status="204"} 1`,
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the metrics have no line %s", want)
		}
	}
}

func TestJSONLine(t *testing.T) {
	r := bootJSON(t, nil, "--listen", "127.0.0.1:0")
	in := r.info
	for name, value := range map[string]string{
		"server": in.Server, "metrics": in.Metrics, "authority": in.Authority, "graph": in.Graph, "acs": in.ACS, "admin": in.Admin,
	} {
		if !strings.HasPrefix(value, "http://127.0.0.1:") || strings.HasSuffix(value, ":0") {
			t.Errorf("%s is %q", name, value)
		}
	}
	if len(in.Users) < 4 || in.Users[0] != (user{"alice", "alice@" + emulator.Domain, emulator.AliceObjectID, emulator.TenantID, false, true}) {
		t.Errorf("users: %+v", in.Users)
	}
	if in.ClientID != emulator.SPAClientID || in.Scope != "api://"+emulator.APIClientID+"/access_as_user" {
		t.Errorf("client %s, scope %s", in.ClientID, in.Scope)
	}
	if in.TLS == nil || !strings.HasPrefix(in.TLS.URL, "https://localhost:") || !strings.Contains(in.TLS.ConnectionString, in.TLS.URL) {
		t.Fatalf("TLS: %+v", in.TLS)
	}
	if pem, err := os.ReadFile(in.TLS.CA); err != nil || !strings.Contains(string(pem), "BEGIN CERTIFICATE") {
		t.Errorf("the CA file: %v", err)
	}
	if got := call(t, "GET", in.Admin+"/healthz"); got.status != 200 {
		t.Errorf("administration: %d", got.status)
	}
}

// The member env configures a service in another process, which finds the users of the first one.
func TestServeAgainstAnEmulator(t *testing.T) {
	e := bootJSON(t, nil, "emulate", "--listen", "127.0.0.1:0")
	if e.info.Server != "" || e.info.Metrics != "" {
		t.Errorf("the emulator alone names a service: %+v", e.info)
	}
	var env []string
	for name, value := range e.info.Env {
		env = append(env, name+"="+value)
	}
	store := "sqlite:" + filepath.Join(t.TempDir(), "one.db")
	bearer := "Authorization: Bearer " + token(t, "--user", "bob", "--authority", e.info.Authority)
	first := bootJSON(t, env, "serve", "--store", store)
	made := call(t, "GET", first.info.Server+"/getUser", bearer)
	if made.status != 201 {
		t.Fatalf("getUser: %d %s\n%s", made.status, made.body, first.log)
	}
	var errs bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--store", store}, env, io.Discard, &errs); code != 1 || !strings.Contains(errs.String(), "the database is in use") {
		t.Errorf("a second instance on the file: exit code %d, %s", code, &errs)
	}
	first.stop(t)
	second := bootJSON(t, env, "serve", "--store", store)
	if again := call(t, "GET", second.info.Server+"/getUser", bearer); again.status != 200 || again.fields["id"] != made.fields["id"] {
		t.Errorf("after a restart: %d %s, want %v", again.status, again.body, made.fields["id"])
	}
}

func TestDataIsKept(t *testing.T) {
	dir := t.TempDir()
	first := bootJSON(t, nil, "--listen", "127.0.0.1:0", "--data", dir)
	authority := first.info.Authority
	bearer := "Authorization: Bearer " + token(t, "--authority", authority)
	made := call(t, "GET", first.info.Server+"/getUser", bearer)
	address := strings.TrimPrefix(first.info.ACS, "http://")
	first.stop(t)
	if _, err := os.Stat(filepath.Join(dir, "acsauth.db")); err != nil {
		t.Fatal(err)
	}
	second := bootJSON(t, nil, "--listen", "127.0.0.1:0", "--emulator-listen", address, "--data", dir)
	bearer = "Authorization: Bearer " + token(t, "--authority", authority)
	if again := call(t, "GET", second.info.Server+"/getToken", bearer); again.status != 200 || !strings.Contains(again.body, made.fields["id"].(string)) {
		t.Errorf("after a restart: %d %s, want %v", again.status, again.body, made.fields["id"])
	}
}

func TestEnvironmentCounts(t *testing.T) {
	r := bootJSON(t, []string{"ACSAUTH_TOKEN_LIFETIME=120", "ACSAUTH_ACS_CONNECTION_STRING=endpoint=https://real.communication.azure.com/;accesskey=cmVhbA=="}, "--listen", "127.0.0.1:0")
	got := call(t, "GET", r.info.Server+"/getToken", "Authorization: Bearer "+token(t, "--authority", r.info.Authority))
	if got.status != 200 || got.fields["endpoint"] != r.info.ACS {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Production refuses what the emulator publishes, by digests that this test ties to it.
func TestProductionKnowsTheEmulator(t *testing.T) {
	published := []string{
		emulator.TenantID, emulator.OtherTenantID, emulator.APIClientID, emulator.APIClientSecret, emulator.SPAClientID, emulator.TeamsClientID,
		emulator.DaemonClientID, emulator.DaemonClientSecret, emulator.ResourceID, emulator.AccessKeyPrimary, emulator.AccessKeySecondary,
		emulator.OtherResourceID, emulator.OtherAccessKey, emulator.ExternalTenantID, emulator.B2CTenantID, emulator.ExternalAPIClientID,
		emulator.ExternalSPAClientID, emulator.ExternalAPIClientSecret, emulator.B2CAPIClientID, emulator.B2CSPAClientID, emulator.B2CAPIClientSecret,
		emulator.ManagedIdentityClientID, emulator.IdentityHeader,
	}
	for _, value := range published {
		if !config.IsEmulatorValue(value) || value != emulator.AccessKeyPrimary && value != emulator.AccessKeySecondary && value != emulator.OtherAccessKey && !config.IsEmulatorValue(strings.ToUpper(value)) {
			t.Errorf("%s is not known to be the emulator's", value)
		}
	}
	for _, value := range []string{"", "11aa22bb-0000-4000-8000-000000000001", "bm90LXJlYWw="} {
		if config.IsEmulatorValue(value) {
			t.Errorf("%q is taken for the emulator's", value)
		}
	}
	r := bootJSON(t, nil, "emulate", "--listen", "127.0.0.1:0")
	_, err := config.Load(config.Sources{Flags: r.info.Env}, config.Production)
	for _, name := range []string{"ACSAUTH_AUTHORITY_HOST", "ACSAUTH_TENANT_IDS", "ACSAUTH_CLIENT_ID", "ACSAUTH_ALLOWED_CLIENTS", "ACSAUTH_TEAMS_CLIENTS", "ACSAUTH_ACS_CONNECTION_STRING", "ACSAUTH_ACS_RESOURCE"} {
		if config.Only(err, name) == nil {
			t.Errorf("production takes %s of the emulator", name)
		}
	}
}

// TestOneClock: when the emulator's clock is moved, the service lives at the new time, too.
func TestOneClock(t *testing.T) {
	r := bootJSON(t, nil, "--listen", "127.0.0.1:0")
	bearer := func() string {
		return "Authorization: Bearer " + token(t, "--user", "alice", "--authority", r.info.ACS)
	}
	early := bearer()
	for _, step := range []string{"13h", "13h", "-26h"} {
		res, err := http.Post(r.info.Admin+"/clock", "application/json", strings.NewReader(`{"advance":"`+step+`"}`))
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatal(res, err)
		}
		res.Body.Close()
		now, err := time.Parse(time.RFC3339, call(t, "GET", r.info.Admin+"/clock").fields["now"].(string))
		if err != nil {
			t.Fatal(err)
		}
		got := call(t, "GET", r.info.Server+"/refreshToken", bearer())
		if got.status != http.StatusOK {
			t.Fatalf("after %s: %d %s", step, got.status, got.body)
		}
		for name, from := range map[string]time.Duration{"expiresOn": 60 * time.Minute, "refreshAfter": 49 * time.Minute} {
			at, err := time.Parse(time.RFC3339, got.fields[name].(string))
			if d := at.Sub(now.Add(from)).Abs(); err != nil || d > time.Minute {
				t.Errorf("after %s: %s is %v off", step, name, d)
			}
		}
		if old := call(t, "GET", r.info.Server+"/getUser", early); (old.status == http.StatusOK) != (step == "-26h") {
			t.Errorf("after %s: the first token gives %d", step, old.status)
		}
	}
}
