package service

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/secret"
)

const (
	firstKey  = "ACSAUTH_ACS_CONNECTION_STRING"
	secondKey = "ACSAUTH_ACS_CONNECTION_STRING_2"
	wrongKey  = "d3Jvbmcta2V5LXdyb25nLWtleQ=="
	wrongKey2 = "YW5vdGhlci13cm9uZy1rZXk="
)

// A noticeLog is a log that a test reads while others write.
type noticeLog struct {
	mu   sync.Mutex
	text strings.Builder
	wake chan struct{}
}

func (l *noticeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (l *noticeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until the log has the text so many times.
func (l *noticeLog) await(t *testing.T, text string, times int) {
	t.Helper()
	for strings.Count(l.String(), text) < times {
		select {
		case <-l.wake:
		case <-time.After(time.Minute):
			t.Fatalf("the log does not say %q:\n%s", text, l)
		}
	}
}

func hooks(t *testing.T, c *config.Config) (secretHooks, *noticeLog) {
	t.Helper()
	m := newMetrics()
	acs, err := newACS(Options{Config: c, AllowLoopback: true}, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := &noticeLog{wake: make(chan struct{}, 1)}
	return secretHooks{Config: c, ACS: acs, Stores: &stores.Live{}, Log: slog.New(slog.NewTextHandler(log, nil)), Metrics: m, Forget: func() {}}, log
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, acs *acsidentity.Client) error {
	t.Helper()
	_, err := acs.CreateIdentity(t.Context(), &acsidentity.CreateIdentityOptions{Scopes: []acsauth.Scope{acsauth.ScopeChat}})
	return err
}

// The keys of ACS are rotated by replacing files, and the operator is told which one is refused.
func TestWatchSecretsRotatesKeys(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	with := func(key string) string { return "endpoint=" + e.ACSURL() + "/;accesskey=" + key + "\n" }
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	put(t, one, with(wrongKey))
	put(t, two, with(emulator.AccessKeySecondary))
	c, err := config.Load(config.Sources{
		Flags: map[string]string{
			"ACSAUTH_TENANT_IDS": emulator.TenantID, "ACSAUTH_CLIENT_ID": emulator.APIClientID, "ACSAUTH_ALLOWED_CLIENTS": "*", "ACSAUTH_AUTHORITY_HOST": e.URL(),
		},
		Environ: []string{firstKey + "_FILE=" + one, secondKey + "_FILE=" + two},
	}, config.Development)
	if err != nil {
		t.Fatal(err)
	}
	c.SecretsRefresh = "5ms"
	h, log := hooks(t, c)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); watchSecrets(ctx, h) }()
	defer func() { stop(); <-done }()

	// Until the watcher listens, nobody is told; so the first request may come too early for the log.
	put(t, one, with(wrongKey2))
	log.await(t, "a changed secret is in use", 1)
	if err := create(t, h.ACS); err != nil {
		t.Errorf("the second key does not help: %v", err)
	}
	log.await(t, "ACS refuses one access key", 1)
	put(t, one, with(emulator.AccessKeyPrimary))
	log.await(t, "a changed secret is in use", 2)
	put(t, two, with(wrongKey))
	log.await(t, "a changed secret is in use", 3)
	if err := create(t, h.ACS); err != nil {
		t.Errorf("the new first key is not used: %v", err)
	}
	put(t, one, "nonsense "+emulator.AccessKeyPrimary)
	log.await(t, "cannot be used as it is now", 1)
	if err := create(t, h.ACS); err != nil {
		t.Errorf("a bad value has replaced a good one: %v", err)
	}
	put(t, one, with(wrongKey2))
	log.await(t, "a changed secret is in use", 4)
	if e, ok := errors.AsType[*acsidentity.Error](create(t, h.ACS)); !ok || e.Code != acsidentity.CodeDenied {
		t.Errorf("both keys are wrong: %v", e)
	}
	log.await(t, "ACS refuses both access keys", 1)
	for _, key := range []string{wrongKey, wrongKey2, emulator.AccessKeyPrimary, emulator.AccessKeySecondary} {
		if strings.Contains(log.String(), key[:8]) {
			t.Errorf("the log holds a key:\n%s", log)
		}
	}
}

// A ping fetches the secrets first. What hangs on one that could not be fetched fails, too, and is never asked with the reference in its place.
func TestPingSecrets(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	c := settings(t, e, map[string]string{firstKey: "keyvault:https://127.0.0.1:1/secrets/acs", "ACSAUTH_KEYVAULT_CREDENTIAL": config.AzureCLI})
	findings := Pinger{Config: c, AllowLoopback: true, Patience: 30 * time.Second}.Ping(t.Context())
	if f := findings[0]; f.What != "Key Vault" || f.Err == nil || !strings.Contains(f.Err.Error(), "ACSAUTH_ACS_CONNECTION_STRING: cannot be fetched from Key Vault: the vault cannot be reached") {
		t.Errorf("%s: %v", f.What, f.Err)
	}
	if f := findings[len(findings)-1]; !errors.Is(f.Err, config.ErrUnresolved) {
		t.Errorf("%s: %v", f.What, f.Err)
	}
	if err := Run(t.Context(), options(c)); err == nil || !strings.Contains(err.Error(), "cannot be fetched from Key Vault") {
		t.Errorf("Run: %v", err)
	}
}

func TestWatchSecretsOff(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	for _, changes := range []map[string]string{{"ACSAUTH_SECRETS_REFRESH": "off"}, nil} {
		h, log := hooks(t, settings(t, e, changes))
		watchSecrets(t.Context(), h) // returns at once: nothing can change
		if log.String() != "" {
			t.Error(log)
		}
	}
}

// What apply says of each change, and that nothing bad gets into use.
func TestApplySecrets(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	acs := func(key string) string { return "endpoint=" + e.ACSURL() + ";accesskey=" + key }
	mac := strings.Repeat("QUFB", 12)
	graph := map[string]string{"ACSAUTH_STORE": "graph:", "ACSAUTH_GRAPH_JOURNAL": "tables:https://contoso.table.core.windows.net", "ACSAUTH_GRAPH_URL": e.URL(),
		"ACSAUTH_CLIENT_SECRET": "x", "ACSAUTH_GRAPH_MAC_KEYS": mac, "ACSAUTH_AUDIT": "stdout"}
	for name, c := range map[string]struct {
		settings, changed, failed map[string]string
	}{
		"first key":          {nil, map[string]string{firstKey: acs(wrongKey)}, nil},
		"both keys":          {map[string]string{secondKey: acs(emulator.AccessKeySecondary)}, map[string]string{firstKey: acs(emulator.AccessKeySecondary), secondKey: acs(emulator.AccessKeyPrimary)}, nil},
		"same key":           {map[string]string{secondKey: acs(emulator.AccessKeySecondary)}, map[string]string{firstKey: acs(emulator.AccessKeySecondary)}, map[string]string{firstKey: "has the same key as"}},
		"no key":             {nil, map[string]string{firstKey: "hello"}, map[string]string{firstKey: "is not a connection string"}},
		"another resource":   {nil, map[string]string{firstKey: "endpoint=https://fabrikam.communication.azure.com;accesskey=" + wrongKey}, map[string]string{firstKey: "names another endpoint"}},
		"one good, one bad":  {map[string]string{secondKey: acs(emulator.AccessKeySecondary)}, map[string]string{firstKey: acs(wrongKey), secondKey: "x"}, map[string]string{secondKey: "is not a connection string"}},
		"unused":             {nil, map[string]string{"ACSAUTH_CLIENT_SECRET": "y", "ACSAUTH_GRAPH_MAC_KEYS": mac, "ACSAUTH_AUDIT_KEYS": mac, "ACSAUTH_STORE_SECRET": "z"}, nil},
		"parts that keep it": {graph, map[string]string{"ACSAUTH_GRAPH_MAC_KEYS": mac + "," + strings.Repeat("QkJC", 12), "ACSAUTH_AUDIT_KEYS": mac, "ACSAUTH_STORE_SECRET": "a2V5"}, map[string]string{"ACSAUTH_GRAPH_MAC_KEYS": "restart", "ACSAUTH_AUDIT_KEYS": "restart", "ACSAUTH_STORE_SECRET": "restart"}},
		"bad for a restart":  {graph, map[string]string{"ACSAUTH_GRAPH_MAC_KEYS": "short"}, map[string]string{"ACSAUTH_GRAPH_MAC_KEYS": "not base64 of 32 bytes"}},
		"client secret":      {graph, map[string]string{"ACSAUTH_CLIENT_SECRET": "y"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := hooks(t, settings(t, e, c.settings))
			u := &secretUser{secretHooks: h}
			changed := map[string]config.Secret{}
			for setting, v := range c.changed {
				changed[setting] = config.NewSecret(v)
			}
			failed := u.apply(changed)
			if got, want := slices.Sorted(maps.Keys(failed)), slices.Sorted(maps.Keys(c.failed)); !slices.Equal(got, want) {
				t.Fatalf("failed %v, want %v", failed, want)
			}
			for setting, text := range c.failed {
				if err := failed[setting]; !strings.Contains(err.Error(), text) || errors.Is(err, secret.ErrRestart) != (text == "restart") {
					t.Errorf("%s: %v", setting, err)
				}
			}
			for setting := range changed {
				if used := u.Config.SecretOf(setting).Equal(changed[setting]); used != (failed[setting] == nil) {
					t.Errorf("%s counts as used: %v", setting, used)
				}
			}
		})
	}
}
