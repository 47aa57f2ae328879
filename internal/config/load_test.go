package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	tenant = "11aa22bb-0000-4000-8000-000000000001"
	client = "11aa22bb-0000-4000-8000-000000000002"
	spa    = "11aa22bb-0000-4000-8000-000000000003"
	key    = "a2V5LW9mLXRoZS10ZXN0" // base64
)

// good is the least that a production service needs.
func good(more ...string) []string {
	return append([]string{
		"ACSAUTH_TENANT_IDS=" + tenant,
		"ACSAUTH_CLIENT_ID=" + client,
		"ACSAUTH_ALLOWED_CLIENTS=" + spa,
		"ACSAUTH_ACS_CONNECTION_STRING=endpoint=https://contoso.communication.azure.com/;accesskey=" + key,
	}, more...)
}

func mustLoad(t *testing.T, s Sources) *Config {
	t.Helper()
	c, err := Load(s, Production)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c := mustLoad(t, Sources{Environ: good()})
	got := map[string]any{
		"listen": c.Listen, "metrics": c.MetricsListen, "guests": c.AllowGuests, "scope": c.Scope,
		"authority": c.AuthorityHost, "store": c.Store, "scopes": c.Scopes.String(),
		"life": c.TokenLifetime.Duration(), "sample": c.SampleTokenLifetime.Duration(),
		"level": c.LogLevel.String(), "resource": c.Resource(), "endpoint": c.Endpoint(),
		"audiences": strings.Join(c.AllAudiences(), " "), "scopeURI": c.ScopeURI(),
		"servers": strings.Join(c.AuthorizationServers(), " "), "origins": len(c.AllowedOrigins),
	}
	want := map[string]any{
		"listen": ":8080", "metrics": "127.0.0.1:9090", "guests": true, "scope": "access_as_user",
		"authority": "https://login.microsoftonline.com", "store": "sqlite:acsauth.db", "scopes": "chat,voip",
		"life": time.Hour, "sample": 24 * time.Hour,
		"level": "INFO", "resource": "contoso.communication.azure.com", "endpoint": "https://contoso.communication.azure.com",
		"audiences": client + " api://" + client, "scopeURI": "api://" + client + "/access_as_user",
		"servers": "https://login.microsoftonline.com/" + tenant + "/v2.0", "origins": 0,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "a.env", "# comment\n\nACSAUTH_SCOPE = from_file \nACSAUTH_LOG_FORMAT=\"text\"\nACSAUTH_STORE=sqlite:file.db\n")
	c := mustLoad(t, Sources{
		Environ: good("ACSAUTH_SCOPE=from_environment", "ACSAUTH_STORE=sqlite:environment.db", "ACSAUTH_LOG_LEVEL="),
		File:    file,
		Flags:   map[string]string{"ACSAUTH_STORE": "sqlite:flag.db", "ACSAUTH_LISTEN": ""},
	})
	want := map[string][2]string{
		"ACSAUTH_STORE":      {"sqlite:flag.db", "flag"},
		"ACSAUTH_SCOPE":      {"from_environment", "environment"},
		"ACSAUTH_LOG_FORMAT": {"text", "file " + file},
		"ACSAUTH_LOG_LEVEL":  {"info", "default"},
		"ACSAUTH_LISTEN":     {":8080", "default"},
	}
	for _, v := range c.Report() {
		if w, ok := want[v.Name]; ok && w != [2]string{v.Value, v.Source} {
			t.Errorf("%s = %q from %q, want %q", v.Name, v.Value, v.Source, w)
		}
	}
}

func TestPortOfThePlatform(t *testing.T) {
	c := mustLoad(t, Sources{Environ: good("PORT=5000")})
	if c.Listen != ":5000" || c.source("ACSAUTH_LISTEN") != "environment (PORT)" {
		t.Errorf("PORT gives %q from %q", c.Listen, c.source("ACSAUTH_LISTEN"))
	}
	if c := mustLoad(t, Sources{Environ: good("PORT=5000", "ACSAUTH_LISTEN=:6000")}); c.Listen != ":6000" {
		t.Errorf("ACSAUTH_LISTEN does not win over PORT: %q", c.Listen)
	}
}

func TestNamesOfTheSamples(t *testing.T) {
	for _, names := range [][4]string{
		{"CommunicationServices__ConnectionString", "AzureActiveDirectory__ClientId", "AzureActiveDirectory__TenantId", "AzureActiveDirectory__Instance"},
		{"communicationServices_connectionString", "microsoftEntraID_clientId", "microsoftEntraID_tenantId", "ACSAUTH_AUTHORITY_HOST"},
		{"communicationServices_connectionString", "azureActiveDirectory_clientId", "azureActiveDirectory_tenantId", "ACSAUTH_AUTHORITY_HOST"},
	} {
		c := mustLoad(t, Sources{Environ: []string{
			names[0] + "=endpoint=https://contoso.communication.azure.com/;accesskey=" + key,
			names[1] + "=" + strings.ToUpper(client), names[2] + "=" + tenant, names[3] + "=https://login.microsoftonline.us/",
			"ACSAUTH_ALLOWED_CLIENTS=*",
		}})
		if c.ClientID != client || c.TenantIDs[0] != tenant || c.AuthorityHost != "https://login.microsoftonline.us" ||
			c.Endpoint() != "https://contoso.communication.azure.com" || c.AllowedClients[0] != "*" {
			t.Errorf("%s: %+v", names[1], c)
		}
		if s := c.source("ACSAUTH_CLIENT_ID"); s != "environment ("+names[1]+")" {
			t.Errorf("source %q", s)
		}
	}
}

