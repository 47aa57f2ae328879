package golang

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/acs-solutions/acsauth/emulator"
)

// confidential makes MSAL's client of an application with a secret.
func (c *check) confidential(tenant, client, secret string) confidential.Client {
	c.Helper()
	c.msal("confidential.NewCredFromSecret")
	cred, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		c.Fatal(err)
	}
	return c.confidentialWith(tenant, client, cred)
}

func (c *check) confidentialWith(tenant, client string, cred confidential.Credential) confidential.Client {
	c.Helper()
	c.msal("confidential.New")
	app, err := confidential.New(c.authority(tenant), client, cred,
		confidential.WithHTTPClient(c.client), confidential.WithInstanceDiscovery(false), confidential.WithClientCapabilities([]string{"CP1"}))
	if err != nil {
		c.Fatal(err)
	}
	return app
}

// api is the API under test, and daemon an application without users.
func (c *check) api() confidential.Client {
	return c.confidential(emulator.TenantID, emulator.APIClientID, emulator.APIClientSecret)
}

func (c *check) daemon() confidential.Client {
	return c.confidential(emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret)
}

func (c *check) byCredential(app confidential.Client, scope string) (confidential.AuthResult, error) {
	c.msal("confidential.Client.AcquireTokenByCredential")
	return app.AcquireTokenByCredential(c.Context(), []string{scope})
}

func (c *check) onBehalfOf(app confidential.Client, assertion, scope string) (confidential.AuthResult, error) {
	c.msal("confidential.Client.AcquireTokenOnBehalfOf")
	return app.AcquireTokenOnBehalfOf(c.Context(), assertion, []string{scope})
}

// given asserts a token that comes from Entra, or from the cache.
func (c *check) given(got confidential.AuthResult, err error, cached bool) string {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
	if (got.Metadata.TokenSource == confidential.TokenSourceCache) != cached {
		c.Errorf("token source %v, want the cache: %v", got.Metadata.TokenSource, cached)
	}
	if exp, _ := c.claims(got.AccessToken)["exp"].(float64); time.Unix(int64(exp), 0).Sub(got.ExpiresOn).Abs() > 2*time.Second {
		c.Errorf("expires %v, the token %v", got.ExpiresOn.Unix(), int64(exp))
	}
	return got.AccessToken
}

// msalConfidential is a daemon, an API that acts for its user, and a web application.
func (w *world) msalConfidential(t *testing.T) {
	w.check(t, "MSAL: client credentials, then from the cache", func(c *check) {
		app := c.daemon()
		for scope, audience := range map[string]string{acsDefault: "https://communication.azure.com/", graphDefault: "https://graph.microsoft.com", apiDefault: emulator.APIClientID} {
			got, err := c.byCredential(app, scope)
			token := c.given(got, err, false)
			c.wantClaims(token, map[string]any{"aud": audience, "idtyp": "app", "tid": emulator.TenantID})
			got, err = c.byCredential(app, scope)
			if again := c.given(got, err, true); again != token {
				c.Error("another token from the cache")
			}
			if scope == acsDefault {
				c.wantIdentity(token)
			}
		}
	})
	w.check(t, "MSAL: one client acts for several users and keeps them apart", func(c *check) {
		app := c.api()
		for user, objectID := range map[string]string{"alice": emulator.AliceObjectID, "bob": emulator.BobObjectID, "gail": emulator.GailObjectID} {
			assertion := c.mint(emulator.TokenRequest{User: user})
			got, err := c.onBehalfOf(app, assertion, graphRead)
			token := c.given(got, err, false)
			c.wantMe(token, objectID)
			if len(got.DeclinedScopes) != 0 || got.Account.LocalAccountID != objectID {
				c.Errorf("declined %v, account %s", got.DeclinedScopes, got.Account.LocalAccountID)
			}
			got, err = c.onBehalfOf(app, assertion, graphRead)
			if again := c.given(got, err, true); again != token {
				c.Error("another token from the cache")
			}
		}
	})
}

