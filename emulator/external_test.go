package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

func TestExternalID(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	doc := b.get(e.URL() + "/" + emulator.ExternalDomain + "/v2.0/.well-known/openid-configuration").json(t)
	issuer := e.URL() + "/" + emulator.ExternalTenantID + "/v2.0"
	wantClaims(t, doc, map[string]any{"issuer": issuer, "jwks_uri": externalAt.url(e, "/discovery/v2.0/keys"), "token_endpoint": externalAt.url(e, "/oauth2/v2.0/token")})
	for _, k := range b.get(doc["jwks_uri"].(string)).json(t)["keys"].([]any) {
		if k.(map[string]any)["issuer"] != issuer {
			t.Errorf("a key is for the issuer %v", k.(map[string]any)["issuer"])
		}
	}
	body := externalAt.tokens(b, e, "cora")
	access := body["access_token"].(string)
	_, claims := parts(t, access)
	wantClaims(t, claims, map[string]any{
		"iss": issuer, "tid": emulator.ExternalTenantID, "oid": emulator.CoraObjectID, "aud": emulator.ExternalAPIClientID,
		"azp": emulator.ExternalSPAClientID, "scp": "access_as_user", "ver": "2.0", "idp": nil, "acct": 0.0,
	})
	if !verify(t, doc["jwks_uri"].(string), access) || verify(t, commonAt.url(e, "/discovery/v2.0/keys"), access) {
		t.Error("the tenant has keys of its own")
	}
	obo := with(oboForm(access, "https://graph.microsoft.com/User.Read"), "client_id", emulator.ExternalAPIClientID, "client_secret", emulator.ExternalAPIClientSecret)
	_, claims = parts(t, externalAt.post(b, e, obo).json(t)["access_token"].(string))
	wantClaims(t, claims, map[string]any{"ver": "1.0", "tid": emulator.ExternalTenantID, "iss": e.URL() + "/sts/" + emulator.ExternalTenantID + "/"})
	wantError(t, externalAt.post(b, e, with(obo, "scope", "https://graph.microsoft.com/User.ReadWrite")), 65001, "invalid_grant")
	wantError(t, commonAt.post(b, e, obo), 50194, "invalid_request")
}

// A policy is named by the path or by the parameter p.
func TestB2CDiscovery(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	base := e.URL() + "/" + emulator.B2CTenantID
	for path, keys := range map[string]string{
		"/" + emulator.B2CTenantID + "/B2C_1_SUSI/v2.0/.well-known/openid-configuration":      base + "/b2c_1_susi/discovery/v2.0/keys",
		"/" + emulator.B2CDomain + "/b2c_1_susi/v2.0/.well-known/openid-configuration":        base + "/b2c_1_susi/discovery/v2.0/keys",
		"/" + emulator.B2CDomain + "/v2.0/.well-known/openid-configuration?p=" + "B2C_1_susi": base + "/discovery/v2.0/keys?p=b2c_1_susi",
	} {
		doc := b.get(e.URL() + path).json(t)
		wantClaims(t, doc, map[string]any{"issuer": base + "/v2.0/", "jwks_uri": keys, "userinfo_endpoint": nil, "msgraph_host": nil})
		for _, k := range b.get(keys).json(t)["keys"].([]any) {
			wantClaims(t, k.(map[string]any), map[string]any{"issuer": nil, "x5c": nil, "x5t": nil, "kty": "RSA"})
		}
		token := mint(t, e, emulator.TokenRequest{User: "bea"})
		if !verify(t, keys, token) || verify(t, keys, mint(t, e, emulator.TokenRequest{User: "bea", Policy: "b2c_1_EDIT"})) {
			t.Errorf("%s: each policy has keys of its own", path)
		}
	}
	for _, path := range []string{"/v2.0/.well-known/openid-configuration", "/v2.0/.well-known/openid-configuration?p=B2C_1_none"} {
		wantB2C(t, b.get(base+path), "AADB2C90022", "invalid_request")
	}
	for _, path := range []string{"/b2c_1_none/v2.0/.well-known/openid-configuration", "/B2C_1_susi/.well-known/openid-configuration"} {
		if r := b.get(base + path); r.status != http.StatusNotFound {
			t.Errorf("%s is not there: %d", path, r.status)
		}
	}
}

// wantB2C checks an error of B2C, which has no AADSTS members.
func wantB2C(t *testing.T, r reply, code, oauth string) {
	t.Helper()
	body := r.json(t)
	text, _ := body["error_description"].(string)
	if r.status/100 != 4 || body["error"] != oauth || !strings.HasPrefix(text, code+": ") || len(body) != 2 {
		t.Errorf("status %d, want %s %s: %s", r.status, code, oauth, r.body)
	}
}

