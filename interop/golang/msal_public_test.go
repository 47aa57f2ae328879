package golang

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/acs-solutions/acsauth/emulator"
)

// public makes MSAL's client of the application without a secret.
func (c *check) public(tenant, client string) public.Client {
	c.Helper()
	c.msal("public.New")
	app, err := public.New(client, public.WithAuthority(c.authority(tenant)), public.WithHTTPClient(c.client),
		public.WithInstanceDiscovery(false), public.WithClientCapabilities([]string{"CP1"}))
	if err != nil {
		c.Fatal(err)
	}
	return app
}

// codeFor signs a user in by MSAL's URL with PKCE, and returns the code and the verifier.
func (c *check) codeFor(app public.Client, client, user string, scopes []string) (code, verifier string) {
	c.Helper()
	c.msal("public.Client.AuthCodeURL")
	target, err := app.AuthCodeURL(c.Context(), client, redirectURI, scopes)
	if err != nil {
		c.Fatal(err)
	}
	verifier = rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	target += "&code_challenge_method=S256&code_challenge=" + base64.RawURLEncoding.EncodeToString(sum[:])
	return c.browser().signIn(target, user).Get("code"), verifier
}

func (c *check) redeem(app public.Client, code, verifier string, scopes []string) (public.AuthResult, error) {
	c.msal("public.Client.AcquireTokenByAuthCode")
	return app.AcquireTokenByAuthCode(c.Context(), code, redirectURI, scopes, public.WithChallenge(verifier))
}

func (c *check) silent(app public.Client, account public.Account, scopes ...string) (public.AuthResult, error) {
	c.msal("public.Client.AcquireTokenSilent")
	return app.AcquireTokenSilent(c.Context(), scopes, public.WithSilentAccount(account))
}

// msalPublic signs users in as programs without a secret do.
func (w *world) msalPublic(t *testing.T) {
	w.check(t, "MSAL: code with PKCE, then silently, also for other resources", func(c *check) {
		app := c.public(emulator.TenantID, emulator.SPAClientID)
		code, verifier := c.codeFor(app, emulator.SPAClientID, "alice", []string{apiScope})
		got, err := c.redeem(app, code, verifier, []string{apiScope})
		c.wantClaims(c.given(got, err, false), map[string]any{"aud": emulator.APIClientID, "azp": emulator.SPAClientID, "oid": emulator.AliceObjectID, "scp": emulator.Scope})
		if got.Account.HomeAccountID != emulator.AliceObjectID+"."+emulator.TenantID || got.IDToken.TenantID != emulator.TenantID {
			c.Errorf("account %s, id_token of tenant %s", got.Account.HomeAccountID, got.IDToken.TenantID)
		}
		again, err := c.silent(app, got.Account, apiScope)
		c.given(again, err, true)
		teams, err := c.silent(app, got.Account, teamsCalls)
		c.wantClaims(c.given(teams, err, false), map[string]any{"aud": "https://auth.msft.communication.azure.com", "oid": emulator.AliceObjectID})
		c.exchange(teams.AccessToken)
		graph, err := c.silent(app, got.Account, graphRead)
		c.wantMe(c.given(graph, err, false), emulator.AliceObjectID)
	})
	w.check(t, "MSAL: accounts of several users, and the removal of one", func(c *check) {
		app := c.public(emulator.TenantID, emulator.SPAClientID)
		for _, user := range []string{"bob", "carol"} {
			code, verifier := c.codeFor(app, emulator.SPAClientID, user, []string{graphRead})
			got, err := c.redeem(app, code, verifier, []string{graphRead})
			c.given(got, err, false)
		}
		c.msal("public.Client.Accounts")
		accounts, err := app.Accounts(c.Context())
		if err != nil || len(accounts) != 2 {
			c.Fatalf("%d accounts, %v", len(accounts), err)
		}
		c.msal("public.Client.RemoveAccount")
		if err := app.RemoveAccount(c.Context(), accounts[0]); err != nil {
			c.Fatal(err)
		}
		if _, err := c.silent(app, accounts[0], graphRead); err == nil {
			c.Error("a token of an account that was removed")
		}
		got, err := c.silent(app, accounts[1], graphRead)
		c.wantMe(c.given(got, err, true), accounts[1].LocalAccountID)
	})
	w.check(t, "MSAL: interactively, with a browser of one's own", func(c *check) {
		app := c.public("common", emulator.SPAClientID)
		open := func(target string) error { // ends at the program's own port, to which the last page posts the answer
			b := c.browser()
			end := b.submit(b.submit(b.open(target), "user", "bob"))
			if end.status != http.StatusOK {
				c.Errorf("the program answers %d", end.status)
			}
			return nil
		}
		c.msal("public.Client.AcquireTokenInteractive")
		got, err := app.AcquireTokenInteractive(c.Context(), []string{apiScope}, public.WithOpenURL(open))
		c.wantClaims(c.given(got, err, false), map[string]any{"aud": emulator.APIClientID, "oid": emulator.BobObjectID, "tid": emulator.TenantID})
	})
}

