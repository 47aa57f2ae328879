package server_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/authn"
)

const (
	authority = "https://login.test"
	tenantID  = "10000000-0000-4000-8000-000000000001"
	apiID     = "20000000-0000-4000-8000-000000000002"
	clientID  = "30000000-0000-4000-8000-000000000003"
	aliceOID  = "40000000-0000-4000-8000-0000000000a1"
	bobOID    = "40000000-0000-4000-8000-0000000000b0"
	scopeName = "access_as_user"
)

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// claims are the payload of a token.
type claims map[string]any

// with returns a copy with one claim changed, or taken out if v is nil.
func (c claims) with(name string, v any) claims {
	n := maps.Clone(c)
	n[name] = v
	if v == nil {
		delete(n, name)
	}
	return n
}

// userClaims are those of a good token of a user.
func userClaims(oid string) claims {
	now := time.Now().Unix()
	return claims{"iss": authority + "/" + tenantID + "/v2.0", "aud": apiID, "ver": "2.0", "tid": tenantID, "oid": oid,
		"sub": "subject-of-" + oid, "azp": clientID, "azpacr": "0", "scp": scopeName, "iat": now, "nbf": now, "exp": now + 3600}
}

// teamsClaims are those of a good Teams token of a user.
func teamsClaims(oid string) claims {
	now := time.Now().Unix()
	return claims{"iss": "https://sts.windows.net/" + tenantID + "/", "aud": "https://auth.msft.communication.azure.com", "ver": "1.0",
		"tid": tenantID, "oid": oid, "sub": "teams-subject", "appid": clientID, "scp": "Teams.ManageCalls Teams.ManageChats",
		"iat": now, "nbf": now, "exp": now + 3600}
}

// sign makes a compact JWS of RS256.
func (c claims) sign(t testing.TB) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "key-1"}) + "." + part(c)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, signingKey(), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// A roundTripper is a service in memory.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
func (f roundTripper) Do(r *http.Request) (*http.Response, error)        { return f(r) }

// entra is the part of Microsoft Entra ID that the verifier reads.
func entra(r *http.Request) (*http.Response, error) {
	switch r.URL.Path {
	case "/" + tenantID + "/v2.0/.well-known/openid-configuration":
		return reply(r, http.StatusOK, map[string]any{"issuer": authority + "/" + tenantID + "/v2.0", "jwks_uri": authority + "/keys"}), nil
	case "/keys":
		n := base64.RawURLEncoding.EncodeToString(signingKey().N.Bytes())
		key := map[string]string{"kty": "RSA", "use": "sig", "kid": "key-1", "n": n, "e": "AQAB"}
		return reply(r, http.StatusOK, map[string]any{"keys": []any{key}}), nil
	}
	return reply(r, http.StatusNotFound, map[string]any{}), nil
}

func newVerifier(t testing.TB, transport http.RoundTripper) *authn.Verifier {
	t.Helper()
	v, err := authn.New(authn.Options{Transport: transport, Issuers: []authn.Issuer{{
		AuthorityHost: authority, TenantIDs: []string{tenantID}, Audiences: []string{apiID}, AllowedClients: []string{clientID, daemonID}}}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