func TestB2CFlow(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	body := b2cAt.tokens(b, e, "bea")
	if _, ext := body["ext_expires_in"]; ext || body["not_before"] == nil {
		t.Errorf("the answer has the members of Entra ID: %v", body)
	}
	_, claims := parts(t, body["access_token"].(string))
	common := map[string]any{"iss": e.URL() + "/" + emulator.B2CTenantID + "/v2.0/", "ver": "1.0", "tfp": emulator.B2CPolicy, "sub": emulator.BeaObjectID, "tid": nil}
	wantClaims(t, claims, common)
	wantClaims(t, claims, map[string]any{"aud": emulator.B2CAPIClientID, "azp": emulator.B2CSPAClientID, "scp": "access_as_user", "nonce": nil})
	_, claims = parts(t, body["id_token"].(string))
	wantClaims(t, claims, common)
	wantClaims(t, claims, map[string]any{"aud": emulator.B2CSPAClientID, "nonce": "n-1", "scp": nil})

	if again := b2cAt.post(b, e, b2cAt.refreshForm(body["refresh_token"])); again.status != http.StatusOK {
		t.Errorf("refresh: %s", again.body)
	}
	edit := b2cAt
	edit.path = emulator.B2CTenantID + "/" + emulator.B2COtherPolicy
	wantB2C(t, edit.post(b, e, b2cAt.refreshForm(body["refresh_token"])), "AADB2C90088", "invalid_grant")

	openid := b2cAt.authorizeForm("scope", "openid offline_access")
	code := answerOf(t, b.post(b2cAt.url(e, "/login?"+openid.Encode()), url.Values{"user": {"bea"}})).Get("code")
	wantB2C(t, edit.post(b, e, with(codeForm(code), "client_id", b2cAt.client, "scope", "openid")), "AADB2C90088", "invalid_grant")
	only := b2cAt.post(b, e, with(codeForm(code), "client_id", b2cAt.client, "scope", "openid")).json(t)
	if only["access_token"] != nil || only["id_token"] == nil {
		t.Errorf("openid alone gives an id_token alone: %v", only)
	}
}

func TestB2CRefusals(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	api := url.Values{"client_id": {emulator.B2CAPIClientID}, "client_secret": {emulator.B2CAPIClientSecret}}
	daemon := with(api, "grant_type", "client_credentials", "scope", emulator.B2CAppIDURI+"/.default")
	_, claims := parts(t, b2cAt.post(b, e, daemon).json(t)["access_token"].(string))
	wantClaims(t, claims, map[string]any{"tfp": nil, "scp": nil, "azp": emulator.B2CAPIClientID, "ver": "1.0"})

	obo := with(oboForm(mint(t, e, emulator.TokenRequest{User: "bea"}), b2cAt.scope), "client_id", emulator.B2CAPIClientID, "client_secret", emulator.B2CAPIClientSecret)
	wantB2C(t, b2cAt.post(b, e, obo), "AADB2C90086", "unsupported_grant_type")
	wantB2C(t, b2cAt.post(b, e, with(daemon, "client_secret", "x")), "AADB2C90081", "invalid_client")
	wantB2C(t, b2cAt.post(b, e, with(daemon, "client_secret", "")), "AADB2C90079", "invalid_client")
	wantB2C(t, b2cAt.post(b, e, with(daemon, "scope", "https://graph.microsoft.com/.default")), "AADB2C90117", "invalid_resource")
	wantB2C(t, b2cAt.post(b, e, with(daemon, "client_id", emulator.APIClientID)), "AADB2C90018", "unauthorized_client")
	wantB2C(t, b2cAt.post(b, e, with(daemon, "grant_type", "")), "AADB2C90083", "invalid_request")
	wantB2C(t, b2cAt.post(b, e, with(daemon, "scope", b2cAt.scope)), "AADB2C90085", "invalid_scope")

	answer := answerOf(t, newBrowser(t).get(b2cAt.url(e, "/oauth2/v2.0/authorize?"+b2cAt.authorizeForm("prompt", "none").Encode())))
	if answer.Get("error") != "interaction_required" || !strings.HasPrefix(answer.Get("error_description"), "AADB2C90077: ") {
		t.Errorf("prompt=none: %v", answer)
	}
	answer = answerOf(t, b.post(b2cAt.url(e, "/login?"+b2cAt.authorizeForm().Encode()), url.Values{"action": {"cancel"}}))
	if answer.Get("error") != "access_denied" || !strings.HasPrefix(answer.Get("error_description"), "AADB2C90091: ") {
		t.Errorf("cancel: %v", answer)
	}
	// Nobody but the API takes a token of B2C.
	if r := b.get(e.GraphURL()+"/v1.0/me", "Authorization", "Bearer "+mint(t, e, emulator.TokenRequest{User: "bea"})); r.status != http.StatusUnauthorized {
		t.Errorf("Graph: %d", r.status)
	}
}
