package authn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// The other issuers of the test world.
const (
	govHost   = "https://login.microsoftonline.us"
	chinaHost = "https://login.partner.microsoftonline.cn"
	ciamHost  = "https://contoso.ciamlogin.com"
	b2cHost   = "https://contoso.b2clogin.com"
	oidcURL   = "https://id.example.com/realms/main"
	keysHost  = "https://keys.example.net"
	oidcAPI   = "https://api.example.com"
)

var ecKey = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })

func ecJWK(kid string) map[string]any {
	x, y := make([]byte, 32), make([]byte, 32)
	ecKey().X.FillBytes(x)
	ecKey().Y.FillBytes(y)
	return map[string]any{"kty": "EC", "kid": kid, "crv": "P-256", "x": b64(x), "y": b64(y)}
}

func es256(_ *token, s string) []byte {
	sum := sha256.Sum256([]byte(s))
	r, v, err := ecdsa.Sign(rand.Reader, ecKey(), sum[:])
	if err != nil {
		panic(err)
	}
	return append(fill32(r), fill32(v)...)
}

func fill32(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// cloud publishes the documents of a tenant, or of all under organizations, of one authority host.
func (a *authority) cloud(host, sts, segment, tenant string, v2Key, v1Key *rsa.PrivateKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	base := host + "/" + segment
	a.put(base+"/v2.0/.well-known/openid-configuration", map[string]any{"issuer": host + "/" + tenant + "/v2.0", "jwks_uri": base + "/discovery/v2.0/keys"})
	a.put(base+"/.well-known/openid-configuration", map[string]any{"issuer": sts + tenant + "/", "jwks_uri": base + "/discovery/keys"})
	key := jwk("k-v2", &v2Key.PublicKey, map[string]any{"issuer": host + "/{tenantid}/v2.0"})
	other := jwk("k-consumer", &v2Key.PublicKey, map[string]any{"issuer": host + "/" + consumers + "/v2.0"})
	a.put(base+"/discovery/v2.0/keys", map[string]any{"keys": []any{key, other}})
	a.put(base+"/discovery/keys", map[string]any{"keys": []any{jwk("k-v1", &v1Key.PublicKey, nil)}})
}

// single publishes an issuer with one address for its keys.
func (a *authority) single(metadata, issuer, keysURL string, keys ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(metadata+"/.well-known/openid-configuration", map[string]any{"issuer": issuer, "jwks_uri": keysURL})
	a.put(keysURL, map[string]any{"keys": keys})
}

// bigWorld has every kind of issuer at once.
func bigWorld() (*authority, authn.Options) {
	a, ring := plainWorld(), keyRing()
	a.cloud(govHost, govHost+"/sts/", tenantA, tenantA, ring[2], ring[3])
	a.cloud(chinaHost, "https://sts.chinacloudapi.cn/", "organizations", "{tenantid}", ring[3], ring[2])
	ciam := "https://" + tenantB + ".ciamlogin.com/" + tenantB
	a.single(ciamHost+"/"+tenantB+"/v2.0", ciam+"/v2.0", ciam+"/discovery/v2.0/keys", jwk("k-ciam", &ring[1].PublicKey, map[string]any{"issuer": ciam + "/v2.0"}))
	for i, p := range []string{"b2c_1_signin", "b2c_1a_custom"} {
		base := b2cHost + "/" + tenantB + "/" + p
		a.single(base+"/v2.0", b2cHost+"/"+tenantB+"/v2.0/", base+"/discovery/v2.0/keys", jwk("k-b2c", &ring[i].PublicKey, nil))
	}
	a.single(oidcURL, oidcURL, keysHost+"/jwks", jwk("k-rsa", &ring[2].PublicKey, map[string]any{"use": nil}), ecJWK("k-ec"))
	opt := options(a)
	opt.Issuers = append(opt.Issuers,
		authn.Issuer{Name: "gov", AuthorityHost: govHost, TenantIDs: []string{tenantA}, Audiences: []string{apiID, apiURI}, AllowedClients: []string{spaID}},
		authn.Issuer{Name: "china", AuthorityHost: chinaHost, AnyTenant: true, Audiences: []string{apiID, apiURI}, AllowedClients: []string{spaID}, Roles: []string{"Caller", "Other"}},
		authn.Issuer{Name: "customers", Kind: authn.ExternalID, AuthorityHost: ciamHost, TenantIDs: []string{tenantB}, Audiences: []string{apiID}, AllowedClients: []string{spaID}},
		authn.Issuer{Name: "legacy", Kind: authn.B2C, AuthorityHost: b2cHost, TenantIDs: []string{tenantB}, Policies: []string{"B2C_1_signin", "B2C_1A_custom"}, Audiences: []string{apiID}, AllowedClients: []string{spaID}},
		authn.Issuer{Name: "partner", Kind: authn.OIDC, IssuerURL: oidcURL, KeysHosts: []string{"keys.example.net"}, Algorithms: []string{"RS256", "PS256", "ES256"},
			Audiences: []string{oidcAPI, "42"}, AllowedClients: []string{"web", "daemon"}, Scopes: []string{"calls", "calls.read"}},
	)
	return a, opt
}

func in(host, tenant string, key int) edit {
	return all(set("iss", host+"/"+tenant+"/v2.0"), set("tid", tenant), by(keyRing()[key]))
}

func ciamToken(edits ...edit) *token {
	k := baseV2()
	all(append([]edit{set("iss", "https://"+tenantB+".ciamlogin.com/"+tenantB+"/v2.0"), set("tid", tenantB), by(keyRing()[1]), hset("kid", "k-ciam")}, edits...)...)(k)
	return k
}

func b2cToken(policy string, key int, edits ...edit) *token {
	k := baseV2()
	k.Claims = map[string]any{"iss": b2cHost + "/" + tenantB + "/v2.0/", "exp": k.Claims["exp"], "nbf": k.Claims["nbf"], "iat": k.Claims["iat"], "aud": apiID,
		"sub": alice, "tfp": policy, "scp": "access_as_user", "azp": spaID, "ver": "1.0", "emails": []string{"alice@example.com"}, "auth_time": 1}
	all(append([]edit{by(keyRing()[key]), hset("kid", "k-b2c")}, edits...)...)(k)
	return k
}

func oidcToken(edits ...edit) *token {
	k := baseV2()
	k.Header = map[string]any{"typ": "at+jwt", "alg": "RS256", "kid": "k-rsa"}
	k.Claims = map[string]any{"iss": oidcURL, "exp": k.Claims["exp"], "iat": k.Claims["iat"], "aud": []string{"https://other.example.com", oidcAPI},
		"sub": "user|42", "client_id": "web", "scope": "openid calls", "jti": "1", "email": "alice@example.com"}
	all(append([]edit{by(keyRing()[2])}, edits...)...)(k)
	return k
}

func TestIssuersSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, opt := bigWorld()
		v := newVerifier(t, opt)
		for _, c := range []struct {
			name   string
			token  *token
			issuer string
			key    acsauth.UserKey
			kind   acsauth.CallerKind
		}{
			{"public", baseV2(), "entra", acsauth.UserKey{Issuer: publicHost + "/" + tenantA + "/v2.0", Subject: alice}, acsauth.User},
			{"public v1", baseV1(), "entra", acsauth.UserKey{Issuer: publicHost + "/" + tenantA + "/v2.0", Subject: alice}, acsauth.User},
			{"same tenant in another cloud", edited(baseV2(), in(govHost, tenantA, 2)), "gov", acsauth.UserKey{Issuer: govHost + "/" + tenantA + "/v2.0", Subject: alice}, acsauth.User},
			{"its v1, whose issuer the metadata tells", edited(baseV1(), set("iss", govHost+"/sts/"+tenantA+"/"), by(keyRing()[3])), "gov", acsauth.UserKey{Issuer: govHost + "/" + tenantA + "/v2.0", Subject: alice}, acsauth.User},
			{"any tenant", edited(baseV2(), in(chinaHost, tenantX, 3), set("roles", []string{"Caller"})), "china", acsauth.UserKey{Issuer: chinaHost + "/" + tenantX + "/v2.0", Subject: alice}, acsauth.User},
			{"any tenant, v1", edited(baseV1(), set("iss", "https://sts.chinacloudapi.cn/"+tenantX+"/"), set("tid", tenantX), by(keyRing()[2]), set("roles", []string{"Other"})), "china", acsauth.UserKey{Issuer: chinaHost + "/" + tenantX + "/v2.0", Subject: alice}, acsauth.User},
			{"External ID", ciamToken(), "customers", acsauth.UserKey{Issuer: "https://" + tenantB + ".ciamlogin.com/" + tenantB + "/v2.0", Subject: alice}, acsauth.User},
			{"B2C", b2cToken("B2C_1_SignIn", 0), "legacy", acsauth.UserKey{Issuer: b2cHost + "/" + tenantB + "/v2.0/", Subject: alice}, acsauth.User},
			{"B2C, other policy, legacy claim", b2cToken("", 1, del("tfp"), set("acr", "b2c_1a_custom")), "legacy", acsauth.UserKey{Issuer: b2cHost + "/" + tenantB + "/v2.0/", Subject: alice}, acsauth.User},
			{"OpenID Connect", oidcToken(), "partner", acsauth.UserKey{Issuer: oidcURL, Subject: "user|42"}, acsauth.User},
			{"PS256", oidcToken(hset("alg", "PS256"), signing(ps256)), "partner", acsauth.UserKey{Issuer: oidcURL, Subject: "user|42"}, acsauth.User},
			{"ES256", oidcToken(hset("alg", "ES256"), hset("kid", "k-ec"), signing(es256)), "partner", acsauth.UserKey{Issuer: oidcURL, Subject: "user|42"}, acsauth.User},
			{"scp as a list, azp, long typ, one audience", oidcToken(del("scope", "client_id"), set("scp", []string{"calls.read"}), set("azp", "web"), hset("typ", "application/at+jwt"), set("aud", oidcAPI)), "partner", acsauth.UserKey{Issuer: oidcURL, Subject: "user|42"}, acsauth.User},
			{"nonce in an access token", oidcToken(set("nonce", "n"), hdel("typ")), "partner", acsauth.UserKey{Issuer: oidcURL, Subject: "user|42"}, acsauth.User},
		} {
			got, err := v.Verify(t.Context(), mint(c.token))
			if err == nil {
				err = v.RequireUser(got)
			}
			if err != nil || got.Issuer != c.issuer || got.Key != c.key || got.Kind != c.kind {
				t.Errorf("%s: %+v, %v", c.name, got, err)
			}
		}
		if a.count() != 4+4+4+2+2+2+2 {
			t.Errorf("%d requests", a.count())
		}
	})
}

