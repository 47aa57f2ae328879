package golang

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/acs-solutions/acsauth/emulator"
)

// secretCredential makes a ClientSecretCredential.
func (c *check) secretCredential(tenant, client, secret string) azcore.TokenCredential {
	c.Helper()
	c.azidentity("NewClientSecretCredential")
	cred, err := azidentity.NewClientSecretCredential(tenant, client, secret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
	if err != nil {
		c.Fatal(err)
	}
	return cred
}

// getToken asks a credential of the named type for a token.
func (c *check) getToken(name string, cred azcore.TokenCredential, scope string) (azcore.AccessToken, error) {
	c.azidentity(name + ".GetToken")
	return cred.GetToken(c.Context(), policy.TokenRequestOptions{Scopes: []string{scope}, EnableCAE: true})
}

// token asks for a token that is to be given.
func (c *check) token(name string, cred azcore.TokenCredential, scope string) string {
	c.Helper()
	got, err := c.getToken(name, cred, scope)
	if err != nil {
		c.Fatal(err)
	}
	if exp, _ := c.claims(got.Token)["exp"].(float64); got.ExpiresOn.Unix()-int64(exp) > 2 || int64(exp)-got.ExpiresOn.Unix() > 2 {
		c.Errorf("%s: expires %v, the token %v", name, got.ExpiresOn.Unix(), int64(exp))
	}
	return got.Token
}

// azidentitySecrets are the credentials of an application that has a secret.
func (w *world) azidentitySecrets(t *testing.T) {
	w.check(t, "azidentity: a secret gives tokens for ACS, Graph and the API, that they take, and the cache works", func(c *check) {
		cred := c.secretCredential(emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret)
		for scope, audience := range map[string]string{
			acsDefault: "https://communication.azure.com/", graphDefault: "https://graph.microsoft.com", apiDefault: emulator.APIClientID,
		} {
			token := c.token("ClientSecretCredential", cred, scope)
			c.wantClaims(token, map[string]any{"aud": audience, "idtyp": "app", "tid": emulator.TenantID})
			if again := c.token("ClientSecretCredential", cred, scope); again != token {
				c.Errorf("%s: not from the cache", scope)
			}
		}
		c.wantIdentity(c.token("ClientSecretCredential", cred, acsDefault))
		graph := c.token("ClientSecretCredential", cred, graphDefault)
		if status, user := c.send("GET", c.emu.TLSURL()+"/v1.0/users/"+emulator.BobObjectID, graph, ""); status != 200 || user["id"] != emulator.BobObjectID {
			c.Errorf("Graph: %d %v", status, user)
		}
		if status, answer := c.send("GET", c.emu.TLSURL()+"/v1.0/me", graph, ""); status != 400 {
			c.Errorf("/me without a user: %d %v", status, answer)
		}
		if status, answer := c.send("POST", c.emu.TLSURL()+"/identities?api-version=2023-10-01", graph, "{}"); status != 401 {
			c.Errorf("a Graph token at ACS: %d %v", status, answer)
		}
	})
	w.check(t, "azidentity: the environment holds a secret", func(c *check) {
		c.Setenv("AZURE_TENANT_ID", emulator.TenantID)
		c.Setenv("AZURE_CLIENT_ID", emulator.DaemonClientID)
		c.Setenv("AZURE_CLIENT_SECRET", emulator.DaemonClientSecret)
		want := map[string]any{"aud": "https://communication.azure.com/", "appid": emulator.DaemonClientID}
		c.azidentity("NewEnvironmentCredential")
		env, err := azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
		if err != nil {
			c.Fatal(err)
		}
		c.wantClaims(c.token("EnvironmentCredential", env, acsDefault), want)
		c.azidentity("NewDefaultAzureCredential")
		def, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
		if err != nil {
			c.Fatal(err)
		}
		c.wantClaims(c.token("DefaultAzureCredential", def, acsDefault), want)
		c.azidentity("NewChainedTokenCredential")
		chain, err := azidentity.NewChainedTokenCredential([]azcore.TokenCredential{env}, nil)
		if err != nil {
			c.Fatal(err)
		}
		c.wantClaims(c.token("ChainedTokenCredential", chain, acsDefault), want)
	})
}

// oboCredential makes an OnBehalfOfCredential of the API for a user's token.
func (c *check) oboCredential(assertion string) azcore.TokenCredential {
	c.Helper()
	c.azidentity("NewOnBehalfOfCredentialWithSecret")
	cred, err := azidentity.NewOnBehalfOfCredentialWithSecret(emulator.TenantID, emulator.APIClientID, assertion, emulator.APIClientSecret,
		&azidentity.OnBehalfOfCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
	if err != nil {
		c.Fatal(err)
	}
	return cred
}

// azidentityOnBehalfOf is an API that acts for its users.
func (w *world) azidentityOnBehalfOf(t *testing.T) {
	w.check(t, "azidentity: On-Behalf-Of gives each user's Graph token, of either version of the incoming one", func(c *check) {
		users := map[string]string{"alice": emulator.AliceObjectID, "gail": emulator.GailObjectID}
		for user, objectID := range users {
			for _, version := range []string{"1.0", "2.0"} {
				for _, scope := range []string{graphDefault, graphRead, graphWrite} {
					token := c.token("OnBehalfOfCredential", c.oboCredential(c.mint(emulator.TokenRequest{User: user, Version: version})), scope)
					c.wantClaims(token, map[string]any{"aud": "https://graph.microsoft.com", "oid": objectID, "appid": emulator.APIClientID, "scp": "User.Read User.ReadWrite openid profile"})
					c.wantMe(token, objectID)
				}
			}
		}
	})
	w.check(t, "azidentity: the sample's mapping lives in an open extension of the user", func(c *check) {
		token := c.token("OnBehalfOfCredential", c.oboCredential(c.mint(emulator.TokenRequest{User: "bob"})), graphWrite)
		extensions := c.emu.TLSURL() + "/v1.0/me/extensions"
		body := `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"com.contoso.identityMapping","acsUserIdentity":"8:acs:x"}`
		for _, step := range []struct {
			method, target, body string
			status               int
		}{
			{"GET", extensions + "/com.contoso.identityMapping", "", 404}, {"POST", extensions, body, 201}, {"POST", extensions, body, 400},
			{"GET", extensions + "/com.contoso.identityMapping", "", 200}, {"DELETE", extensions + "/com.contoso.identityMapping", "", 204},
		} {
			if status, answer := c.send(step.method, step.target, token, step.body); status != step.status {
				c.Errorf("%s: %d %v, want %d", step.method, status, answer, step.status)
			}
		}
	})
}
