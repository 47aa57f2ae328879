package config

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	otherKey    = "b3RoZXIta2V5LW9mLXRoZS10ZXN0"
	inVault     = "keyvault:https://contoso.vault.azure.net/secrets/acs"
	connection  = "endpoint=https://contoso.communication.azure.com/;accesskey=" + key
	connection2 = "endpoint=https://contoso.communication.azure.com;accesskey=" + otherKey
	first       = "ACSAUTH_ACS_CONNECTION_STRING"
	second      = "ACSAUTH_ACS_CONNECTION_STRING_2"
)

// without is good less its connection string.
func without(more ...string) []string { return append(good()[:3:3], more...) }

func TestReferences(t *testing.T) {
	for _, text := range []string{
		inVault, inVault + "/", "KeyVault:https://CONTOSO.vault.azure.net/secrets/acs", "keyvault:https://contoso.vault.azure.net:443/secrets/acs",
		inVault + "/0123456789abcdef0123456789abcdef",
		"keyvault:https://contoso-2.vault.usgovcloudapi.net/secrets/acs", "keyvault:https://contoso.vault.azure.cn/secrets/a-b-1",
	} {
		c, err := Load(Sources{Environ: without(first + "=" + text)}, Production)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		ref, ok := c.ACSConnectionString.Reference()
		if !ok || !c.Pending() || c.ACSConnectionString.Reveal() != "" || strings.ToLower(ref.Vault) != ref.Vault {
			t.Errorf("%s is read as %v", text, ref)
		}
	}
	for text, problem := range map[string]string{
		"keyvault:http://contoso.vault.azure.net/secrets/a": "not an https URL",
		"keyvault:contoso": "not an https URL",
		"keyvault:":        "not an https URL",
		"keyvault:https://me@contoso.vault.azure.net/secrets/a":                    "not an https URL",
		"keyvault:https://contoso.vault.azure.net/secrets/a?x=1":                   "not an https URL",
		"keyvault:https://contoso.vault.azure.net/secrets/a#x":                     "not an https URL",
		"keyvault:https://contoso.vault.azure.net/secrets/a%2fb":                   "not an https URL",
		"keyvault:https://contoso.vault.azure.net/keys/a":                          "path is not /secrets/NAME",
		"keyvault:https://contoso.vault.azure.net/secrets":                         "path is not /secrets/NAME",
		"keyvault:https://contoso.vault.azure.net/secrets/a/b/c":                   "path is not /secrets/NAME",
		"keyvault:https://contoso.vault.azure.net/secrets/a_b":                     "path is not /secrets/NAME",
		"keyvault:https://contoso.vault.azure.net/secrets//b":                      "path is not /secrets/NAME",
		"keyvault:https://contoso.vault.azure.net.evil.example/secrets/a":          "which is no Key Vault",
		"keyvault:https://evilvault.azure.net/secrets/a":                           "which is no Key Vault",
		"keyvault:https://vault.azure.net/secrets/a":                               "which is no Key Vault",
		"keyvault:https://a.b.vault.azure.net/secrets/a":                           "which is no Key Vault",
		"keyvault:https://contoso.vault.azure.net./secrets/a":                      "which is no Key Vault",
		"keyvault:https://contoso.vault.azure.net:8443/secrets/a":                  "which is no Key Vault",
		"keyvault:https://contoso.managedhsm.azure.net/secrets/a":                  "which is no Key Vault",
		"keyvault:https://127.0.0.1:8443/secrets/a":                                "which is no Key Vault",
		"keyvault:https://localhost/secrets/a":                                     "which is no Key Vault",
		"keyvault:https://169.254.169.254/secrets/a":                               "which is no Key Vault",
		"@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/a)": "App Service did not resolve this reference",
		"@microsoft.keyvault(VaultName=a;SecretName=b)":                            "App Service did not resolve this reference",
		redacted: "what a printout shows in place of a secret",
	} {
		_, err := Load(Sources{Environ: without(first + "=" + text)}, Production)
		if err == nil || !strings.HasPrefix(err.Error(), first+": ") || !strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// In development a stand-in on this machine will do, with TLS; anything else is refused there, too.
func TestReferencesInDevelopment(t *testing.T) {
	for text, good := range map[string]bool{
		"keyvault:https://127.0.0.1:8443/secrets/a": true, "keyvault:https://contoso.vault.localhost:8443/secrets/a": true,
		"keyvault:http://127.0.0.1:8443/secrets/a": false, "keyvault:https://10.0.0.1/secrets/a": false,
	} {
		_, err := Load(Sources{Environ: without(first+"="+text, "ACSAUTH_LISTEN=127.0.0.1:0")}, Development)
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func fetching(values map[string]string, err error) Fetch {
	return func(_ context.Context, r Reference) (string, error) { return values[r.Name], err }
}

func TestResolve(t *testing.T) {
	environ := without(first+"="+inVault, "ACSAUTH_AUDIT_KEYS=keyvault:https://contoso.vault.azure.net/secrets/audit")
	load := func() *Config {
		c, err := Load(Sources{Environ: environ}, Production)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := load()
	if c.Endpoint() != "" || c.Resource() != "" {
		t.Error("there is an endpoint before the secret is there")
	}
	if _, err := c.AuditKeyList(); !errors.Is(err, ErrUnresolved) {
		t.Errorf("audit keys that were not fetched: %v", err)
	}
	audit := strings.Repeat("QUFB", 12)
	if err := c.Resolve(t.Context(), fetching(map[string]string{"acs": connection, "audit": audit}, nil)); err != nil {
		t.Fatal(err)
	}
	if c.Pending() || c.Endpoint() != "https://contoso.communication.azure.com" || c.Resource() != "contoso.communication.azure.com" {
		t.Errorf("endpoint %q after it", c.Endpoint())
	}
	var report strings.Builder
	if err := c.WriteReport(&report); err != nil || !strings.Contains(report.String(), "[redacted] (keyvault)") || strings.Contains(report.String(), key) {
		t.Errorf("%v\n%s", err, &report)
	}
	for problem, values := range map[string]map[string]string{
		"is not a connection string":                   {"acs": "hello", "audit": audit},
		"is empty in Key Vault":                        {"audit": audit},
		"is a Key Vault reference itself in Key Vault": {"acs": inVault, "audit": audit},
		"ACSAUTH_AUDIT_KEYS: has a key":                {"acs": connection, "audit": "short"},
		"a value of the emulator":                      {"acs": "endpoint=https://c.communication.azure.com;accesskey=" + emulatorKey, "audit": audit},
	} {
		wantFaults(t, load().Resolve(t.Context(), fetching(values, nil)), problem)
	}
	wantFaults(t, load().Resolve(t.Context(), fetching(nil, errors.New("no role"))),
		first+": cannot be fetched from Key Vault: no role", "ACSAUTH_AUDIT_KEYS: cannot be fetched from Key Vault: no role")
}

// emulatorKey is the emulator's primary key.
const emulatorKey = "YWNzYXV0aCBlbXVsYXRvciBwcmltYXJ5IGFjY2VzcyBrZXksIHdlbGwga25vd24gYW5kIG5vdCBhIHNlY3JldA=="

func TestBothKeys(t *testing.T) {
	c, err := Load(Sources{Environ: good(second + "=" + connection2)}, Production)
	if err != nil {
		t.Fatal(err)
	}
	if keys := c.ACSKeys(); len(keys) != 2 || keys[0].Reveal() != key || keys[1].Reveal() != otherKey {
		t.Errorf("%d keys", len(keys))
	}
	for problem, environ := range map[string][]string{
		"has the same key as":    good(second + "=" + connection),
		"names another endpoint": good(second + "=endpoint=https://fabrikam.communication.azure.com;accesskey=" + otherKey),
		"has no accesskey":       good(second + "=endpoint=https://contoso.communication.azure.com"),
		"is set without":         without("ACSAUTH_ACS_ENDPOINT=https://contoso.communication.azure.com", second+"="+connection2),
	} {
		_, err := Load(Sources{Environ: environ}, Production)
		wantFaults(t, err, second+": "+problem)
	}
}

func TestSecretSettings(t *testing.T) {
	for environ, problem := range map[string]string{
		"ACSAUTH_SECRETS_REFRESH=5s":             "out of range",
		"ACSAUTH_SECRETS_REFRESH=25h":            "out of range",
		"ACSAUTH_SECRETS_REFRESH=0":              "is not understood",
		"ACSAUTH_SECRETS_REFRESH=soon":           "is not understood",
		"ACSAUTH_SECRETS_REFRESH=-1m":            "is not understood",
		"ACSAUTH_KEYVAULT_CREDENTIAL=client-key": `is "client-key"`,
	} {
		_, err := Load(Sources{Environ: good(environ)}, Production)
		wantFaults(t, err, problem)
	}
	for text, want := range map[string]time.Duration{"off": 0, "10s": 10 * time.Second, "24h": 24 * time.Hour} {
		if d, err := mustLoad(t, Sources{Environ: good("ACSAUTH_SECRETS_REFRESH=" + text)}).RefreshInterval(); err != nil || d != want {
			t.Errorf("%s is %v, %v", text, d, err)
		}
	}
	_, err := Load(Sources{Environ: without(first+"="+inVault, "ACSAUTH_KEYVAULT_CREDENTIAL=workload-identity", "ACSAUTH_ACS_CLIENT_ID="+client)}, Production)
	wantFaults(t, err, "ACSAUTH_ACS_TENANT_ID: is not set, and a workload identity needs it", "ACSAUTH_ACS_TOKEN_PATH: is not set")
}

// The sources that can change are files and vaults, and files that name vaults.
func TestSecretSources(t *testing.T) {
	plain, ref := write(t, "plain", "hunter2\n"), write(t, "ref", inVault+"\n")
	c := mustLoad(t, Sources{Environ: without(first+"_FILE="+ref, "ACSAUTH_STORE_SECRET_FILE="+plain, "ACSAUTH_CLIENT_SECRET=hunter2",
		"ACSAUTH_AUDIT_KEYS=keyvault:https://contoso.vault.azure.net/secrets/audit/1")})
	var got []string
	for _, s := range c.SecretSources() {
		got = append(got, s.Name, s.Path, s.Reference.String())
	}
	want := []string{first, ref, inVault[len("keyvault:"):], "ACSAUTH_STORE_SECRET", plain, "/secrets/", "ACSAUTH_AUDIT_KEYS", "", "https://contoso.vault.azure.net/secrets/audit/1"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	if s, err := ReadSecretFile(plain); err != nil || s.Reveal() != "hunter2" {
		t.Error(err)
	}
	if _, err := ReadSecretFile("/no/such/file"); err == nil || err.Error() != "no such file or directory" {
		t.Error(err)
	}
}

func TestWith(t *testing.T) {
	c := mustLoad(t, Sources{Environ: good(second + "=" + connection2)})
	third := "endpoint=https://contoso.communication.azure.com;accesskey=dGhpcmQta2V5"
	next, err := c.With(map[string]Secret{first: NewSecret(third)})
	if err != nil || next.ACSKeys()[0].Reveal() != "dGhpcmQta2V5" || c.ACSKeys()[0].Reveal() != key {
		t.Errorf("a new first key: %v", err)
	}
	for name, values := range map[string]map[string]Secret{
		first:           {first: NewSecret("endpoint=https://fabrikam.communication.azure.com;accesskey=" + key), second: NewSecret("endpoint=https://fabrikam.communication.azure.com;accesskey=" + otherKey)},
		second:          {second: NewSecret("hello")},
		"ACSAUTH_SCOPE": {"ACSAUTH_SCOPE": NewSecret("x")},
	} {
		_, err := c.With(values)
		if Only(err, name) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.With(map[string]Secret{first: NewSecret(connection2)}); Only(err, second) == nil {
		t.Errorf("the same key twice: %v", err)
	}
}
