package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A partner is an OpenID Connect issuer that is not of Microsoft.
type partner struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func startPartner(t *testing.T) *partner {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &partner{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /realm/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL + "/realm", "jwks_uri": p.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{"kty": "RSA", "use": "sig", "kid": "one",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB"}}})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// token is an access token of RFC 9068 with some claims changed.
func (p *partner) token(t *testing.T, change map[string]any) string {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{"iss": p.URL + "/realm", "sub": "auth0|7", "aud": "https://calls.example", "client_id": "web", "scope": "openid calls",
		"iat": now, "exp": now + 600, "jti": "1"}
	maps.Copy(claims, change)
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]string{"alg": "RS256", "typ": "at+jwt", "kid": "one"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// Entra ID and another issuer at once, with a policy that tells them apart.
func TestIssuersAndPolicy(t *testing.T) {
	emu, env, _ := startEmulator(t)
	other := startPartner(t)
	dir := t.TempDir()
	write := func(name string, v any) string {
		t.Helper()
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	env["ACSAUTH_ISSUERS"] = write("issuers.json", map[string]any{"issuers": []any{map[string]any{"name": "partner", "kind": "oidc", "issuer": other.URL + "/realm",
		"audiences": []string{"https://calls.example"}, "clients": []string{"web"}, "scopes": []string{"calls"}}}})
	env["ACSAUTH_POLICY"] = write("policy.json", map[string]any{"version": 1, "mode": "enforce", "rules": []any{
		map[string]any{"name": "partners", "when": map[string]any{"issuers": []string{"partner"}},
			"allow": map[string]any{"operations": []string{"getUser", "getToken"}, "scopes": []string{"chat"}, "maxLifetimeMinutes": 60}},
		map[string]any{"name": "everybody", "when": map[string]any{"issuers": []string{"entra"}},
			"allow": map[string]any{"operations": []string{"getUser", "getToken", "refreshToken", "exchangeToken", "revokeTokens", "deleteUser", "exportUser"}, "scopes": []string{"chat", "voip"}}},
	}})
	s := start(t, env, "serve", "--json")
	get := func(method, path, token string) (int, map[string]any) {
		t.Helper()
		var out map[string]any
		status, err := call(method, s.Server+path, token, nil, &out)
		if err != nil {
			t.Fatal(err)
		}
		return status, out
	}
	mine := other.token(t, nil)
	if status, out := get("GET", "/getToken", mine); status != 200 || len(out["scopes"].([]any)) != 1 {
		t.Fatalf("partner: %d %v\n%s", status, out, s.log)
	}
	if status, out := get("GET", "/getToken?scopes=voip", mine); status != 403 || out["code"] != "scope_not_allowed" {
		t.Errorf("more than the policy gives: %d %v", status, out["code"])
	}
	if status, out := get("DELETE", "/api/user", mine); status != 403 || out["code"] != "policy_denied" || out["found"] != "rule partners" {
		t.Errorf("an operation that the policy does not give: %d %v", status, out)
	}
	if status, out := get("GET", "/getToken", emu.tokens(t, 1)[0]); status != 200 || len(out["scopes"].([]any)) != 2 {
		t.Errorf("Entra ID: %d %v", status, out)
	}
	for name, change := range map[string]map[string]any{
		"token_audience": {"aud": "https://other.example"}, "token_client": {"client_id": "other"}, "token_scope": {"scope": "openid"}, "token_issuer": {"iss": other.URL + "/realm/"},
	} {
		if status, out := get("GET", "/getUser", other.token(t, change)); out["code"] != name || status < 401 || status > 403 {
			t.Errorf("%s: %d %v", name, status, out["code"])
		}
	}
}
