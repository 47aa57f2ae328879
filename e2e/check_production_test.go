package e2e

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// A badStart is a program that must not start.
type badStart struct {
	name  string
	pairs []string // settings that are other
	says  string   // on the standard error
}

func productionRefusals() []badStart {
	const key = "ACSAUTH_ACS_CONNECTION_STRING"
	return []badStart{
		{"authority on loopback", []string{"ACSAUTH_AUTHORITY_HOST", "https://127.0.0.1:8083"}, "ACSAUTH_AUTHORITY_HOST"},
		{"authority localhost", []string{"ACSAUTH_AUTHORITY_HOST", "https://localhost"}, "ACSAUTH_AUTHORITY_HOST"},
		{"authority IPv6 loopback", []string{"ACSAUTH_AUTHORITY_HOST", "https://[::1]:8083"}, "ACSAUTH_AUTHORITY_HOST"},
		{"authority by http", []string{"ACSAUTH_AUTHORITY_HOST", "http://login.microsoftonline.com"}, "ACSAUTH_AUTHORITY_HOST"},
		{"ACS by http", []string{key, "endpoint=http://contoso.communication.azure.com/;accesskey=bm90LXJlYWw="}, key},
		{"ACS on loopback", []string{key, "endpoint=https://127.0.0.1:1/;accesskey=bm90LXJlYWw="}, key},
		{"ACS endpoint by http", []string{key, "", "ACSAUTH_ACS_ENDPOINT", "http://contoso.communication.azure.com"}, "ACSAUTH_ACS_ENDPOINT"},
		{"key of the emulator", []string{key, "endpoint=https://contoso.communication.azure.com/;accesskey=" + emulator.AccessKeyPrimary}, "emulator"},
		{"other key of the emulator", []string{key, "endpoint=https://contoso.communication.azure.com/;accesskey=" + emulator.AccessKeySecondary}, "emulator"},
		{"tenant of the emulator", []string{"ACSAUTH_TENANT_IDS", emulator.TenantID}, "emulator"},
		{"tenant common", []string{"ACSAUTH_TENANT_IDS", "common"}, "ACSAUTH_TENANT_IDS"},
		{"tenant organizations", []string{"ACSAUTH_TENANT_IDS", "organizations"}, "ACSAUTH_TENANT_IDS"},
		{"tenant consumers", []string{"ACSAUTH_TENANT_IDS", "consumers"}, "ACSAUTH_TENANT_IDS"},
		{"tenant by domain", []string{"ACSAUTH_TENANT_IDS", "contoso.onmicrosoft.com"}, "ACSAUTH_TENANT_IDS"},
		{"tenant *", []string{"ACSAUTH_TENANT_IDS", "*"}, "ACSAUTH_TENANT_IDS"},
		{"no tenant", []string{"ACSAUTH_TENANT_IDS", ""}, "ACSAUTH_TENANT_IDS"},
		{"no audience", []string{"ACSAUTH_CLIENT_ID", ""}, "ACSAUTH_CLIENT_ID"},
		{"audience of Graph", []string{"ACSAUTH_AUDIENCES", "https://graph.microsoft.com"}, "ACSAUTH_AUDIENCES"},
		{"audience *", []string{"ACSAUTH_AUDIENCES", "*"}, "ACSAUTH_AUDIENCES"},
		{"no allowed clients", []string{"ACSAUTH_ALLOWED_CLIENTS", ""}, "ACSAUTH_ALLOWED_CLIENTS"},
		{"clients * beside others", []string{"ACSAUTH_ALLOWED_CLIENTS", "*,11aa22bb-0000-4000-8000-000000000003"}, "ACSAUTH_ALLOWED_CLIENTS"},
		{"origins * beside others", []string{"ACSAUTH_ALLOWED_ORIGINS", "*,https://app.contoso.com"}, "ACSAUTH_ALLOWED_ORIGINS"},
		{"origin null", []string{"ACSAUTH_ALLOWED_ORIGINS", "null"}, "ACSAUTH_ALLOWED_ORIGINS"},
		{"administrators *", []string{"ACSAUTH_ADMIN_CLIENTS", "*"}, "ACSAUTH_ADMIN_CLIENTS"},
		{"a switch that is none", []string{"ACSAUTH_DEV", "true"}, "ACSAUTH_DEV"},
		{"a switch of tests", []string{"ACSAUTH_UNCONTROLLED", "signature"}, "ACSAUTH_UNCONTROLLED"},
		{"a failpoint", []string{"ACSAUTH_FAILPOINT", "F1:kill"}, "ACSAUTH_FAILPOINT"},
		{"issuers that are not there", []string{"ACSAUTH_ISSUERS", "/no/such/file"}, "ACSAUTH_ISSUERS"},
		{"token for a minute", []string{"ACSAUTH_TOKEN_LIFETIME", "1"}, "ACSAUTH_TOKEN_LIFETIME"},
		{"token for two days", []string{"ACSAUTH_SAMPLE_TOKEN_LIFETIME", "48h"}, "ACSAUTH_SAMPLE_TOKEN_LIFETIME"},
	}
}

