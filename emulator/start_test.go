package emulator_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

func TestGuardRails(t *testing.T) {
	for name, o := range map[string]emulator.Options{
		"Listen":             {Listen: "0.0.0.0:0"},
		"ListenTLS":          {ListenTLS: ":8443"},
		"ListenAdmin":        {ListenAdmin: "192.0.2.1:0"},
		"address":            {Listen: "127.0.0.1"},
		"PublicURL":          {PublicURL: "https://emu.invalid/"},
		"AccessTokenVersion": {AccessTokenVersion: "3.0"},
		"TokenLifetime":      {TokenLifetime: -1},
	} {
		if e, err := emulator.New(o); err == nil || e != nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, marker := range []string{"WEBSITE_INSTANCE_ID", "CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST"} {
		t.Run(marker, func(t *testing.T) {
			t.Setenv(marker, "x")
			if _, err := emulator.New(emulator.Options{}); err == nil || !strings.Contains(err.Error(), marker) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Setenv("CONTAINER_APP_NAME", "x")
	e, err := emulator.New(emulator.Options{AllowCloud: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartOnce(t *testing.T) {
	e := emulator.Start(t, emulator.Options{Listen: "localhost:0", ListenAdmin: "none"})
	if !strings.HasPrefix(e.URL(), "http://localhost:") || e.AdminURL() != "" || e.TLSURL() != "" {
		t.Errorf("%q %q %q", e.URL(), e.AdminURL(), e.TLSURL())
	}
	if e.Start() == nil {
		t.Error("a second Start has to fail")
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(e.URL(), "http://")); err == nil {
		t.Error("the port is still open")
	}
	if e.Start() == nil {
		t.Error("Start after Close has to fail")
	}
}

// A port that is taken makes Start fail and leaves no other port open.
func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	e, err := emulator.New(emulator.Options{ListenAdmin: taken.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Start() == nil || e.URL() != "" {
		t.Errorf("Start has to fail, URL %q", e.URL())
	}
}

// failer records what Start reports to a test.
type failer struct {
	text  string
	after []func()
}

func (f *failer) Helper()                      {}
func (f *failer) Cleanup(fn func())            { f.after = append(f.after, fn) }
func (f *failer) Fatalf(text string, _ ...any) { f.text = text; panic(f) }

func TestStartReports(t *testing.T) {
	f := &failer{}
	defer func() {
		if recover() == nil || f.text == "" || len(f.after) != 0 {
			t.Errorf("Start has to end the test: %+v", f)
		}
	}()
	emulator.Start(f, emulator.Options{Listen: "0.0.0.0:1"})
}

// The handler works under a server of the caller.
func TestHandler(t *testing.T) {
	e, err := emulator.New(emulator.Options{PublicURL: "http://emu.invalid"})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	server := httptest.NewServer(e.Handler())
	defer server.Close()
	token := mint(t, e, emulator.TokenRequest{})
	if !verify(t, server.URL+"/"+emulator.TenantID+"/discovery/keys", token) {
		t.Error("token does not verify")
	}
	if r := newBrowser(t).get(server.URL); !strings.Contains(r.body, "emulator") {
		t.Errorf("root: %s", r.body)
	}
}

func TestTLS(t *testing.T) {
	e := emulator.Start(t, emulator.Options{ListenTLS: "127.0.0.1:0"})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(e.CACertPEM()) {
		t.Fatal("no CA certificate")
	}
	b := newBrowser(t)
	b.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer b.client.CloseIdleConnections()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(e.TLSURL(), "https://"))
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{e.TLSURL(), "https://127.0.0.1:" + port} {
		r := b.get(base + "/" + emulator.TenantID + "/v2.0/.well-known/openid-configuration")
		doc := r.json(t)
		if doc["issuer"] != base+"/"+emulator.TenantID+"/v2.0" || !strings.HasPrefix(doc["token_endpoint"].(string), base+"/") {
			t.Errorf("authority %s: issuer %v", base, doc["issuer"])
		}
		if r.header.Get("Strict-Transport-Security") != "" {
			t.Error("Strict-Transport-Security would spoil localhost")
		}
	}
	// The token says who issued it in one way, wherever it was asked for.
	form := with(authorizeForm(), "prompt", "none", "login_hint", "alice")
	r := b.get(e.TLSURL() + "/" + emulator.TenantID + "/oauth2/v2.0/authorize?" + form.Encode())
	if cookie := r.header.Get("Set-Cookie"); !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "SameSite=None") || !strings.Contains(cookie, "HttpOnly") {
		t.Errorf("cookie %q", cookie)
	}
	body := b.post(e.TLSURL()+"/"+emulator.TenantID+"/oauth2/v2.0/token", codeForm(answerOf(t, r).Get("code"))).json(t)
	if _, claims := parts(t, body["access_token"].(string)); claims["iss"] != e.Issuer() || !strings.HasPrefix(e.Issuer(), e.URL()) {
		t.Errorf("issuer %v", claims["iss"])
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", e.TLSURL()+"/common/v2.0/.well-known/openid-configuration", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	if doc := b.do(req).json(t); doc["issuer"] != e.URL()+"/{tenantid}/v2.0" {
		t.Errorf("a foreign Host must not get into metadata: %v", doc["issuer"])
	}
}

// With a folder, tokens, users and extensions outlive the emulator; what is damaged is named.
func TestStateIsKept(t *testing.T) {
	o := emulator.Options{DataDir: t.TempDir(), PublicURL: "http://emu.invalid"}
	run := func(use func(e *emulator.Emulator)) {
		t.Helper()
		e, err := emulator.New(o)
		if err == nil {
			err = e.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		use(e)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var token string
	run(func(e *emulator.Emulator) {
		if err := e.Seed([]byte(`{"version":1,"users":[{"name":"dora"}],"extensions":[{"user":"dora","name":"com.example.kept","data":{}}]}`)); err != nil {
			t.Fatal(err)
		}
		token = mint(t, e, emulator.TokenRequest{User: "dora"})
		if err := e.SetGraph(emulator.GraphBehaviour{DuplicateStatus: 409}); err != nil {
			t.Fatal(err)
		}
	})
	run(func(e *emulator.Emulator) {
		if !verify(t, e.URL()+"/"+emulator.TenantID+"/discovery/keys", token) || len(e.Mappings()) != 1 {
			t.Errorf("token or extension are lost")
		}
		if got := newBrowser(t).get(e.AdminURL() + "/graph").json(t)["duplicateStatus"]; got != 0.0 {
			t.Errorf("behaviour has to start anew: %v", got)
		}
	})
	for _, name := range []string{"state.json", "tls.pem", "acs.json"} {
		if info, err := os.Stat(filepath.Join(o.DataDir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	for _, text := range []string{"{", "{}", `{"kind":"acsauth emulator","version":1}`} {
		if err := os.WriteFile(filepath.Join(o.DataDir, "state.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := emulator.New(o); err == nil || !strings.Contains(err.Error(), "state.json") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Identities outlive the emulator when there is a place for them.
func TestDataDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for want := 1; want <= 2; want++ {
		e, err := emulator.New(emulator.Options{DataDir: dir, ServiceLimits: true})
		if err == nil {
			err = e.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t)
		token := b.post(tokenURL(e), daemonForm("https://communication.azure.com//.default")).json(t)["access_token"].(string)
		if r := b.send("POST", e.ACSURL()+"/identities?api-version=2023-10-01", "{}", "Authorization", "Bearer "+token, "Content-Type", "application/json"); r.status != http.StatusCreated {
			t.Fatalf("create: %d %s", r.status, r.body)
		}
		if ids := e.Identities(); len(ids) != want || !strings.HasPrefix(ids[0].ID, "8:acs:"+emulator.ResourceID+"_") {
			t.Errorf("identities %v, want %d", ids, want)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	first := emulator.Start(t, emulator.Options{DataDir: dir})
	if _, err := emulator.New(emulator.Options{DataDir: dir}); err == nil || !strings.Contains(err.Error(), "another emulator uses the folder") {
		t.Errorf("two emulators in one folder: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emulator.New(emulator.Options{DataDir: filepath.Join(dir, "file")}); err == nil {
		t.Error("a file is not a directory")
	}
}