func edited(k *token, edits ...edit) *token {
	all(edits...)(k)
	return k
}

func ps256(k *token, s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return must(rsa.SignPSS(rand.Reader, k.Key, 5, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})) // 5: SHA-256
}

// Each refusal has its twin in TestIssuersSideBySide.
func TestIssuersDoNotMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, opt := bigWorld()
		var mu sync.Mutex
		var hosts []string
		a.setHook(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			hosts = append(hosts, r.URL.Scheme+"://"+r.URL.Host)
			return nil, nil
		})
		v := newVerifier(t, opt)
		entraIss := set("iss", publicHost+"/"+tenantA+"/v2.0")
		for _, c := range []struct {
			name  string
			token *token
			want  string
		}{
			{"token of the public cloud with a key of Gov", edited(baseV2(), by(keyRing()[2])), "token_signature"},
			{"Gov with a key of the public cloud", edited(baseV2(), in(govHost, tenantA, 0)), "token_signature"},
			{"tenant of the public cloud at Gov", edited(baseV2(), in(govHost, tenantB, 2)), "token_issuer"},
			{"unknown cloud", edited(baseV2(), in("https://login.sovcloud-identity.fr", tenantA, 0)), "token_issuer"},
			{"personal account at any tenant", edited(baseV2(), in(chinaHost, consumers, 3), set("roles", []string{"Caller"})), "token_tenant"},
			{"key of personal accounts at any tenant", edited(baseV2(), in(chinaHost, tenantX, 3), hset("kid", "k-consumer")), "token_key_unknown"},
			{"tid is not that of iss at any tenant", edited(baseV2(), in(chinaHost, tenantX, 3), set("tid", tenantB)), "token_issuer"},
			{"issuer template at any tenant", edited(baseV2(), in(chinaHost, tenantX, 3), set("iss", chinaHost+"/{tenantid}/v2.0")), "token_issuer"},
			{"tid is the template", edited(baseV2(), in(chinaHost, "{tenantid}", 3)), "token_tenant"},
			{"role missing", edited(baseV2(), in(chinaHost, tenantX, 3)), "token_role"},
			{"role in other case", edited(baseV2(), in(chinaHost, tenantX, 3), set("roles", []string{"caller"})), "token_role"},
			{"unlisted tenant of the public cloud", edited(baseV2(), in(publicHost, tenantX, 0)), "token_issuer"},
			{"External ID, v1", ciamToken(set("ver", "1.0")), "token_version"},
			{"External ID, other tenant", ciamToken(set("tid", tenantA)), "token_tenant"},
			{"External ID by the name", ciamToken(set("iss", ciamHost+"/"+tenantB+"/v2.0")), "token_issuer"},
			{"External ID, aud array", ciamToken(set("aud", []string{apiID})), "token_audience"},
			{"B2C, key of the other policy", b2cToken("B2C_1_signin", 1), "token_signature"},
			{"B2C, policy not listed", b2cToken("B2C_1_reset", 0), "token_issuer"},
			{"B2C, policy missing", b2cToken("", 0, del("tfp")), "token_issuer"},
			{"B2C, tfp form of the issuer", b2cToken("B2C_1_signin", 0, set("iss", b2cHost+"/tfp/"+tenantB+"/b2c_1_signin/v2.0/")), "token_issuer"},
			{"B2C, other tenant", b2cToken("B2C_1_signin", 0, set("tid", tenantA)), "token_tenant"},
			{"B2C, sub is no id", b2cToken("B2C_1_signin", 0, set("sub", "Not supported currently. Use oid claim.")), "token_subject"},
			{"B2C, sub is a name", b2cToken("B2C_1_signin", 0, set("sub", "alice")), "token_subject"},
			{"B2C, aud array", b2cToken("B2C_1_signin", 0, set("aud", []string{apiID})), "token_audience"},
			{"B2C, ID token", b2cToken("B2C_1_signin", 0, del("scp", "azp"), set("aud", spaID), set("nonce", "n")), "token_is_id_token"},
			{"B2C, program", b2cToken("B2C_1_signin", 0, del("scp"), set("roles", []string{"r"})), "token_app_only"},
			{"OIDC, slash", oidcToken(set("iss", oidcURL+"/")), "token_issuer"},
			{"OIDC, other audience", oidcToken(set("aud", []string{"https://other.example.com"})), "token_audience"},
			{"OIDC, audience a number", oidcToken(set("aud", []int{42})), "token_audience"},
			{"OIDC, audience nested", oidcToken(set("aud", []any{[]string{oidcAPI}})), "token_audience"},
			{"OIDC, client", oidcToken(set("client_id", "Web")), "token_client"},
			{"OIDC, clients disagree", oidcToken(set("azp", "daemon")), "token_client"},
			{"OIDC, no client", oidcToken(del("client_id")), "token_client"},
			{"OIDC, scope and scp", oidcToken(set("scp", "calls")), "token_scope"},
			{"OIDC, other scope", oidcToken(set("scope", "openid calls.write")), "token_scope"},
			{"OIDC, no scope", oidcToken(del("scope")), "token_scope"},
			{"OIDC, program by subject", oidcToken(set("sub", "web")), "token_app_only"},
			{"OIDC, program by Auth0's subject", oidcToken(set("sub", "web@clients")), "token_app_only"},
			{"OIDC, program by gty", oidcToken(set("gty", "client-credentials")), "token_app_only"},
			{"OIDC, no subject", oidcToken(del("sub")), "token_subject"},
			{"OIDC, subject a number", oidcToken(set("sub", 42)), "token_subject"},
			{"OIDC, ID token by typ", oidcToken(set("typ", "ID")), "token_is_id_token"},
			{"OIDC, ID token by at_hash", oidcToken(set("at_hash", "x")), "token_is_id_token"},
			{"OIDC, ID token by nonce", oidcToken(del("scope"), hset("typ", "JWT"), set("nonce", "n")), "token_is_id_token"},
			{"OIDC, no iat", oidcToken(del("iat")), "token_lifetime"},
			{"OIDC, HS256", oidcToken(hset("alg", "HS256")), "token_invalid"},
			{"OIDC, ES384 is not allowed", oidcToken(hset("alg", "ES384"), hset("kid", "k-ec"), signing(es256)), "token_invalid"},
			{"OIDC, RSA key for ES256", oidcToken(hset("alg", "ES256"), signing(es256)), "token_key_unknown"},
			{"OIDC, EC key for RS256", oidcToken(hset("kid", "k-ec")), "token_key_unknown"},
			{"OIDC, PS256 signature under RS256", oidcToken(signing(ps256)), "token_signature"},
			{"OIDC, RS256 signature under PS256", oidcToken(hset("alg", "PS256")), "token_signature"},
			{"OIDC, ES256 with a short signature", oidcToken(hset("alg", "ES256"), hset("kid", "k-ec"), signing(func(k *token, s string) []byte { return es256(k, s)[1:] })), "token_invalid"},
			{"OIDC, ES256 of zeros", oidcToken(hset("alg", "ES256"), hset("kid", "k-ec"), signing(func(*token, string) []byte { return make([]byte, 64) })), "token_signature"},
			{"OIDC claims under the issuer of Entra ID", oidcToken(entraIss, hset("kid", "k-v2"), by(keyRing()[0])), "token_version"},
			{"Entra ID token signed by the key of OIDC", edited(baseV2(), hset("kid", "k-rsa"), by(keyRing()[2])), "token_key_unknown"},
			{"Entra ID token with PS256", edited(baseV2(), hset("alg", "PS256"), signing(ps256)), "token_invalid"},
			{"Entra ID token with aud array", edited(baseV2(), set("aud", []string{apiID})), "token_audience"},
		} {
			caller, err := v.Verify(t.Context(), mint(c.token))
			if err == nil {
				err = v.RequireUser(caller)
			}
			if codeOf(err) != c.want {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			if err != nil {
				checkText(t, c.name, mint(c.token), err)
			}
		}
		for _, host := range hosts {
			own := []string{publicHost, govHost, chinaHost, ciamHost, "https://" + tenantB + ".ciamlogin.com", b2cHost, "https://id.example.com", keysHost}
			if !slices.Contains(own, host) {
				t.Errorf("asked %s", host)
			}
		}
	})
}

