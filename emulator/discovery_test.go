package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

func TestDiscovery(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	tests := []struct{ path, issuer, keys string }{
		{"/" + emulator.TenantID + "/v2.0/.well-known/openid-configuration", "/" + emulator.TenantID + "/v2.0", "/" + emulator.TenantID + "/discovery/v2.0/keys"},
		{"/" + strings.ToUpper(emulator.TenantID) + "/V2.0/.well-known/openid-configuration", "/" + emulator.TenantID + "/v2.0", "/" + emulator.TenantID + "/discovery/v2.0/keys"},
		{"//ACSauth.example/v2.0/.well-known/openid-configuration", "/" + emulator.TenantID + "/v2.0", "/" + emulator.TenantID + "/discovery/v2.0/keys"},
		{"/common/v2.0/.well-known/openid-configuration", "/{tenantid}/v2.0", "/common/discovery/v2.0/keys"},
		{"/organizations/.well-known/openid-configuration", "/sts/{tenantid}/", "/organizations/discovery/keys"},
		{"/" + emulator.TenantID + "/.well-known/openid-configuration", "/sts/" + emulator.TenantID + "/", "/" + emulator.TenantID + "/discovery/keys"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			r := b.get(e.URL() + tt.path)
			doc := r.json(t)
			if doc["issuer"] != e.URL()+tt.issuer || doc["jwks_uri"] != e.URL()+tt.keys {
				t.Errorf("issuer %v, jwks_uri %v", doc["issuer"], doc["jwks_uri"])
			}
			for _, name := range []string{"authorization_endpoint", "token_endpoint", "end_session_endpoint"} {
				if s, _ := doc[name].(string); !strings.HasPrefix(s, e.URL()+"/") {
					t.Errorf("%s is %q", name, s)
				}
			}
			if r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Cache-Control") != "max-age=86400, private" {
				t.Errorf("headers %v", r.header)
			}
		})
	}
}

func TestDiscoveryRefusals(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	wantError(t, b.get(e.URL()+"/contoso.example/v2.0/.well-known/openid-configuration"), 90002, "invalid_request")
	wantError(t, b.get(e.URL()+"/"+emulator.AliceObjectID+"/discovery/v2.0/keys"), 90002, "invalid_request")
	if r := b.get(e.Authority() + "/oauth2/v2.0/token"); r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") != "POST" {
		t.Errorf("GET token: %d %v", r.status, r.header)
	}
	if r := b.get(e.Authority() + "/oauth2/authorize"); r.status != http.StatusNotFound {
		t.Errorf("v1 authorize endpoint: %d", r.status)
	}
	r := b.send("OPTIONS", tokenURL(e), "", "Origin", "http://localhost:3000", "Access-Control-Request-Headers", "x-anchormailbox")
	if r.status != http.StatusOK || r.header.Get("Access-Control-Allow-Headers") != "x-anchormailbox" || !strings.Contains(r.header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", r.status, r.header)
	}
}

func TestInstanceDiscovery(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	at := e.URL() + "/common/discovery/instance?api-version=1.1&authorization_endpoint="
	doc := b.get(at + url.QueryEscape(e.Authority()+"/oauth2/v2.0/authorize")).json(t)
	if doc["tenant_discovery_endpoint"] != e.Authority()+"/v2.0/.well-known/openid-configuration" || doc["api-version"] != "1.1" {
		t.Errorf("got %v", doc)
	}
	entry := doc["metadata"].([]any)[0].(map[string]any)
	host := strings.TrimPrefix(e.URL(), "http://")
	if entry["preferred_network"] != host || entry["preferred_cache"] != host || entry["aliases"].([]any)[0] != host {
		t.Errorf("metadata %v", entry)
	}
	wantError(t, b.get(at), 900144, "invalid_request")
	wantError(t, b.get(at+"%3A%2F%2F%00"), 90023, "invalid_request")
	wantError(t, b.get(at+url.QueryEscape("https://x/none/oauth2/authorize")), 90002, "invalid_request")
}

func TestKeys(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	for path, issuer := range map[string]any{"/discovery/v2.0/keys": e.URL() + "/{tenantid}/v2.0", "/discovery/keys": nil} {
		keys := b.get(e.Authority() + path).json(t)["keys"].([]any)
		if len(keys) < 2 {
			t.Fatalf("%s: %d keys", path, len(keys))
		}
		for _, k := range keys {
			key := k.(map[string]any)
			wantClaims(t, key, map[string]any{"kty": "RSA", "use": "sig", "x5t": key["kid"], "issuer": issuer, "e": "AQAB"})
			if len(key["x5c"].([]any)) != 1 || len(key["n"].(string)) != 342 {
				t.Errorf("key %v", key)
			}
		}
	}
}

func TestRotation(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	first := mint(t, e, emulator.TokenRequest{})
	jwks := e.Authority() + "/discovery/v2.0/keys"
	kid := func(token string) any { h, _ := parts(t, token); return h["kid"] }

	if err := e.RotateKeys(false); err != nil {
		t.Fatal(err)
	}
	second := mint(t, e, emulator.TokenRequest{})
	if kid(first) == kid(second) || !verify(t, jwks, first) || !verify(t, jwks, second) {
		t.Error("after an overlapping rotation both keys have to be good")
	}
	if err := e.RotateKeys(true); err != nil {
		t.Fatal(err)
	}
	third := mint(t, e, emulator.TokenRequest{})
	if verify(t, jwks, first) || verify(t, jwks, second) || !verify(t, jwks, third) {
		t.Error("after a rotation that drops, only the new key has to be good")
	}
	for range 4 {
		if err := e.RotateKeys(false); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(newBrowser(t).get(jwks).json(t)["keys"].([]any)); n != 4 {
		t.Errorf("%d keys are published, want at most 4", n)
	}
}
