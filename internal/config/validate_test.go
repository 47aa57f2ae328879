package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
)

func TestEveryFaultAtOnce(t *testing.T) {
	c, err := Load(Sources{}, Production)
	wantFaults(t, err,
		"ACSAUTH_TENANT_IDS: is not set; write the directory (tenant) id",
		"ACSAUTH_CLIENT_ID: is not set; write the application",
		"ACSAUTH_ALLOWED_CLIENTS: is not set; write",
		"ACSAUTH_ACS_CONNECTION_STRING: is not set, and neither is ACSAUTH_ACS_ENDPOINT; write",
	)
	if len(c.Report()) != len(settings()) {
		t.Error("the report does not list every setting")
	}
}

// Each bad value gives one fault, which names its setting.
var badValues = []struct{ name, value, problem string }{
	{"ACSAUTH_LISTEN", "8080", `is "8080"; write host:port`},
	{"ACSAUTH_LISTEN", ":http", "is not a number"},
	{"ACSAUTH_LISTEN", ":70000", "is not a number"},
	{"ACSAUTH_METRICS_LISTEN", "on", `is "on"`},
	{"ACSAUTH_VERIFIED_CACHE", "-1", "out of range"},
	{"ACSAUTH_TOKEN_CACHE", "65537", "out of range"},
	{"ACSAUTH_TOKEN_CACHE", "64MiB", "is not understood"},
	{"ACSAUTH_MAPPING_CACHE", "on", `is "on"; write auto, off, or a duration`},
	{"ACSAUTH_MAPPING_CACHE", "10ms", `is "10ms"`},
	{"ACSAUTH_MAPPING_CACHE", "1h", `is "1h"`},
	{"ACSAUTH_ACS_QUOTA", "0", `is "0"; write a number of percent`},
	{"ACSAUTH_ACS_QUOTA", "90%", `is "90%"`},
	{"ACSAUTH_ACS_QUEUE", "1m", "out of range"},
	{"ACSAUTH_REPLICAS", "0", "out of range"},
	{"ACSAUTH_PUBLIC_URL", "http://acsauth.contoso.com", "is not https"},
	{"ACSAUTH_PUBLIC_URL", "https://me@contoso.com", "holds a user name"},
	{"ACSAUTH_PUBLIC_URL", "https://contoso.com?x", "has a query"},
	{"ACSAUTH_ALLOWED_ORIGINS", "*,https://a.example", "has * beside other entries"},
	{"ACSAUTH_ALLOWED_ORIGINS", "https://a.example/", "without a slash"},
	{"ACSAUTH_ALLOWED_ORIGINS", "https://A.example", "lower case"},
	{"ACSAUTH_ALLOWED_ORIGINS", "http://a.example", "without TLS"},
	{"ACSAUTH_ALLOWED_ORIGINS", "null", "is not an http or https URL"},
	{"ACSAUTH_SHUTDOWN_DELAY", "2m", "out of range"},
	{"ACSAUTH_SHUTDOWN_TIMEOUT", "1", "is not understood"},
	{"ACSAUTH_SHUTDOWN_TIMEOUT", "1h", "out of range"},
	{"ACSAUTH_TENANT_IDS", "common", "would let in tenants that nobody named"},
	{"ACSAUTH_TENANT_IDS", "organizations", "would let in"},
	{"ACSAUTH_TENANT_IDS", "Consumers", "would let in"},
	{"ACSAUTH_TENANT_IDS", "contoso.onmicrosoft.com", "is not a GUID"},
	{"ACSAUTH_TENANT_IDS", nilGUID, "is not a GUID"},
	{"ACSAUTH_TENANT_IDS", "<your_tenant_id>", "is not a GUID"},
	{"ACSAUTH_TENANT_IDS", tenant + ",," + client, "has an empty entry"},
	{"ACSAUTH_TENANT_IDS", tenant + ", " + tenant, "twice"},
	{"ACSAUTH_TENANT_IDS", strings.Repeat("x,", 100) + "y", "twice"},
	{"ACSAUTH_CLIENT_ID", "api://x", "is not a GUID"},
	{"ACSAUTH_CLIENT_ID", "00000003-0000-0000-c000-000000000000", "an API of Microsoft"},
	{"ACSAUTH_AUDIENCES", "https://graph.microsoft.com/", "an API of Microsoft"},
	{"ACSAUTH_AUDIENCES", "https://communication.azure.com", "an API of Microsoft"},
	{"ACSAUTH_AUDIENCES", "api://00000003-0000-0000-C000-000000000000", "an API of Microsoft"},
	{"ACSAUTH_AUDIENCES", "*", "is not an App ID URI"},
	{"ACSAUTH_ALLOWED_CLIENTS", "*," + spa, "has * beside other entries"},
	{"ACSAUTH_ALLOWED_CLIENTS", "my-app", "is not a GUID"},
	{"ACSAUTH_TEAMS_CLIENTS", "*", "is not a GUID"},
	{"ACSAUTH_PLAYGROUND_CLIENT_ID", "*", "is not a GUID"},
	{"ACSAUTH_PLAYGROUND_CLIENT_ID", "77777777-7777-4777-8777-777777777777", "is not one of ACSAUTH_ALLOWED_CLIENTS"},
	{"ACSAUTH_ALLOW_GUESTS", "maybe", `is "maybe", which is not understood; write true or false`},
	{"ACSAUTH_SCOPE", "a b", `is "a b"`},
	{"ACSAUTH_AUTHORITY_HOST", "http://login.microsoftonline.com", "is not https"},
	{"ACSAUTH_AUTHORITY_HOST", "http://127.0.0.1:8081", "is on this machine"},
	{"ACSAUTH_AUTHORITY_HOST", "https://localhost:8443", "is on this machine"},
	{"ACSAUTH_AUTHORITY_HOST", "https://x.LOCALHOST.", "is on this machine"},
	{"ACSAUTH_AUTHORITY_HOST", "https://[::1]", "is on this machine"},
	{"ACSAUTH_AUTHORITY_HOST", "https://[::ffff:127.0.0.1]", "is on this machine"},
	{"ACSAUTH_AUTHORITY_HOST", "https://0.0.0.0", "is on this machine"},
	{"ACSAUTH_AUTHORITY_HOST", "https://127.1", "in its usual form"},
	{"ACSAUTH_AUTHORITY_HOST", "https://2130706433", "in its usual form"},
	{"ACSAUTH_AUTHORITY_HOST", "https://login.microsoftonline.com/common", "has a path"},
	{"ACSAUTH_AUTHORITY_HOST", "login.microsoftonline.com", "is not an http or https URL"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "hello", "is not a connection string"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "accesskey=" + key, "has no endpoint"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "endpoint=https://c.communication.azure.com", "has no accesskey"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "endpoint=https://c.communication.azure.com;accesskey=%%%", "that is not base64"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "endpoint=http://c.communication.azure.com;accesskey=" + key, "is not https"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "endpoint=https://localhost;accesskey=" + key, "is on this machine"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "endpoint=https://a.example;accesskey=" + key + ";x=1", "neither endpoint nor accesskey"},
	{"ACSAUTH_ACS_CONNECTION_STRING", "endpoint=https://a.example;accesskey=" + key + ";accesskey=" + key, "has a part twice"},
	{"ACSAUTH_ACS_CUSTOM_IDS", "true", "needs the API version 2025-03-02-preview; write ACSAUTH_ACS_API_VERSION="},
	{"ACSAUTH_ACS_ENDPOINT", "https://c.communication.azure.com", "is set beside"},
	{"ACSAUTH_ACS_RESOURCE", "a/b", `is "a/b"`},
	{"ACSAUTH_ACS_API_VERSION", "latest", `is "latest"`},
	{"ACSAUTH_STORE", "/var/lib/acsauth.db", "names no known store; write sqlite:PATH, postgres:"},
	{"ACSAUTH_STORE", "postgres:db", "is not a URL of the form postgres://USER@HOST/DATABASE"},
	{"ACSAUTH_STORE", "postgres://me:hunter2@db/acsauth", "holds a password, and this setting may be shown"},
	{"ACSAUTH_STORE", "postgres://me@db/acsauth?password=hunter2", "holds a password"},
	{"ACSAUTH_STORE", "postgres:///acsauth", "has no host"},
	{"ACSAUTH_STORE", "postgres://me@db", "has no database"},
	{"ACSAUTH_STORE", "tables:contoso", "has no http or https URL"},
	{"ACSAUTH_STORE", "tables:http://contoso.table.core.windows.net", "is not https"},
	{"ACSAUTH_STORE", "tables:https://127.0.0.1/devstoreaccount1", "is on this machine"},
	{"ACSAUTH_STORE", "tables:https://contoso.table.core.windows.net/a/b", "has no good name of a table"},
	{"ACSAUTH_STORE", "tables:https://contoso.table.core.windows.net?sig=hunter2", "a key is given as ACSAUTH_STORE_SECRET"},
	{"ACSAUTH_STORE", "tables:https://contoso-secondary.table.core.windows.net", "is a read-only secondary"},
	{"ACSAUTH_STORE", "cosmos:https://contoso.documents.azure.com/a/b/c", "has more behind the host"},
	{"ACSAUTH_STORE", "cosmos:x", "has no http or https URL"},
	{"ACSAUTH_STORE", "graph:x", "has something behind graph:"},
	{"ACSAUTH_STORE_CREDENTIAL", "default", `is "default"`},
	{"ACSAUTH_REHOME", "yes", `is "yes"`},
	{"ACSAUTH_STORE", "redis:x", "names no known store"},
	{"ACSAUTH_STORE", "sqlite:", "names no file"},
	{"ACSAUTH_STORE", "sqlite::memory:", "names no file"},
	{"ACSAUTH_SCOPES", "chat,calls", "is not a scope of ACS"},
	{"ACSAUTH_TOKEN_LIFETIME", "59", "out of range"},
	{"ACSAUTH_TOKEN_LIFETIME", "1441", "out of range"},
	{"ACSAUTH_TOKEN_LIFETIME", "60m30s", "whole minutes"},
	{"ACSAUTH_TOKEN_LIFETIME", "soon", "is not a number of minutes"},
	{"ACSAUTH_SAMPLE_TOKEN_LIFETIME", "25h", "out of range"},
	{"ACSAUTH_LOG_LEVEL", "loud", `is "loud", which is not understood`},
	{"ACSAUTH_LOG_FORMAT", "xml", `is "xml"`},
}