// Any tenant has one key set: tokens of ever new tenants cause no request.
func TestUnknownTenantFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, opt := bigWorld()
		v := newVerifier(t, opt)
		expectCode := func(k *token, want string) {
			if _, err := v.Verify(t.Context(), mint(k)); codeOf(err) != want {
				t.Fatalf("%v, want %q", err, want)
			}
		}
		expectCode(edited(baseV2(), in(chinaHost, tenantX, 3)), "")
		before := a.count()
		for i := range 100 {
			tenant := fmt.Sprintf("%08x-3333-4333-8333-cccccccccccc", i+1)
			expectCode(edited(baseV2(), in(chinaHost, tenant, 3)), "")
			expectCode(edited(baseV2(), in(chinaHost, tenant, 0)), "token_signature")
			expectCode(edited(baseV2(), in(publicHost, tenant, 0)), "token_issuer")
		}
		if n := a.count() - before; n != 0 {
			t.Errorf("%d requests", n)
		}
		heap := heapSize()
		for i := range 20000 {
			tenant := fmt.Sprintf("%08x-3333-4333-8333-dddddddddddd", i+1)
			expectCode(edited(baseV2(), in(chinaHost, tenant, 3), signing(func(*token, string) []byte { return make([]byte, 256) })), "token_signature")
		}
		if now := heapSize(); now > heap+1<<20 {
			t.Errorf("the heap grew from %d to %d bytes", heap, now)
		}
		if n := a.count() - before; n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