// msalWebApplication is an application with a secret that signs users in.
func (w *world) msalWebApplication(t *testing.T) {
	w.check(t, "MSAL: a web application signs a user in, gets more tokens silently, and forgets", func(c *check) {
		app := c.api()
		c.msal("confidential.Client.AuthCodeURL")
		target, err := app.AuthCodeURL(c.Context(), emulator.APIClientID, emulator.APIRedirectURI, []string{graphRead}, confidential.WithLoginHint("carol"))
		if err != nil {
			c.Fatal(err)
		}
		code := c.browser().signIn(target, "carol").Get("code")
		c.msal("confidential.Client.AcquireTokenByAuthCode")
		got, err := app.AcquireTokenByAuthCode(c.Context(), code, emulator.APIRedirectURI, []string{graphRead})
		c.wantMe(c.given(got, err, false), emulator.CarolObjectID)
		if got.IDToken.Oid != emulator.CarolObjectID || got.Account.PreferredUsername != "carol@"+emulator.Domain {
			c.Errorf("id_token of %s, account %s", got.IDToken.Oid, got.Account.PreferredUsername)
		}
		c.msal("confidential.Client.Account")
		account, err := app.Account(c.Context(), got.Account.HomeAccountID)
		if err != nil {
			c.Fatal(err)
		}
		c.msal("confidential.Client.AcquireTokenSilent")
		silent, err := app.AcquireTokenSilent(c.Context(), []string{graphRead}, confidential.WithSilentAccount(account))
		c.given(silent, err, true)
		c.msal("confidential.Client.AcquireTokenSilent")
		other, err := app.AcquireTokenSilent(c.Context(), []string{apiScope}, confidential.WithSilentAccount(account))
		c.wantClaims(c.given(other, err, false), map[string]any{"aud": emulator.APIClientID, "oid": emulator.CarolObjectID})
		c.msal("confidential.Client.RemoveAccount")
		if err := app.RemoveAccount(c.Context(), account); err != nil {
			c.Fatal(err)
		}
		c.msal("confidential.Client.AcquireTokenSilent")
		if _, err := app.AcquireTokenSilent(c.Context(), []string{graphRead}, confidential.WithSilentAccount(account)); err == nil {
			c.Error("a token of an account that was removed")
		}
	})
	w.check(t, "MSAL: a token provider of one's own, and an assertion that cannot be had", func(c *check) {
		c.msal("confidential.NewCredFromTokenProvider")
		app := c.confidentialWith(emulator.TenantID, emulator.DaemonClientID, confidential.NewCredFromTokenProvider(
			func(context.Context, confidential.TokenProviderParameters) (confidential.TokenProviderResult, error) {
				return confidential.TokenProviderResult{AccessToken: "mine", ExpiresInSeconds: 3600}, nil
			}))
		if got, err := c.byCredential(app, acsDefault); err != nil || got.AccessToken != "mine" {
			c.Errorf("%v %v", got.AccessToken, err)
		}
		c.msal("confidential.NewCredFromAssertionCallback")
		none := errors.New("no assertion")
		app = c.confidentialWith(emulator.TenantID, emulator.DaemonClientID, confidential.NewCredFromAssertionCallback(
			func(context.Context, confidential.AssertionRequestOptions) (string, error) { return "", none }))
		if _, err := c.byCredential(app, acsDefault); !errors.Is(err, none) {
			c.Errorf("error %v", err)
		}
	})
}

// msalConfidentialRefusals are the errors of MSAL's confidential client.
func (w *world) msalConfidentialRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		client, secret, scope string
		want                  refusal
	}{
		"a wrong secret":              {emulator.DaemonClientID, "wrong", acsDefault, refusal{401, "invalid_client", 7000215}},
		"an unknown application":      {nobody, "secret", acsDefault, refusal{400, "unauthorized_client", 700016}},
		"an unknown resource":         {emulator.DaemonClientID, emulator.DaemonClientSecret, "https://other.example/.default", refusal{400, "invalid_resource", 500011}},
		"a scope that is not default": {emulator.DaemonClientID, emulator.DaemonClientSecret, graphRead, refusal{400, "invalid_scope", 1002012}},
	} {
		w.check(t, "MSAL refuses: "+name, func(c *check) {
			_, err := c.byCredential(c.confidential(emulator.TenantID, tc.client, tc.secret), tc.scope)
			c.refusedMSAL(err, tc.want)
		})
	}
	w.check(t, "MSAL refuses: an unknown tenant", func(c *check) {
		_, err := c.byCredential(c.confidential(nobody, emulator.DaemonClientID, emulator.DaemonClientSecret), acsDefault)
		c.refusedMSAL(err, refusal{400, "invalid_request", 90002})
	})
	w.check(t, "MSAL refuses: assertions that are expired, for another API, and without a user", func(c *check) {
		app := c.api()
		for code, request := range map[int]emulator.TokenRequest{
			500133: {Flaw: emulator.FlawExpired}, 500131: {Flaw: emulator.FlawAudience}, 7000114: {AppOnly: true}, 50013: {Flaw: emulator.FlawForeignKey},
		} {
			_, err := c.onBehalfOf(app, c.mint(request), graphRead)
			c.refusedMSAL(err, refusal{400, "invalid_grant", code})
		}
	})
	w.check(t, "MSAL refuses: a claims challenge, that its error keeps", func(c *check) {
		c.Cleanup(c.emu.Reset)
		c.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{Claims: `{"access_token":{}}`})
		_, err := c.onBehalfOf(c.api(), c.mint(emulator.TokenRequest{}), graphRead)
		if body := c.refusedMSAL(err, refusal{400, "interaction_required", 50076}); body.Claims != `{"access_token":{}}` {
			c.Errorf("claims %q", body.Claims)
		}
	})
	w.check(t, "MSAL refuses: a code that is wrong, and a password", func(c *check) {
		app := c.api()
		c.msal("confidential.Client.AcquireTokenByAuthCode")
		_, err := app.AcquireTokenByAuthCode(c.Context(), "1.Anobody", emulator.APIRedirectURI, []string{graphRead})
		c.refusedMSAL(err, refusal{400, "invalid_grant", 9002313})
		c.msal("confidential.Client.AcquireTokenByUsernamePassword")
		_, err = app.AcquireTokenByUsernamePassword(c.Context(), []string{graphRead}, "alice@"+emulator.Domain, "password")
		if err == nil {
			c.Error("a password is taken")
		}
	})
}
