package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

const oboGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

func clientForm(id, secret, scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {scope}}
}

func daemonForm(scope string) url.Values {
	return clientForm(emulator.DaemonClientID, emulator.DaemonClientSecret, scope)
}

func oboForm(assertion, scope string) url.Values {
	return url.Values{
		"grant_type": {oboGrant}, "client_id": {emulator.APIClientID}, "client_secret": {emulator.APIClientSecret},
		"assertion": {assertion}, "requested_token_use": {"on_behalf_of"}, "scope": {scope},
	}
}

func TestRefresh(t *testing.T) {
	clock := newClock()
	e := emulator.Start(t, emulator.Options{Now: clock.now})
	b := newBrowser(t)
	first := b.post(tokenURL(e), codeForm(b.signIn(e, "alice"))).json(t)
	form := func(token any, scope string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "client_id": {emulator.SPAClientID}, "refresh_token": {token.(string)}, "scope": {scope}, "client_info": {"1"}}
	}
	teams := b.post(tokenURL(e), form(first["refresh_token"], "https://auth.msft.communication.azure.com/Teams.ManageCalls openid offline_access")).json(t)
	_, claims := parts(t, teams["access_token"].(string))
	wantClaims(t, claims, map[string]any{
		"aud": "https://auth.msft.communication.azure.com", "scp": "Teams.ManageCalls Teams.ManageChats", "appid": emulator.TeamsClientID,
		"oid": emulator.AliceObjectID, "tid": emulator.TenantID, "ver": "1.0", "iss": e.URL() + "/sts/" + emulator.TenantID + "/", "upn": "alice@acsauth.example",
	})
	if teams["refresh_token"] == first["refresh_token"] || teams["refresh_token"] == "" || teams["client_info"] == nil {
		t.Error("refresh has to hand out a new refresh token")
	}
	if _, idClaims := parts(t, teams["id_token"].(string)); idClaims["nonce"] != nil {
		t.Error("the nonce belongs to the sign-in only")
	}
	if scope := teams["scope"].(string); !strings.HasPrefix(scope, "https://auth.msft.communication.azure.com/Teams.ManageCalls openid offline_access") ||
		!strings.Contains(scope, "https://auth.msft.communication.azure.com/Teams.ManageChats") {
		t.Errorf("scope %q", scope)
	}
	graph := b.post(tokenURL(e), form(teams["refresh_token"], "user.read")).json(t)
	if graph["scope"] != "user.read" || graph["refresh_token"] != nil {
		t.Errorf("scope is echoed as it was spelled: %v", graph["scope"])
	}
	if r := b.post(tokenURL(e), form(first["refresh_token"], "")); r.status != http.StatusOK {
		t.Errorf("without a scope it is that of the sign-in: %s", r.body)
	}
	bad := form(first["refresh_token"], apiScope)
	wantError(t, b.post(tokenURL(e), with(bad, "refresh_token", "")), 900144, "invalid_request")
	wantError(t, b.post(tokenURL(e), with(bad, "refresh_token", "1.AXnothing")), 9002313, "invalid_grant")
	wantError(t, b.post(tokenURL(e), with(bad, "scope", apiScope+" User.Read")), 28000, "invalid_scope")
	wantError(t, b.post(tokenURL(e), with(bad, "client_id", emulator.APIClientID, "client_secret", emulator.APIClientSecret)), 70000, "invalid_grant")

	// The life of a browser client's refresh token does not grow by use.
	clock.advance(20 * time.Hour)
	again := b.post(tokenURL(e), form(first["refresh_token"], apiScope+" offline_access")).json(t)
	clock.advance(4 * time.Hour)
	wantError(t, b.post(tokenURL(e), form(again["refresh_token"], apiScope)), 700084, "invalid_grant")
}