func TestTwoNames(t *testing.T) {
	same := good("AzureActiveDirectory__ClientId=" + client)
	mustLoad(t, Sources{Environ: same})
	_, err := Load(Sources{Environ: good("AzureActiveDirectory__ClientId=" + spa)}, Production)
	wantFaults(t, err, "ACSAUTH_CLIENT_ID: is given as ACSAUTH_CLIENT_ID and as AzureActiveDirectory__ClientId; write only one of them")
	file := write(t, "a.env", "microsoftEntraID_clientId="+spa+"\n")
	_, err = Load(Sources{Environ: good(), File: file}, Production)
	wantFaults(t, err, "ACSAUTH_CLIENT_ID: is given as ACSAUTH_CLIENT_ID and as microsoftEntraID_clientId; write only one of them")
}

func TestSecretFromFile(t *testing.T) {
	text := "endpoint=https://contoso.communication.azure.com/;accesskey=" + key
	rest := good()[:3]
	for _, end := range []string{"", "\n", "\r\n"} {
		path := write(t, "secret", text+end)
		c := mustLoad(t, Sources{Environ: append(rest, "ACSAUTH_ACS_CONNECTION_STRING_FILE="+path)})
		if c.ACSConnectionString.Reveal() != text {
			t.Errorf("ending %q: read %d bytes, want %d", end, len(c.ACSConnectionString.Reveal()), len(text))
		}
		_, err := Load(Sources{Environ: good("ACSAUTH_ACS_CONNECTION_STRING_FILE=" + path)}, Production)
		wantFaults(t, err, "ACSAUTH_ACS_CONNECTION_STRING: is given as ACSAUTH_ACS_CONNECTION_STRING and as ACSAUTH_ACS_CONNECTION_STRING_FILE")
	}
	for content, problem := range map[string]string{
		"":                            "is empty",
		strings.Repeat("x", 64<<10+1): "is larger than 64 KiB",
	} {
		path := write(t, "bad", content)
		_, err := Load(Sources{Environ: append(rest, "ACSAUTH_ACS_CONNECTION_STRING_FILE="+path)}, Production)
		wantFaults(t, err, "ACSAUTH_ACS_CONNECTION_STRING_FILE: the file it names cannot be used: "+problem)
	}
	_, err := Load(Sources{Environ: append(rest, "ACSAUTH_ACS_CONNECTION_STRING_FILE=/no/such/file")}, Production)
	wantFaults(t, err, "cannot be used: no such file or directory")
}

func TestUnknownNames(t *testing.T) {
	_, err := Load(Sources{Environ: good("ACSAUTH_TENANT_ID="+tenant, "ACSAUTH_QQQ=1", "acsauth_scope=x", "ACSAUTH_PORT=8080", "HOME=/")}, Production)
	wantFaults(t, err,
		"ACSAUTH_PORT: is not a setting (environment)",
		"ACSAUTH_QQQ: is not a setting (environment)",
		"ACSAUTH_TENANT_ID: is not a setting; did you mean ACSAUTH_TENANT_IDS? (environment)",
		"acsauth_scope: is not a setting; did you mean ACSAUTH_SCOPE?",
	)
	file := write(t, "a.env", "TENANT=1\nACSAUTH_LISTEM=:1\n")
	_, err = Load(Sources{Environ: good(), File: file}, Production)
	wantFaults(t, err, "ACSAUTH_LISTEM: is not a setting; did you mean ACSAUTH_LISTEN? (file "+file+")", "TENANT: is not a setting (file")
	mustLoad(t, Sources{Environ: good(
		"ACSAUTH_SERVICE_HOST=10.0.0.1", "ACSAUTH_SERVICE_PORT=80", "ACSAUTH_SERVICE_PORT_HTTP=80", "ACSAUTH_PORT=tcp://10.0.0.1:80",
		"ACSAUTH_PORT_80_TCP=tcp://10.0.0.1:80", "ACSAUTH_PORT_80_TCP_ADDR=10.0.0.1", "ACSAUTH_METRICS_PORT_9090_TCP_PROTO=tcp",
	)})
}

func TestFileFaults(t *testing.T) {
	file := write(t, "a.env", "secret without equals\nACSAUTH_SCOPE=a\nACSAUTH_SCOPE=b\nexport X=1\n")
	_, err := Load(Sources{Environ: good(), File: file}, Production)
	wantFaults(t, err, file+":1: is not a line", file+":3: ACSAUTH_SCOPE is set a second time", file+":4: is not a line")
	if strings.Contains(err.Error(), "secret without") {
		t.Error("the fault repeats the line")
	}
	_, err = Load(Sources{Environ: good(), File: "/no/such"}, Production)
	wantFaults(t, err, "--config /no/such: no such file or directory")
	_, err = Load(Sources{Environ: good(), File: t.TempDir()}, Production)
	wantFaults(t, err, "is a directory")
}

// wantFaults checks that err has exactly these faults, one on a line, each beginning with or holding the text.
func wantFaults(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no fault, want %q", want)
		return
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Errorf("%d faults, want %d:\n%v", len(lines), len(want), err)
		return
	}
	for _, w := range want {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, w) }) {
			t.Errorf("no fault %q in:\n%v", w, err)
		}
	}
}