func TestBadValues(t *testing.T) {
	for _, b := range badValues {
		t.Run(b.name+"="+b.value, func(t *testing.T) {
			_, err := Load(Sources{Environ: good(b.name + "=" + b.value)}, Production)
			wantFaults(t, err, b.problem)
			if err != nil && !strings.HasPrefix(err.Error(), b.name+": ") {
				t.Errorf("the fault does not name %s: %v", b.name, err)
			}
		})
	}
}

func TestGoodValues(t *testing.T) {
	for _, more := range []string{
		"ACSAUTH_LISTEN=[::1]:0", "ACSAUTH_METRICS_LISTEN=OFF", "ACSAUTH_PUBLIC_URL=https://acsauth.contoso.com/", "ACSAUTH_PUBLIC_URL=https://contoso.com/acsauth",
		"ACSAUTH_ALLOWED_ORIGINS=*", "ACSAUTH_ALLOWED_ORIGINS=http://localhost:3000, https://app.contoso.com",
		"ACSAUTH_TOKEN_LIFETIME=60", "ACSAUTH_TOKEN_LIFETIME=24h", "ACSAUTH_LOG_LEVEL=debug", "ACSAUTH_ALLOW_GUESTS=false",
		"ACSAUTH_AUDIENCES=https://contoso.onmicrosoft.com/acsauth,api://contoso.com/acsauth", "ACSAUTH_ACS_RESOURCE=" + tenant,
		"ACSAUTH_ACS_API_VERSION=2025-03-02-preview", "ACSAUTH_STORE=sqlite:/var/lib/acsauth/acsauth.db",
		"ACSAUTH_STORE=postgres://acsauth@db.contoso.com:5432/acsauth?sslmode=verify-full", "ACSAUTH_STORE=tables:https://contoso.table.core.windows.net/acsauth",
		"ACSAUTH_STORE=cosmos:https://contoso.documents.azure.com/acsauth/mappings", "ACSAUTH_STORE_CREDENTIAL=workload-identity", "ACSAUTH_REHOME=recreate",
		"ACSAUTH_GRAPH_MODE=nonsense beside another store",
		"ACSAUTH_MAPPING_CACHE=OFF", "ACSAUTH_MAPPING_CACHE=5m", "ACSAUTH_ACS_QUOTA=Off", "ACSAUTH_ACS_QUOTA=1000", "ACSAUTH_ACS_QUEUE=0s", "ACSAUTH_VERIFIED_CACHE=0", "ACSAUTH_TOKEN_CACHE=0",
	} {
		mustLoad(t, Sources{Environ: good(more)})
	}
}

