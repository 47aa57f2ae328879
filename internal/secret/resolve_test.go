package secret

import (
	"net/http"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/config"
)

// From the setting to the value: the settings of a production service whose connection string is in Key Vault.
func TestResolveThroughVault(t *testing.T) {
	const key = "a2V5LW9mLXRoZS10ZXN0"
	value := "endpoint=https://contoso.communication.azure.com/;accesskey=" + key
	status := http.StatusOK
	v := newVault(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if status != http.StatusOK {
			refuse(status, "Forbidden", "ForbiddenByRbac")(n, w, r)
			return
		}
		giveValue(w, value)
	})
	load := func() *config.Config {
		t.Helper()
		c, err := config.Load(config.Sources{Environ: []string{
			"ACSAUTH_TENANT_IDS=" + tenantID, "ACSAUTH_CLIENT_ID=11aa22bb-0000-4000-8000-000000000002", "ACSAUTH_ALLOWED_CLIENTS=*",
			"ACSAUTH_ACS_CONNECTION_STRING=keyvault:https://contoso.vault.azure.net/secrets/acs-key",
		}}, config.Production)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := load()
	if err := c.Resolve(t.Context(), v.vaults(&identity{}).Get); err != nil {
		t.Fatal(err)
	}
	if keys := c.ACSKeys(); len(keys) != 1 || keys[0].Reveal() != key || c.Endpoint() != "https://contoso.communication.azure.com" {
		t.Errorf("%d keys, endpoint %q", len(keys), c.Endpoint())
	}
	value = "hunter2-is-no-connection-string"
	if err := load().Resolve(t.Context(), v.vaults(&identity{}).Get); err == nil || !strings.Contains(err.Error(), "ACSAUTH_ACS_CONNECTION_STRING: is not a connection string") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a wrong value: %v", err)
	}
	status = http.StatusForbidden
	if err := load().Resolve(t.Context(), v.vaults(&identity{}).Get); err == nil || !strings.Contains(err.Error(), "cannot be fetched from Key Vault: the identity may not read secrets") {
		t.Errorf("no right: %v", err)
	}
}