// exchange trades a Teams user's token for one of ACS, as the API does with its own right.
func (c *check) exchange(teamsToken string) {
	c.Helper()
	got, err := c.byCredential(c.daemon(), acsDefault)
	acs := c.given(got, err, false)
	body := `{"token":"` + teamsToken + `","appId":"` + emulator.TeamsClientID + `","userId":"` + emulator.AliceObjectID + `"}`
	status, answer := c.send("POST", c.emu.TLSURL()+"/teamsUser/:exchangeAccessToken?api-version=2023-10-01", acs, body)
	if token, _ := answer["token"].(string); status != 200 || token == "" {
		c.Errorf("exchange: %d %v", status, answer)
	}
}

// msalPublicRefusals are the errors of MSAL's public client.
func (w *world) msalPublicRefusals(t *testing.T) {
	w.check(t, "MSAL refuses: a code with another verifier, used twice, or of nobody", func(c *check) {
		app := c.public(emulator.TenantID, emulator.SPAClientID)
		scopes := []string{apiScope}
		code, verifier := c.codeFor(app, emulator.SPAClientID, "alice", scopes)
		_, err := c.redeem(app, code, strings.Repeat("x", 43), scopes)
		c.refusedMSAL(err, refusal{400, "invalid_grant", 501481})
		got, err := c.redeem(app, code, verifier, scopes)
		c.given(got, err, false)
		_, err = c.redeem(app, code, verifier, scopes)
		c.refusedMSAL(err, refusal{400, "invalid_grant", 54005})
		_, err = c.redeem(app, "1.Anobody", verifier, scopes)
		c.refusedMSAL(err, refusal{400, "invalid_grant", 9002313})
	})
	w.check(t, "MSAL refuses: a scope that nobody consented to, silently", func(c *check) {
		app := c.public(emulator.TenantID, emulator.SPAClientID)
		code, verifier := c.codeFor(app, emulator.SPAClientID, "alice", []string{apiScope})
		got, err := c.redeem(app, code, verifier, []string{apiScope})
		c.given(got, err, false)
		_, err = c.silent(app, got.Account, "https://graph.microsoft.com/User.ReadWrite.All")
		c.refusedMSAL(err, refusal{400, "invalid_grant", 65001})
		c.emu.Reset() // ends all sessions
		_, err = c.silent(app, got.Account, graphRead)
		c.refusedMSAL(err, refusal{400, "invalid_grant", 9002313})
	})
	w.check(t, "MSAL refuses: an unknown client, and a password", func(c *check) {
		app := c.public(emulator.TenantID, nobody)
		c.msal("public.Client.AuthCodeURL")
		target, err := app.AuthCodeURL(c.Context(), nobody, redirectURI, []string{graphRead})
		if err != nil {
			c.Fatal(err)
		}
		if p := c.browser().open(target); p.redirect != nil || !strings.Contains(p.text, "AADSTS700016") {
			c.Errorf("%d %.200s", p.status, p.text)
		}
		c.msal("public.Client.AcquireTokenByUsernamePassword")
		app = c.public(emulator.TenantID, emulator.SPAClientID)
		//lint:ignore SA1019 programs still call it
		if _, err := app.AcquireTokenByUsernamePassword(c.Context(), []string{graphRead}, "alice@"+emulator.Domain, "password"); err == nil {
			c.Error("a password is taken")
		}
	})
}
