package golang

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/acs-solutions/acsauth/emulator"
)

// tenants are what users of the second workforce tenant see.
func (w *world) tenants(t *testing.T) {
	w.check(t, "MSAL: users of two tenants at one authority, each in Graph of the own", func(c *check) {
		app := c.public("organizations", emulator.SPAClientID)
		for user, want := range map[string][2]string{
			"fred": {emulator.FredObjectID, emulator.OtherTenantID}, "gail": {emulator.GailHomeObjectID, emulator.OtherTenantID}, "bob": {emulator.BobObjectID, emulator.TenantID},
		} {
			code, verifier := c.codeFor(app, emulator.SPAClientID, user, []string{graphRead})
			got, err := c.redeem(app, code, verifier, []string{graphRead})
			token := c.given(got, err, false)
			c.wantClaims(token, map[string]any{"oid": want[0], "tid": want[1]})
			c.wantMe(token, want[0])
			if got.Account.HomeAccountID != want[0]+"."+want[1] {
				c.Errorf("account %s", got.Account.HomeAccountID)
			}
		}
	})
	w.check(t, "MSAL: gail is a guest by the tenant that the request names", func(c *check) {
		app := c.public(emulator.TenantID, emulator.SPAClientID)
		code, verifier := c.codeFor(app, emulator.SPAClientID, "gail", []string{graphRead})
		got, err := c.redeem(app, code, verifier, []string{graphRead})
		c.wantMe(c.given(got, err, false), emulator.GailObjectID)
		if got.Account.HomeAccountID != emulator.GailHomeObjectID+"."+emulator.OtherTenantID {
			c.Errorf("account %s", got.Account.HomeAccountID)
		}
		c.msal("public.Client.AcquireTokenSilent")
		home, err := app.AcquireTokenSilent(c.Context(), []string{graphRead}, public.WithSilentAccount(got.Account), public.WithTenantID(emulator.OtherTenantID))
		c.wantMe(c.given(home, err, false), emulator.GailHomeObjectID)
	})
}

// tenantApplications are applications of one tenant, of several, and of customers.
func (w *world) tenantApplications(t *testing.T) {
	users := w.emu.TLSURL() + "/v1.0/users/"
	w.check(t, "azidentity and MSAL: an application of several tenants; Graph shows it one tenant at a time", func(c *check) {
		c.azidentity("NewClientSecretCredential")
		cred, err := azidentity.NewClientSecretCredential(emulator.TenantID, emulator.APIClientID, emulator.APIClientSecret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions: c.options(), DisableInstanceDiscovery: true, AdditionallyAllowedTenants: []string{emulator.OtherTenantID},
		})
		if err != nil {
			c.Fatal(err)
		}
		c.azidentity("ClientSecretCredential.GetToken")
		other, err := cred.GetToken(c.Context(), policy.TokenRequestOptions{Scopes: []string{graphDefault}, TenantID: emulator.OtherTenantID})
		if err != nil {
			c.Fatal(err)
		}
		for user, status := range map[string]int{
			emulator.FredObjectID: 200, "gail@fabrikam.example": 200, emulator.BobObjectID: 404, "bob@" + emulator.Domain: 404,
		} {
			if got, answer := c.send("GET", users+user, other.Token, ""); got != status {
				c.Errorf("%s: %d %v, want %d", user, got, answer, status)
			}
		}
		c.msal("confidential.Client.AcquireTokenByCredential")
		got, err := c.api().AcquireTokenByCredential(c.Context(), []string{graphDefault}, confidential.WithTenantID(emulator.OtherTenantID))
		c.wantClaims(c.given(got, err, false), map[string]any{"tid": emulator.OtherTenantID})
		app := c.confidential(emulator.OtherTenantID, emulator.APIClientID, emulator.APIClientSecret)
		got, err = c.onBehalfOf(app, c.mint(emulator.TokenRequest{User: "fred"}), graphRead)
		c.wantMe(c.given(got, err, false), emulator.FredObjectID)
	})
	w.check(t, "azidentity and MSAL refuse: applications of one tenant elsewhere, and tenants not named", func(c *check) {
		_, err := c.getToken("ClientSecretCredential", c.secretCredential(emulator.OtherTenantID, emulator.DaemonClientID, emulator.DaemonClientSecret), graphDefault)
		c.refusedAzure(err, refusal{400, "unauthorized_client", 700016})
		_, err = c.byCredential(c.confidential(emulator.OtherTenantID, emulator.DaemonClientID, emulator.DaemonClientSecret), graphDefault)
		c.refusedMSAL(err, refusal{400, "unauthorized_client", 700016})
		c.azidentity("ClientSecretCredential.GetToken")
		_, err = c.secretCredential(emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret).GetToken(c.Context(),
			policy.TokenRequestOptions{Scopes: []string{graphDefault}, TenantID: emulator.OtherTenantID})
		if err == nil {
			c.Error("azidentity takes a tenant that was not allowed")
		}
	})
	w.check(t, "MSAL: a customer of External ID", func(c *check) {
		app := c.public(emulator.ExternalTenantID, emulator.ExternalSPAClientID)
		scopes := []string{emulator.ExternalAppIDURI + "/" + emulator.Scope}
		code, verifier := c.codeFor(app, emulator.ExternalSPAClientID, "cora", scopes)
		got, err := c.redeem(app, code, verifier, scopes)
		c.wantClaims(c.given(got, err, false), map[string]any{"oid": emulator.CoraObjectID, "tid": emulator.ExternalTenantID, "aud": emulator.ExternalAPIClientID})
	})
	w.check(t, "groups: those of a token, and those that only Graph can tell", func(c *check) {
		for user, count := range map[string]int{"alice": 3, "otto": 250} {
			got, err := c.onBehalfOf(c.api(), c.mint(emulator.TokenRequest{User: user}), graphRead)
			token := c.given(got, err, false)
			status, answer := c.send("POST", c.emu.TLSURL()+"/v1.0/me/getMemberObjects", token, `{"securityEnabledOnly":true}`)
			if ids, _ := answer["value"].([]any); status != 200 || len(ids) != count {
				c.Errorf("%s: %d, %d groups, want %d", user, status, len(ids), count)
			}
		}
	})
}
