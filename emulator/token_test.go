package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

func TestMintToken(t *testing.T) {
	clock := newClock()
	e := emulator.Start(t, emulator.Options{Now: clock.now})
	tests := []struct {
		name  string
		in    emulator.TokenRequest
		plain bool // the signature verifies plainly
		want  map[string]any
	}{
		{"default", emulator.TokenRequest{}, true, map[string]any{"oid": emulator.AliceObjectID, "azp": emulator.SPAClientID, "scp": "access_as_user", "ver": "2.0", "aud": emulator.APIClientID}},
		{"v1", emulator.TokenRequest{User: "carol@acsauth.example", Version: "1.0"}, true, map[string]any{"oid": emulator.CarolObjectID, "appid": emulator.SPAClientID, "ver": "1.0", "aud": emulator.AppIDURI, "iss": e.URL() + "/sts/" + emulator.TenantID + "/"}},
		{"teams", emulator.TokenRequest{Teams: true}, true, map[string]any{"scp": "Teams.ManageCalls Teams.ManageChats", "aud": "https://auth.msft.communication.azure.com"}},
		{"teams, one scope", emulator.TokenRequest{Teams: true, Scopes: []string{"Teams.ManageCalls"}}, true, map[string]any{"scp": "Teams.ManageCalls"}},
		{"app", emulator.TokenRequest{AppOnly: true}, true, map[string]any{"idtyp": "app", "scp": nil, "azp": emulator.DaemonClientID}},
		{"client", emulator.TokenRequest{Client: emulator.OtherTenantID}, true, map[string]any{"azp": emulator.OtherTenantID}},
		{"scopes", emulator.TokenRequest{Scopes: []string{"b", "a", "b"}}, true, map[string]any{"scp": "a b"}},
		{"audience option", emulator.TokenRequest{Audience: "x"}, true, map[string]any{"aud": "x"}},
		{"life", emulator.TokenRequest{ExpiresIn: 90500 * time.Millisecond}, true, map[string]any{"exp": float64(clock.now().Unix() + 90)}},
		{"audience", emulator.TokenRequest{Flaw: emulator.FlawAudience}, true, map[string]any{"aud": "api://another-api"}},
		{"issuer", emulator.TokenRequest{Flaw: emulator.FlawIssuer}, true, map[string]any{"iss": e.URL() + ".evil.example/" + emulator.TenantID + "/v2.0"}},
		{"tenant", emulator.TokenRequest{Flaw: emulator.FlawTenant}, true, map[string]any{"tid": emulator.OtherTenantID, "iss": e.URL() + "/" + emulator.OtherTenantID + "/v2.0"}},
		{"tenant v1", emulator.TokenRequest{Version: "1.0", Flaw: emulator.FlawTenant}, true, map[string]any{"iss": e.URL() + "/sts/" + emulator.OtherTenantID + "/"}},
		{"no scope", emulator.TokenRequest{Flaw: emulator.FlawNoScope}, true, map[string]any{"scp": nil}},
		{"no oid", emulator.TokenRequest{Flaw: emulator.FlawNoObjectID}, true, map[string]any{"oid": nil}},
		{"no tid", emulator.TokenRequest{Flaw: emulator.FlawNoTenantID}, true, map[string]any{"tid": nil}},
		{"id_token", emulator.TokenRequest{Flaw: emulator.FlawIDToken}, true, map[string]any{"aud": emulator.SPAClientID, "scp": nil, "azp": nil}},
		{"claims of an id_token", emulator.TokenRequest{Flaw: emulator.FlawIDClaims}, true, map[string]any{"aud": emulator.APIClientID, "scp": emulator.Scope, "azp": emulator.SPAClientID}},
		{"app-only by idtyp", emulator.TokenRequest{Flaw: emulator.FlawAppOnly}, true, map[string]any{"idtyp": "app", "scp": emulator.Scope}},
		{"expired", emulator.TokenRequest{Flaw: emulator.FlawExpired}, true, map[string]any{"exp": float64(clock.now().Unix() - 3600)}},
		{"future", emulator.TokenRequest{Flaw: emulator.FlawNotYetValid}, true, map[string]any{"nbf": float64(clock.now().Unix() + 3600)}},
		{"long", emulator.TokenRequest{Flaw: emulator.FlawLongLived}, true, map[string]any{"exp": float64(clock.now().Unix() + 30*86400)}},
		{"graph", emulator.TokenRequest{Flaw: emulator.FlawGraph}, false, map[string]any{"aud": "https://graph.microsoft.com", "scp": "User.Read", "ver": "1.0"}},
		{"unknown key", emulator.TokenRequest{Flaw: emulator.FlawUnknownKey}, false, nil},
		{"unknown key v1", emulator.TokenRequest{Flaw: emulator.FlawUnknownKey, Version: "1.0"}, false, nil},
		{"foreign key", emulator.TokenRequest{Flaw: emulator.FlawForeignKey}, false, nil},
		{"signature", emulator.TokenRequest{Flaw: emulator.FlawSignature}, false, nil},
		{"none", emulator.TokenRequest{Flaw: emulator.FlawAlgNone}, false, nil},
		{"HS256", emulator.TokenRequest{Flaw: emulator.FlawAlgHS256}, false, nil},
		{"no kid", emulator.TokenRequest{Flaw: emulator.FlawNoKeyID}, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := mint(t, e, tt.in)
			if got := verify(t, e.Authority()+"/discovery/keys", token); got != tt.plain {
				t.Errorf("verifies plainly: %v, want %v", got, tt.plain)
			}
			_, claims := parts(t, token)
			wantClaims(t, claims, tt.want)
		})
	}
	for _, bad := range []emulator.TokenRequest{{User: "mallory"}, {Version: "3"}, {Flaw: "rotten"}, {ExpiresIn: -1}} {
		if token, err := e.MintToken(bad); err == nil || token != "" {
			t.Errorf("%+v: no error", bad)
		}
	}
}

