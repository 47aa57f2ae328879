package service

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// settings are those of a service against an emulator, and changes to them.
func settings(t *testing.T, e *emulator.Emulator, changes map[string]string) *config.Config {
	t.Helper()
	flags := map[string]string{
		"ACSAUTH_LISTEN":                "127.0.0.1:0",
		"ACSAUTH_METRICS_LISTEN":        "127.0.0.1:0",
		"ACSAUTH_AUTHORITY_HOST":        e.URL(),
		"ACSAUTH_TENANT_IDS":            emulator.TenantID,
		"ACSAUTH_CLIENT_ID":             emulator.APIClientID,
		"ACSAUTH_ALLOWED_CLIENTS":       emulator.SPAClientID,
		"ACSAUTH_ACS_CONNECTION_STRING": e.ConnectionString(),
		"ACSAUTH_STORE":                 "sqlite:" + filepath.Join(t.TempDir(), "one.db"),
	}
	for name, value := range changes {
		flags[name] = value
	}
	c, err := config.Load(config.Sources{Flags: flags}, config.Development)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func options(c *config.Config) Options {
	return Options{Config: c, Log: slog.New(slog.DiscardHandler), AllowLoopback: true}
}

func TestRunStartsAndStops(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	ctx, stop := context.WithCancel(t.Context())
	o := options(settings(t, e, nil))
	ready := make(chan Addresses, 1)
	o.Ready = func(a Addresses) { ready <- a }
	done := make(chan error, 1)
	go func() { done <- Run(ctx, o) }()
	a := <-ready
	for url, want := range map[string]int{a.Server + "/livez": 200, a.Server + "/readyz": 200, a.Metrics: 200, strings.TrimSuffix(a.Metrics, "/metrics") + "/": 404} {
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, res.StatusCode, want)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	for _, url := range []string{a.Server, a.Metrics} {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			t.Errorf("%s still answers", url)
		}
	}
	store, err := sqlite.Open(t.Context(), strings.TrimPrefix(o.Config.Store, "sqlite:"))
	if err != nil {
		t.Fatalf("the store was not closed: %v", err)
	}
	store.Close()
}

func TestRunReportsWhatIsInUse(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().String()
	for _, name := range []string{"ACSAUTH_LISTEN", "ACSAUTH_METRICS_LISTEN"} {
		err := Run(t.Context(), options(settings(t, e, map[string]string{name: taken})))
		if inUse, ok := errors.AsType[*InUseError](err); !ok || inUse.Setting != name || inUse.Address != taken {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := settings(t, e, nil)
	store, err := sqlite.Open(t.Context(), strings.TrimPrefix(c.Store, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := Run(t.Context(), options(c)); !errors.Is(err, sqlite.ErrInUse) || strings.Contains(err.Error(), "\n") {
		t.Errorf("store in use: %v", err)
	}
}

// A request that waits for an upstream does not hold up the stop for longer than the setting says.
func TestStopDoesNotWaitForEver(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	asked, release := make(chan struct{}, 8), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; <-release }))
	defer silent.Close()
	defer close(release)
	key := emulator.AccessKeyPrimary
	c := settings(t, e, map[string]string{"ACSAUTH_ACS_CONNECTION_STRING": "endpoint=" + silent.URL + ";accesskey=" + key})
	c.ShutdownTimeout = 10 * time.Millisecond
	o := options(c)
	ready := make(chan Addresses, 1)
	o.Ready = func(a Addresses) { ready <- a }
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, o) }()
	a := <-ready
	token, err := e.MintToken(emulator.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.Server+"/getUser", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	go func() {
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	<-asked
	stop()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "ACSAUTH_SHUTDOWN_TIMEOUT") {
		t.Errorf("Run: %v", err)
	}
}

