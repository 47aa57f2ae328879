package golang

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/acs-solutions/acsauth/emulator"
)

// workloadToken is a token of the emulator's workload issuer.
func (c *check) workloadToken(subject, audience string) string {
	c.Helper()
	token, err := c.emu.WorkloadToken(subject, audience, time.Hour)
	if err != nil {
		c.Fatal(err)
	}
	return token
}

// workloadCredential makes a WorkloadIdentityCredential of the API whose token file holds that text.
func (c *check) workloadCredential(token string) azcore.TokenCredential {
	c.Helper()
	file := filepath.Join(c.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		c.Fatal(err)
	}
	c.azidentity("NewWorkloadIdentityCredential")
	cred, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: c.options(), DisableInstanceDiscovery: true,
		ClientID: emulator.APIClientID, TenantID: emulator.TenantID, TokenFilePath: file,
	})
	if err != nil {
		c.Fatal(err)
	}
	return cred
}

// federation is an API whose secret is a token of somebody else's.
func (w *world) federation(t *testing.T) {
	good := func(c *check) string { return c.workloadToken(emulator.WorkloadSubject, emulator.WorkloadAudience) }
	w.check(t, "azidentity: a workload identity by its token file, named by options and by the environment", func(c *check) {
		want := map[string]any{"aud": "https://graph.microsoft.com", "appid": emulator.APIClientID, "idtyp": "app", "appidacr": "2"}
		c.wantClaims(c.token("WorkloadIdentityCredential", c.workloadCredential(good(c)), graphDefault), want)
		file := filepath.Join(c.TempDir(), "token")
		if err := os.WriteFile(file, []byte(good(c)), 0o600); err != nil {
			c.Fatal(err)
		}
		c.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
		c.Setenv("AZURE_CLIENT_ID", emulator.APIClientID)
		c.Setenv("AZURE_TENANT_ID", emulator.TenantID)
		c.azidentity("NewDefaultAzureCredential")
		def, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
		if err != nil {
			c.Fatal(err)
		}
		c.wantClaims(c.token("DefaultAzureCredential", def, graphDefault), want)
	})
	w.check(t, "azidentity: an assertion by callback, also On-Behalf-Of", func(c *check) {
		callback := func(context.Context) (string, error) { return good(c), nil }
		c.azidentity("NewClientAssertionCredential")
		cred, err := azidentity.NewClientAssertionCredential(emulator.TenantID, emulator.APIClientID, callback,
			&azidentity.ClientAssertionCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
		if err != nil {
			c.Fatal(err)
		}
		c.wantClaims(c.token("ClientAssertionCredential", cred, graphDefault), map[string]any{"appid": emulator.APIClientID})
		c.azidentity("NewOnBehalfOfCredentialWithClientAssertions")
		obo, err := azidentity.NewOnBehalfOfCredentialWithClientAssertions(emulator.TenantID, emulator.APIClientID, c.mint(emulator.TokenRequest{User: "bob"}), callback,
			&azidentity.OnBehalfOfCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
		if err != nil {
			c.Fatal(err)
		}
		c.wantMe(c.token("OnBehalfOfCredential", obo, graphRead), emulator.BobObjectID)
	})
	w.check(t, "azidentity: a service connection of Azure Pipelines", func(c *check) {
		pipeline := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			json.NewEncoder(w).Encode(map[string]string{"oidcToken": good(c)})
		}))
		defer pipeline.Close()
		c.Setenv("SYSTEM_OIDCREQUESTURI", pipeline.URL)
		c.azidentity("NewAzurePipelinesCredential")
		cred, err := azidentity.NewAzurePipelinesCredential(emulator.TenantID, emulator.APIClientID, "connection", "system token",
			&azidentity.AzurePipelinesCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
		if err != nil {
			c.Fatal(err)
		}
		c.wantClaims(c.token("AzurePipelinesCredential", cred, graphDefault), map[string]any{"appid": emulator.APIClientID})
	})
	w.check(t, "MSAL: an assertion by callback", func(c *check) {
		c.msal("confidential.NewCredFromAssertionCallback")
		app := c.confidentialWith(emulator.TenantID, emulator.APIClientID, confidential.NewCredFromAssertionCallback(
			func(context.Context, confidential.AssertionRequestOptions) (string, error) { return good(c), nil }))
		got, err := c.byCredential(app, graphDefault)
		c.wantClaims(c.given(got, err, false), map[string]any{"appid": emulator.APIClientID})
		got, err = c.onBehalfOf(app, c.mint(emulator.TokenRequest{}), graphRead)
		c.wantMe(c.given(got, err, false), emulator.AliceObjectID)
	})
}

// federationRefusals are tokens of somebody else's that stand for nothing.
func (w *world) federationRefusals(t *testing.T) {
	good := func(c *check) string { return c.workloadToken(emulator.WorkloadSubject, emulator.WorkloadAudience) }
	for name, tc := range map[string]struct {
		code  int
		token func(*check) string
	}{
		"another subject": {700213, func(c *check) string {
			return c.workloadToken("system:serviceaccount:default:other", emulator.WorkloadAudience)
		}},
		"another audience": {700212, func(c *check) string { return c.workloadToken(emulator.WorkloadSubject, "api://other") }},
		"another issuer": {700211, func(c *check) string {
			part := base64.RawURLEncoding.EncodeToString
			return part([]byte(`{"alg":"RS256","kid":"x"}`)) + "." + part([]byte(`{"iss":"https://issuer.example","sub":"x","exp":4102444800}`)) + ".AAAA"
		}},
		"a damaged signature": {700027, func(c *check) string {
			token := good(c)
			return token[:strings.LastIndex(token, ".")+1] + strings.Repeat("A", 342)
		}},
		"no token at all": {700027, func(*check) string { return "no token" }},
	} {
		w.check(t, "azidentity refuses: a workload's token with "+name, func(c *check) {
			_, err := c.getToken("WorkloadIdentityCredential", c.workloadCredential(tc.token(c)), graphDefault)
			c.refusedAzure(err, refusal{401, "invalid_client", tc.code})
		})
	}
	w.check(t, "azidentity refuses: a workload's token that has expired", func(c *check) {
		token := good(c)
		c.ahead.Store(int64(2 * time.Hour))
		defer c.ahead.Store(0)
		_, err := c.getToken("WorkloadIdentityCredential", c.workloadCredential(token), graphDefault)
		c.refusedAzure(err, refusal{401, "invalid_client", 700024})
	})
}