func TestCredentials(t *testing.T) {
	rest := append(good()[:3:3], "ACSAUTH_ACS_ENDPOINT=https://contoso.communication.azure.com")
	c := mustLoad(t, Sources{Environ: append(rest, "AZURE_CLIENT_ID="+client)})
	if c.ACSCredential != ManagedIdentity || c.ACSClientID != client || c.Resource() != "contoso.communication.azure.com" {
		t.Errorf("%+v", c)
	}
	_, err := Load(Sources{Environ: append(rest, "ACSAUTH_ACS_CREDENTIAL=default")}, Production)
	wantFaults(t, err, `ACSAUTH_ACS_CREDENTIAL: is "default"; write managed-identity, workload-identity or azure-cli`)
	_, err = Load(Sources{Environ: append(rest, "ACSAUTH_ACS_CREDENTIAL=workload-identity")}, Production)
	wantFaults(t, err, "ACSAUTH_ACS_CLIENT_ID: is not set", "ACSAUTH_ACS_TENANT_ID: is not set", "ACSAUTH_ACS_TOKEN_PATH: is not set")
	mustLoad(t, Sources{Environ: append(rest, "ACSAUTH_ACS_CREDENTIAL=workload-identity",
		"AZURE_CLIENT_ID="+client, "AZURE_TENANT_ID="+tenant, "AZURE_FEDERATED_TOKEN_FILE=/var/run/token")})
}