// K-07: the production program does not start with what is for development, or with what lets in whom nobody named. Its
// twin, with good settings, passes the same check.
func TestProductionRefusesToStart(t *testing.T) {
	program := production(t)
	if r := runToEnd(t, program, productionEnv(), "check"); r.code != 0 {
		t.Fatalf("good settings: exit code %d\n%s", r.code, r.stderr)
	}
	list := productionRefusals()
	for _, c := range list {
		for _, command := range []string{"serve", "check"} {
			r := runToEnd(t, program, changed(productionEnv(), c.pairs...), command)
			if r.code != 2 || !strings.Contains(r.stderr, c.says) {
				t.Errorf("%s: %s: exit code %d, want 2, and %q in %q", c.name, command, r.code, c.says, r.stderr)
			}
		}
	}
	for _, flag := range []string{"--dev", "--development", "--insecure", "--allow-loopback", "--emulator", "--no-auth"} {
		if r := runToEnd(t, program, productionEnv(), "serve", flag); r.code != 2 {
			t.Errorf("serve %s: exit code %d\n%s", flag, r.code, r.stderr)
		}
	}
	t.Logf("%d settings and 6 flags", len(list))
}

// K-07: the production program holds nothing of the switches of test builds.
func TestProductionHasNoSwitches(t *testing.T) {
	out, err := os.ReadFile(production(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"ACSAUTH_UNCONTROLLED", "ACSAUTH_FAILPOINT", emulator.AccessKeyPrimary, emulator.APIClientSecret} {
		if bytes.Contains(out, []byte(word)) {
			t.Errorf("the program holds %q", word)
		}
	}
	if !bytes.Contains(out, []byte("ACSAUTH_TENANT_IDS")) {
		t.Error("the search finds nothing")
	}
}

// K-07: the program for development listens on loopback only and does not start where it sees a cloud.
func TestDevelopmentStaysAtHome(t *testing.T) {
	emu, env, _ := startEmulator(t)
	defer emu.kill()
	env["ACSAUTH_METRICS_LISTEN"] = "off"
	for _, c := range []badStart{
		{"all addresses", []string{"ACSAUTH_LISTEN", ":0"}, "ACSAUTH_LISTEN"},
		{"any address", []string{"ACSAUTH_LISTEN", "0.0.0.0:0"}, "ACSAUTH_LISTEN"},
		{"any IPv6 address", []string{"ACSAUTH_LISTEN", "[::]:0"}, "ACSAUTH_LISTEN"},
		{"metrics for all", []string{"ACSAUTH_METRICS_LISTEN", ":0"}, "ACSAUTH_METRICS_LISTEN"},
		{"App Service", []string{"WEBSITE_INSTANCE_ID", "x"}, "looks like a cloud"},
		{"App Service, site", []string{"WEBSITE_SITE_NAME", "x"}, "looks like a cloud"},
		{"Functions", []string{"FUNCTIONS_WORKER_RUNTIME", "x"}, "looks like a cloud"},
		{"Container Apps", []string{"CONTAINER_APP_NAME", "x"}, "looks like a cloud"},
		{"Kubernetes", []string{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, "looks like a cloud"},
	} {
		if r := runToEnd(t, devBinary, changed(env, c.pairs...), "serve", "--json"); r.code != 2 || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: exit code %d, want 2, and %q in %q", c.name, r.code, c.says, r.stderr)
		}
	}
	for _, args := range [][]string{{"emulate", "--listen", ":0"}, {"emulate", "--listen", "0.0.0.0:0"}, {"--listen", "0.0.0.0:0"}} {
		if r := runToEnd(t, devBinary, nil, args...); r.code == 0 {
			t.Errorf("%v starts", args)
		}
	}
	start(t, env, "serve", "--json").kill() // the good one
}