// The header of a token tells its kind, as at Entra.
func TestTokenHeaders(t *testing.T) {
	e := emulator.Start(t, emulator.Options{TokenLifetime: time.Hour})
	for _, tt := range []struct {
		in         emulator.TokenRequest
		x5t, nonce bool
	}{
		{emulator.TokenRequest{}, false, false}, {emulator.TokenRequest{Version: "1.0"}, true, false},
		{emulator.TokenRequest{Flaw: emulator.FlawGraph}, true, true}, {emulator.TokenRequest{Flaw: emulator.FlawIDToken, Version: "1.0"}, false, false},
	} {
		head, claims := parts(t, mint(t, e, tt.in))
		if (head["x5t"] != nil) != tt.x5t || (head["nonce"] != nil) != tt.nonce || head["typ"] != "JWT" || head["kid"] == nil {
			t.Errorf("%+v: header %v", tt.in, head)
		}
		if claims["exp"].(float64)-claims["iat"].(float64) != 3600 {
			t.Errorf("TokenLifetime is not kept: %v", claims)
		}
	}
}

// Flows issue v1 tokens when the API is set to them.
func TestAccessTokenVersion(t *testing.T) {
	e := emulator.Start(t, emulator.Options{AccessTokenVersion: "1.0"})
	b := newBrowser(t)
	body := b.post(tokenURL(e), codeForm(b.signIn(e, "alice"))).json(t)
	_, claims := parts(t, body["access_token"].(string))
	wantClaims(t, claims, map[string]any{"ver": "1.0", "aud": emulator.AppIDURI, "appid": emulator.SPAClientID, "unique_name": "alice@acsauth.example", "azp": nil})
	if _, claims := parts(t, body["id_token"].(string)); claims["ver"] != "2.0" {
		t.Errorf("id_tokens of the v2 endpoint are v2: %v", claims["ver"])
	}
}

// A client that insists on https and whose transport leads here sees one consistent base.
func TestPublicURL(t *testing.T) {
	e := emulator.Start(t, emulator.Options{PublicURL: "https://emu.invalid"})
	doc := newBrowser(t).get(e.Authority() + "/v2.0/.well-known/openid-configuration").json(t)
	_, claims := parts(t, mint(t, e, emulator.TokenRequest{}))
	if doc["issuer"] != claims["iss"] || claims["iss"] != e.Issuer() || !strings.HasPrefix(e.Issuer(), "https://emu.invalid/") ||
		!strings.HasPrefix(doc["token_endpoint"].(string), "https://emu.invalid/") {
		t.Errorf("issuer %v, token %v", doc["issuer"], claims["iss"])
	}
	if !strings.HasPrefix(e.URL(), "http://127.0.0.1:") {
		t.Errorf("URL %s", e.URL())
	}
}