func TestDevelopment(t *testing.T) {
	local := func(more ...string) []string {
		return append([]string{
			"ACSAUTH_TENANT_IDS=" + tenant, "ACSAUTH_CLIENT_ID=" + client, "ACSAUTH_ALLOWED_CLIENTS=" + spa,
			"ACSAUTH_ACS_CONNECTION_STRING=endpoint=http://127.0.0.1:8081;accesskey=" + key,
			"ACSAUTH_AUTHORITY_HOST=http://localhost:8081", "ACSAUTH_LISTEN=127.0.0.1:0",
		}, more...)
	}
	if _, err := Load(Sources{Environ: local()}, Development); err != nil {
		t.Error(err)
	}
	c, err := Load(Sources{Environ: append(local()[:5:5], "PORT=9")}, Development)
	if err != nil || c.Listen != "127.0.0.1:8080" {
		t.Errorf("listens on %s by default: %v", c.Listen, err)
	}
	for _, b := range []struct{ setting, problem string }{
		{"ACSAUTH_LISTEN=:8080", "listens on loopback only; write 127.0.0.1:8080"},
		{"ACSAUTH_LISTEN=0.0.0.0:80", "listens on loopback only"},
		{"ACSAUTH_METRICS_LISTEN=10.0.0.1:9090", "listens on loopback only"},
		{"ACSAUTH_AUTHORITY_HOST=http://10.0.0.1", "neither https nor loopback"},
		{"ACSAUTH_AUTHORITY_HOST=http://0.0.0.0", "neither https nor loopback"},
	} {
		_, err := Load(Sources{Environ: local(b.setting)}, Development)
		wantFaults(t, err, b.problem)
	}
	if _, err := Load(Sources{Environ: local()}, Production); err == nil {
		t.Error("production takes loopback upstreams")
	}
}

func TestSecretsStayHidden(t *testing.T) {
	c := mustLoad(t, Sources{Environ: good()})
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "secret", c.ACSConnectionString)
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	if err := c.WriteReport(&report); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v", c, c), log.String(), string(j), report.String()} {
		if strings.Contains(s, key) || strings.Contains(s, "accesskey") {
			t.Errorf("shows the key: %.200s", s)
		}
	}
	if !regexp.MustCompile(`ACSAUTH_ACS_CONNECTION_STRING +\[redacted\]`).MatchString(report.String()) {
		t.Errorf("the report does not say that there is a secret:\n%s", report.String())
	}
	_, err = Load(Sources{Environ: good("CommunicationServices__ConnectionString=endpoint=https://x.example/;accesskey=b3RoZXI=")}, Production)
	if s := err.Error(); strings.Contains(s, "b3RoZXI") || strings.Contains(s, key) {
		t.Errorf("the fault shows a key: %s", s)
	}
}

func TestValidateIsPure(t *testing.T) {
	c := mustLoad(t, Sources{Environ: good()})
	before := fmt.Sprintf("%#v", c)
	for range 2 {
		if err := c.Validate(Production); err != nil {
			t.Error(err)
		}
	}
	if after := fmt.Sprintf("%#v", c); after != before {
		t.Errorf("changed:\n%s\n%s", before, after)
	}
}
