package golang

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"github.com/acs-solutions/acsauth/emulator"
)

// metadataClient leads the fixed address of the machine's metadata service to the emulator.
type metadataClient struct{ *check }

func (m metadataClient) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Host == "169.254.169.254" {
		base, err := url.Parse(m.emu.URL())
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.URL.Host, req.Host = base.Host, base.Host
	}
	return m.client.Do(req)
}

func (m metadataClient) CloseIdleConnections() {}

// identityCredential makes azidentity's ManagedIdentityCredential.
func (c *check) identityCredential(id azidentity.ManagedIDKind) azcore.TokenCredential {
	c.Helper()
	c.azidentity("NewManagedIdentityCredential")
	cred, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: metadataClient{c}, Retry: policy.RetryOptions{MaxRetries: -1}}, ID: id,
	})
	if err != nil {
		c.Fatal(err)
	}
	return cred
}

// identityClient makes MSAL's client of a managed identity.
func (c *check) identityClient(id managedidentity.ID) managedidentity.Client {
	c.Helper()
	c.msal("managedidentity.New")
	app, err := managedidentity.New(id, managedidentity.WithHTTPClient(metadataClient{c}), managedidentity.WithRetryPolicyDisabled())
	if err != nil {
		c.Fatal(err)
	}
	return app
}

// appService sets what App Service sets for a program.
func (c *check) appService(header string) {
	c.Setenv("IDENTITY_ENDPOINT", c.emu.URL()+"/msi/token")
	c.Setenv("IDENTITY_HEADER", header)
}

// managedIdentities are programs whose machine knows who they are.
func (w *world) managedIdentities(t *testing.T) {
	const acsResource, graphResource = "https://communication.azure.com", "https://graph.microsoft.com"
	want := map[string]any{"oid": emulator.ManagedIdentityObjectID, "idtyp": "app", "tid": emulator.TenantID}
	w.check(t, "azidentity: managed identity of App Service, and its token as the API's secret", func(c *check) {
		c.appService(emulator.IdentityHeader)
		token := c.token("ManagedIdentityCredential", c.identityCredential(nil), acsResource+"/.default")
		c.wantClaims(token, want)
		c.wantIdentity(token)
		cred := c.identityCredential(azidentity.ClientID(emulator.ManagedIdentityClientID))
		assertion := c.token("ManagedIdentityCredential", cred, emulator.WorkloadAudience+"/.default")
		api := c.token("WorkloadIdentityCredential", c.workloadCredential(assertion), graphDefault)
		c.wantClaims(api, map[string]any{"appid": emulator.APIClientID, "idtyp": "app"})
	})
	w.check(t, "azidentity: managed identity of a virtual machine", func(c *check) {
		for _, id := range []azidentity.ManagedIDKind{azidentity.ClientID(emulator.ManagedIdentityClientID), azidentity.ObjectID(emulator.ManagedIdentityObjectID)} {
			c.wantClaims(c.token("ManagedIdentityCredential", c.identityCredential(id), graphDefault), want)
		}
	})
	w.check(t, "MSAL: managed identities, and the cache", func(c *check) {
		c.msal("managedidentity.GetSource")
		if source, err := managedidentity.GetSource(); err != nil || source != managedidentity.DefaultToIMDS {
			c.Errorf("source %q, %v", source, err)
		}
		c.msal("managedidentity.Client.AcquireToken")
		got, err := c.identityClient(managedidentity.SystemAssigned()).AcquireToken(c.Context(), graphResource)
		c.wantClaims(c.given(got, err, false), want)
		c.appService(emulator.IdentityHeader)
		app := c.identityClient(managedidentity.UserAssignedClientID(emulator.ManagedIdentityClientID))
		for _, cached := range []bool{false, true} {
			c.msal("managedidentity.Client.AcquireToken")
			got, err := app.AcquireToken(c.Context(), acsResource)
			c.wantClaims(c.given(got, err, cached), want)
		}
	})
	w.check(t, "managed identity refuses: another identity, another resource, another header", func(c *check) {
		other := azidentity.ClientID(nobody)
		_, err := c.getToken("ManagedIdentityCredential", c.identityCredential(other), graphDefault)
		c.refusedIdentity(err, http.StatusBadRequest)
		own := azidentity.ClientID(emulator.ManagedIdentityClientID)
		_, err = c.getToken("ManagedIdentityCredential", c.identityCredential(own), "https://other.example/.default")
		c.refusedIdentity(err, http.StatusBadRequest)
		_, err = c.getToken("ManagedIdentityCredential", c.identityCredential(nil), "https://other.example/.default")
		if err == nil || !strings.Contains(err.Error(), "failed to authenticate a system assigned identity") || !strings.Contains(err.Error(), "AADSTS500011") {
			c.Errorf("error %v", err) // of a type that azidentity does not export: chains go on
		}
		c.msal("managedidentity.Client.AcquireToken")
		if _, err := c.identityClient(managedidentity.UserAssignedClientID(nobody)).AcquireToken(c.Context(), graphResource); err == nil {
			c.Error("MSAL: a token for another identity")
		}
		c.appService("wrong")
		_, err = c.getToken("ManagedIdentityCredential", c.identityCredential(other), graphDefault)
		c.refusedIdentity(err, http.StatusUnauthorized)
	})
}

// refusedIdentity asserts what azidentity says of a managed identity that gets no token.
func (c *check) refusedIdentity(err error, status int) {
	c.Helper()
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if !ok || failed.RawResponse == nil || failed.RawResponse.StatusCode != status || !strings.Contains(err.Error(), "ManagedIdentityCredential") {
		c.Errorf("error %T %v, want status %d", err, err, status)
	}
}