// The refresh token of a confidential client lives on with each use.
func TestConfidentialRefresh(t *testing.T) {
	clock := newClock()
	e := emulator.Start(t, emulator.Options{Now: clock.now})
	b := newBrowser(t)
	token := b.post(tokenURL(e), oboForm(mint(t, e, emulator.TokenRequest{}), "User.Read offline_access")).json(t)["refresh_token"].(string)
	form := func(token string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "client_id": {emulator.APIClientID}, "client_secret": {emulator.APIClientSecret}, "refresh_token": {token}}
	}
	for range 3 {
		clock.advance(80 * 24 * time.Hour)
		token = b.post(tokenURL(e), form(token)).json(t)["refresh_token"].(string)
	}
	clock.advance(90 * 24 * time.Hour)
	wantError(t, b.post(tokenURL(e), form(token)), 700082, "invalid_grant")
}

func TestClientCredentials(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	tests := []struct {
		form url.Values
		want map[string]any
	}{
		{daemonForm(emulator.AppIDURI + "/.default"), map[string]any{"aud": emulator.APIClientID, "azp": emulator.DaemonClientID, "azpacr": "1", "ver": "2.0"}},
		{daemonForm(emulator.APIClientID + "/.default openid offline_access profile"), map[string]any{"aud": emulator.APIClientID}},
		{daemonForm("https://graph.microsoft.com/.default"), map[string]any{"aud": "https://graph.microsoft.com", "appid": emulator.DaemonClientID}},
		{daemonForm("https://communication.azure.com//.default"), map[string]any{"aud": "https://communication.azure.com/", "ver": "1.0", "roles": nil}},
		{clientForm(emulator.APIClientID, emulator.APIClientSecret, "https://communication.azure.com/.default"), map[string]any{"aud": "https://communication.azure.com", "appid": emulator.APIClientID}},
	}
	for _, tt := range tests {
		t.Run(tt.form.Get("scope"), func(t *testing.T) {
			r := newBrowser(t).post(tokenURL(e), tt.form)
			body := r.json(t)
			if r.status != http.StatusOK || len(body) != 4 {
				t.Fatalf("status %d: want token_type, expires_in, ext_expires_in and access_token only: %s", r.status, r.body)
			}
			_, claims := parts(t, body["access_token"].(string))
			wantClaims(t, claims, tt.want)
			wantClaims(t, claims, map[string]any{"idtyp": "app", "scp": nil, "name": nil, "sub": claims["oid"], "tid": emulator.TenantID})
		})
	}
	basic := with(daemonForm(emulator.AppIDURI+"/.default"), "client_id", "", "client_secret", "")
	req, err := http.NewRequestWithContext(t.Context(), "POST", tokenURL(e), strings.NewReader(basic.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(emulator.DaemonClientID, emulator.DaemonClientSecret)
	_, claims := parts(t, b.do(req).json(t)["access_token"].(string))
	if roles, _ := claims["roles"].([]any); len(roles) != 1 || roles[0] != emulator.AppRole {
		t.Errorf("roles %v", claims["roles"])
	}
}

func TestTokenRefusals(t *testing.T) {
	e := shared()
	good := daemonForm(emulator.AppIDURI + "/.default")
	tests := []struct {
		name  string
		form  url.Values
		code  int
		oauth string
	}{
		{"no grant", with(good, "grant_type", ""), 900144, "invalid_request"},
		{"password", with(good, "grant_type", "password"), 70003, "unsupported_grant_type"},
		{"no client", with(good, "client_id", ""), 900144, "invalid_request"},
		{"unknown client", with(good, "client_id", emulator.OtherTenantID), 700016, "unauthorized_client"},
		{"no secret", with(good, "client_secret", ""), 7000218, "invalid_client"},
		{"wrong secret", with(good, "client_secret", "x"), 7000215, "invalid_client"},
		{"assertion", with(good, "client_secret", "", "client_assertion", "a.b.c"), 700027, "invalid_client"},
		{"public with secret", with(good, "client_id", emulator.SPAClientID), 700025, "invalid_client"},
		{"public", with(good, "client_id", emulator.SPAClientID, "client_secret", ""), 7000218, "invalid_client"},
		{"no scope", with(good, "scope", ""), 900144, "invalid_request"},
		{"no .default", with(good, "scope", apiScope), 1002012, "invalid_scope"},
		{"no resource at all", with(good, "scope", "openid"), 1002012, "invalid_scope"},
		{"two resources", with(good, "scope", emulator.AppIDURI+"/.default https://graph.microsoft.com/.default"), 28000, "invalid_scope"},
		{"no resource", with(good, "scope", "https://nowhere.example/.default"), 500011, "invalid_resource"},
		{"OBO without assertion", with(oboForm("x", "User.Read"), "assertion", ""), 900144, "invalid_request"},
		{"OBO without use", with(oboForm("x", "User.Read"), "requested_token_use", ""), 900144, "invalid_request"},
		{"OBO with other use", with(oboForm("x", "User.Read"), "requested_token_use", "fun"), 90023, "invalid_request"},
		{"OBO of a public client", with(oboForm("x", "User.Read"), "client_id", emulator.SPAClientID, "client_secret", ""), 7000218, "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantError(t, newBrowser(t).post(tokenURL(e), tt.form), tt.code, tt.oauth) })
	}
	b := newBrowser(t)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	wantError(t, b.send("POST", tokenURL(e), good.Encode()+"&scope=x", form...), 90100, "invalid_request")
	wantError(t, b.send("POST", tokenURL(e), "a=%zz", form...), 90023, "invalid_request")
	wantError(t, b.send("POST", tokenURL(e), good.Encode()+"&x="+strings.Repeat("y", 1<<20), form...), 90023, "invalid_request")
	wantError(t, b.post(e.URL()+"/common/oauth2/v2.0/token", good), 50059, "invalid_request")
	wantError(t, b.post(e.URL()+"/"+emulator.AliceObjectID+"/oauth2/v2.0/token", good), 90002, "invalid_request")
	wantError(t, b.post(tokenURL(e), good, "Authorization", "Basic eDp5"), 90023, "invalid_request")
	if r := b.post(tokenURL(e), with(good, "client_id", "", "client_secret", ""), "Authorization", "Basic "+"YWM1YTAwMDAtMDAwMC00MDAwLWEwMDAtMDAwMDAwMDAwMGEzOng="); !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("a refused Basic login has to be answered with a Basic challenge: %d %v", r.status, r.header)
	}
	secret := b.post(tokenURL(e), with(good, "client_secret", "do-not-repeat-me"))
	if strings.Contains(secret.body, "do-not-repeat-me") {
		t.Error("the answer repeats the secret")
	}
}

func TestOnBehalfOf(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	assertion := b.post(tokenURL(e), codeForm(b.signIn(e, "bob"))).json(t)["access_token"].(string)
	for _, in := range []string{assertion, mint(t, e, emulator.TokenRequest{User: "bob", Version: "1.0"})} {
		r := b.post(tokenURL(e), with(oboForm(in, "https://graph.microsoft.com/.default openid profile offline_access"), "client_info", "1"))
		body := r.json(t)
		if r.status != http.StatusOK || body["refresh_token"] == nil || body["id_token"] == nil || body["client_info"] == nil {
			t.Fatalf("status %d: %s", r.status, r.body)
		}
		if scope := body["scope"].(string); !strings.HasPrefix(scope, "https://graph.microsoft.com/.default openid profile offline_access https://graph.microsoft.com/User.Read ") {
			t.Errorf("scope %q", scope)
		}
		_, claims := parts(t, body["access_token"].(string))
		wantClaims(t, claims, map[string]any{
			"aud": "https://graph.microsoft.com", "appid": emulator.APIClientID, "oid": emulator.BobObjectID, "ver": "1.0",
			"scp": "User.Read User.ReadWrite openid profile", "upn": "bob@acsauth.example",
		})
	}
	if body := b.post(tokenURL(e), oboForm(assertion, "User.Read")).json(t); body["refresh_token"] != nil || body["id_token"] != nil {
		t.Errorf("nothing was asked for but an access token: %v", body)
	}
	challenge := `{"access_token":{"xms_cc":{"values":["CP1"]}}}`
	body := b.post(tokenURL(e), with(oboForm(assertion, apiScope), "claims", challenge)).json(t)
	if _, claims := parts(t, body["access_token"].(string)); len(claims["xms_cc"].([]any)) != 1 {
		t.Errorf("xms_cc %v", claims["xms_cc"])
	}
}

func TestOnBehalfOfRefusals(t *testing.T) {
	e := shared()
	tests := []struct {
		name  string
		token emulator.TokenRequest
		scope string
		code  int
		oauth string
	}{
		{"expired", emulator.TokenRequest{Flaw: emulator.FlawExpired}, "User.Read", 500133, "invalid_grant"},
		{"not yet valid", emulator.TokenRequest{Flaw: emulator.FlawNotYetValid}, "User.Read", 500133, "invalid_grant"},
		{"audience", emulator.TokenRequest{Flaw: emulator.FlawAudience}, "User.Read", 500131, "invalid_grant"},
		{"Graph token", emulator.TokenRequest{Flaw: emulator.FlawGraph}, "User.Read", 500131, "invalid_grant"},
		{"Teams token", emulator.TokenRequest{Teams: true}, "User.Read", 500131, "invalid_grant"},
		{"id_token", emulator.TokenRequest{Flaw: emulator.FlawIDToken}, "User.Read", 500131, "invalid_grant"},
		{"issuer", emulator.TokenRequest{Flaw: emulator.FlawIssuer}, "User.Read", 50013, "invalid_grant"},
		{"tenant", emulator.TokenRequest{Flaw: emulator.FlawTenant}, "User.Read", 50013, "invalid_grant"},
		{"unknown key", emulator.TokenRequest{Flaw: emulator.FlawUnknownKey}, "User.Read", 50013, "invalid_grant"},
		{"foreign key", emulator.TokenRequest{Flaw: emulator.FlawForeignKey}, "User.Read", 50013, "invalid_grant"},
		{"signature", emulator.TokenRequest{Flaw: emulator.FlawSignature}, "User.Read", 50013, "invalid_grant"},
		{"none", emulator.TokenRequest{Flaw: emulator.FlawAlgNone}, "User.Read", 50013, "invalid_grant"},
		{"HS256", emulator.TokenRequest{Flaw: emulator.FlawAlgHS256}, "User.Read", 50013, "invalid_grant"},
		{"app-only", emulator.TokenRequest{AppOnly: true}, "User.Read", 7000114, "invalid_grant"},
		{"no user", emulator.TokenRequest{Flaw: emulator.FlawNoObjectID}, "User.Read", 50034, "invalid_grant"},
		{"no consent", emulator.TokenRequest{}, "User.ReadWrite.All", 65001, "invalid_grant"},
		{"not registered", emulator.TokenRequest{}, "https://auth.msft.communication.azure.com/Teams.ManageCalls", 650057, "invalid_resource"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newBrowser(t).post(tokenURL(e), oboForm(mint(t, e, tt.token), tt.scope))
			wantError(t, r, tt.code, tt.oauth)
			if tt.code == 65001 && r.json(t)["suberror"] != "consent_required" {
				t.Errorf("suberror: %s", r.body)
			}
		})
	}
	for _, assertion := range []string{"x", "a.b.c", "e30.e30.e30", "e30.bnVsbA.e30", strings.Repeat("a", 70000)} {
		wantError(t, newBrowser(t).post(tokenURL(e), oboForm(assertion, "User.Read")), 50013, "invalid_grant")
	}
}