func TestPing(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	silent := httptest.NewServer(http.NotFoundHandler())
	silent.Close() // nobody listens there any more
	for name, test := range map[string]struct {
		change map[string]string
		bad    string // start of the finding that fails
		text   string
	}{
		"all well":   {nil, "", ""},
		"no tenant":  {map[string]string{"ACSAUTH_TENANT_IDS": "11aa22bb-0000-4000-8000-000000000001"}, "Entra ID", ""},
		"wrong key":  {map[string]string{"ACSAUTH_ACS_CONNECTION_STRING": "endpoint=" + e.ACSURL() + ";accesskey=d3Jvbmc="}, "ACS", "refuses our credential"},
		"no ACS":     {map[string]string{"ACSAUTH_ACS_CONNECTION_STRING": "endpoint=" + silent.URL + ";accesskey=d3Jvbmc="}, "ACS", "no answer"},
		"no folder":  {map[string]string{"ACSAUTH_STORE": "sqlite:/no/such/folder/one.db"}, "Store", "does not exist"},
		"not a file": {map[string]string{"ACSAUTH_STORE": "sqlite:" + t.TempDir()}, "Store", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := Pinger{Config: settings(t, e, test.change), AllowLoopback: true, Patience: 2 * time.Second}
			findings := p.Ping(t.Context())
			if len(findings) != 3 {
				t.Fatalf("%d findings", len(findings))
			}
			for _, f := range findings {
				bad := test.bad != "" && strings.HasPrefix(f.What, test.bad)
				if (f.Err != nil) != bad || bad && !strings.Contains(f.Err.Error(), test.text) {
					t.Errorf("%s: %v %s", f.What, f.Err, f.Note)
				}
			}
		})
	}
	if n := len(e.Identities()); n != 0 {
		t.Errorf("the pings made %d identities", n)
	}
}

func TestPingStoreInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one.db")
	p := Pinger{Config: &config.Config{Store: "sqlite:" + path}}
	note, err := p.pingStore(t.Context())
	if err != nil || !strings.HasPrefix(note, "not there yet") {
		t.Errorf("%s %v", note, err)
	}
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if note, err := p.pingStore(t.Context()); err != nil || !strings.HasPrefix(note, "in use") {
		t.Errorf("%s %v", note, err)
	}
	store.Close()
	if note, err := p.pingStore(t.Context()); err != nil || note != "opened" {
		t.Errorf("%s %v", note, err)
	}
}

func TestCredentials(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	base := map[string]string{"ACSAUTH_ACS_CONNECTION_STRING": "", "ACSAUTH_ACS_ENDPOINT": "https://contoso.communication.azure.com",
		"ACSAUTH_AUTHORITY_HOST": "https://login.microsoftonline.com"}
	for _, kind := range []string{config.ManagedIdentity, config.WorkloadIdentity, config.AzureCLI} {
		base["ACSAUTH_ACS_CREDENTIAL"] = kind
		base["ACSAUTH_ACS_CLIENT_ID"], base["ACSAUTH_ACS_TENANT_ID"] = emulator.APIClientID, emulator.TenantID
		base["ACSAUTH_ACS_TOKEN_PATH"] = "/var/run/token"
		client, err := newACS(Options{Config: settings(t, e, base), AllowLoopback: true}, newMetrics(), nil)
		if err != nil || client.Endpoint() != "https://contoso.communication.azure.com" {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := stores.NewCredential("default", &config.Config{}); err == nil {
		t.Error("an unknown kind of credential is made")
	}
}

func TestOperationNames(t *testing.T) {
	for request, want := range map[string]string{
		"POST /identities":                                   "acs.createIdentity",
		"DELETE /identities/8%3Aacs%3Aa_b":                   "acs.deleteIdentity",
		"POST /identities/8%3Aacs%3Aa_b/:issueAccessToken":   "acs.issueAccessToken",
		"POST /identities/8%3Aacs%3Aa_b/:revokeAccessTokens": "acs.revokeAccessTokens",
		"POST /teamsUser/:exchangeAccessToken":               "acs.exchangeAccessToken",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := acsOperation(httptest.NewRequest(method, path, nil)); got != want {
			t.Errorf("%s is %s, want %s", request, got, want)
		}
	}
}
