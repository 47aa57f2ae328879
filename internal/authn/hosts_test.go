package authn_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// What the metadata of an issuer may say about where its keys are, and what it may not.
func TestHostsOfKeys(t *testing.T) {
	const evil = "https://evil.example/jwks"
	ciam := "https://" + tenantB + ".ciamlogin.com/" + tenantB
	b2c := b2cHost + "/" + tenantB + "/b2c_1_signin"
	own := strings.TrimSuffix(oidcURL, "/realms/main")
	for name, c := range map[string]struct {
		metadata, issuer, keys string
		token                  *token
		want                   string
	}{
		"oidc, configured host":          {oidcURL, oidcURL, keysHost + "/other", oidcToken(), ""},
		"oidc, own host":                 {oidcURL, oidcURL, own + "/keys", oidcToken(), ""},
		"oidc, foreign host":             {oidcURL, oidcURL, evil, oidcToken(), "keys_unavailable"},
		"oidc, http":                     {oidcURL, oidcURL, "http://keys.example.net/jwks", oidcToken(), "keys_unavailable"},
		"oidc, look-alike":               {oidcURL, oidcURL, keysHost + ".evil.example/jwks", oidcToken(), "keys_unavailable"},
		"oidc, other port":               {oidcURL, oidcURL, keysHost + ":8443/jwks", oidcToken(), "keys_unavailable"},
		"oidc, user in the address":      {oidcURL, oidcURL, "https://u@keys.example.net/jwks", oidcToken(), "keys_unavailable"},
		"oidc, subdomain":                {oidcURL, oidcURL, "https://x.id.example.com/keys", oidcToken(), "keys_unavailable"},
		"oidc, another issuer":           {oidcURL, oidcURL + "/", keysHost + "/jwks", oidcToken(), "keys_unavailable"},
		"oidc, issuer in other case":     {oidcURL, strings.ToUpper(oidcURL), keysHost + "/jwks", oidcToken(), "keys_unavailable"},
		"External ID, host by the name":  {ciamHost + "/" + tenantB + "/v2.0", ciam + "/v2.0", ciamHost + "/" + tenantB + "/keys", ciamToken(), ""},
		"External ID, host of another":   {ciamHost + "/" + tenantB + "/v2.0", ciam + "/v2.0", "https://" + tenantX + ".ciamlogin.com/keys", ciamToken(), "keys_unavailable"},
		"External ID, issuer by name":    {ciamHost + "/" + tenantB + "/v2.0", ciamHost + "/" + tenantB + "/v2.0", ciamHost + "/keys", ciamToken(), "keys_unavailable"},
		"B2C, own host":                  {b2c + "/v2.0", b2cHost + "/" + tenantB + "/v2.0/", b2cHost + "/keys", b2cToken("B2C_1_signin", 0), ""},
		"B2C, another tenant's host":     {b2c + "/v2.0", b2cHost + "/" + tenantB + "/v2.0/", "https://fabrikam.b2clogin.com/keys", b2cToken("B2C_1_signin", 0), "keys_unavailable"},
		"B2C, tfp form of the issuer":    {b2c + "/v2.0", b2cHost + "/tfp/" + tenantB + "/b2c_1_signin/v2.0/", b2cHost + "/keys", b2cToken("B2C_1_signin", 0), "keys_unavailable"},
		"any tenant, keys at a template": {chinaHost + "/organizations/v2.0", chinaHost + "/{tenantid}/v2.0", chinaHost + "/keys", edited(baseV2(), in(chinaHost, tenantX, 3), set("roles", []string{"Caller"})), ""},
		"any tenant, one tenant's":       {chinaHost + "/organizations/v2.0", chinaHost + "/" + tenantX + "/v2.0", chinaHost + "/keys", edited(baseV2(), in(chinaHost, tenantX, 3)), "keys_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, opt := bigWorld()
				kid, _ := c.token.Header["kid"].(string)
				a.single(c.metadata, c.issuer, c.keys, jwk(kid, &c.token.Key.PublicKey, nil))
				a.setHook(func(r *http.Request) (*http.Response, error) {
					if strings.Contains(r.URL.Host, "evil") || r.URL.Scheme != "https" {
						t.Errorf("asked %s", r.URL)
					}
					return nil, nil
				})
				if _, err := newVerifier(t, opt).Verify(t.Context(), mint(c.token, inBubble)); codeOf(err) != c.want {
					t.Errorf("%v, want %q", err, c.want)
				}
			})
		})
	}
}

// inBubble moves the times of a token that was made outside.
func inBubble(k *token) {
	now := baseV2().Claims
	for _, name := range []string{"iat", "nbf", "exp"} {
		if _, ok := k.Claims[name]; ok {
			k.Claims[name] = now[name]
		}
	}
}

// Whoever has no good signature learns nothing about clients, audiences or scopes from the answer.
func TestUnprovenTokensLearnNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(corpusWorld()))
		exhaust(t, v)
		forged := by(keyRing()[3])
		answer := func(e edit) string {
			_, err := v.Verify(t.Context(), mint(baseV2(), e, forged))
			return strings.NewReplacer(strangerID, "ID", spaID, "ID", apiID, "ID").Replace(full(err))
		}
		for name, c := range map[string]func(id string) edit{
			"client":                     func(id string) edit { return set("azp", id) },
			"audience":                   func(id string) edit { return set("aud", id) },
			"audience of an ID token":    func(id string) edit { return all(del("scp"), set("aud", id)) },
			"audience without any right": func(id string) edit { return all(del("scp", "azp"), set("aud", id)) },
			"client of a program":        func(id string) edit { return all(del("scp"), set("azp", id), set("idtyp", "app")) },
		} {
			want := answer(c(strangerID))
			for _, id := range []string{spaID, apiID} {
				if got := answer(c(id)); got != want {
					t.Errorf("%s: %q, and for a stranger %q", name, got, want)
				}
			}
		}
		for _, c := range attackWorld().Cases() {
			jwt := attackWorld().Bad(c)
			_, code, err := outcome(v, jwt)
			switch code {
			case "token_tenant", "token_issuer", "token_version", "token_key_unknown", "token_signature", "token_invalid":
			default:
				continue
			}
			r := v.Explain(t.Context(), jwt, authn.ExplainOptions{Offline: true})
			for _, secret := range []string{tenantA, tenantB, spaID} {
				if known := claimsHave(r, secret); !known && strings.Contains(full(err), secret) {
					t.Errorf("%s: the answer names %s: %s", c, secret, full(err))
				}
			}
		}
	})
}

// full is all that leaves the house of an error.
func full(err error) string {
	e, ok := errors.AsType[*acsauth.Error](err)
	if !ok {
		return fmt.Sprint(err)
	}
	return strings.Join([]string{e.Code, e.Detail, e.Hint, e.Expected, e.Found}, "|")
}

func claimsHave(r authn.Report, text string) bool {
	for _, c := range r.Claims {
		if strings.Contains(strings.ToLower(c.Value), text) {
			return true
		}
	}
	return false
}

// Only users of Entra ID have Teams tokens.
func TestTeamsOfOtherIssuers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, opt := bigWorld()
		v := newVerifier(t, opt)
		for _, k := range []*token{ciamToken(), b2cToken("b2c_1_signin", 0), oidcToken()} {
			caller, err := v.Verify(t.Context(), mint(k))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.CheckTeams(caller, mint(teamsToken())); codeOf(err) != "teams_not_configured" {
				t.Errorf("%s: %v", caller.Issuer, err)
			}
		}
	})
}