func heapSize() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The v1 issuers of two clouds are known only when their metadata is; a token of either finds its own.
func TestV1OfTwoClouds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, opt := bigWorld()
		a.cloud(govHost, govHost+"/sts/", "organizations", "{tenantid}", keyRing()[2], keyRing()[3])
		gov, china := opt.Issuers[1], opt.Issuers[2]
		gov.TenantIDs, gov.AnyTenant, china.Roles = nil, true, nil
		opt.Issuers = []authn.Issuer{gov, china}
		inChina := all(set("iss", "https://sts.chinacloudapi.cn/"+tenantX+"/"), set("tid", tenantX), by(keyRing()[2]))
		inGov := all(set("iss", govHost+"/sts/"+tenantX+"/"), set("tid", tenantX), by(keyRing()[3]))
		of := map[string]edit{"china": inChina, "gov": inGov}
		for _, name := range [][2]string{{"china", "gov"}, {"gov", "china"}} {
			v := newVerifier(t, opt)
			for _, cloud := range name {
				if caller, err := v.Verify(t.Context(), mint(baseV1(), of[cloud])); err != nil || caller.Issuer != cloud {
					t.Errorf("%s in %v: %+v, %v", cloud, name, caller, err)
				}
			}
			if _, err := v.Verify(t.Context(), mint(baseV1(), inGov, set("iss", "https://sts.evil.example/"+tenantX+"/"))); codeOf(err) != "token_issuer" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestKinds(t *testing.T) {
	for _, k := range []authn.Kind{authn.Entra, authn.ExternalID, authn.B2C, authn.OIDC} {
		if got, ok := authn.ParseKind(k.String()); !ok || got != k {
			t.Errorf("%v: %v, %v", k, got, ok)
		}
	}
	if _, ok := authn.ParseKind("saml"); ok {
		t.Error("an unknown kind is known")
	}
}
