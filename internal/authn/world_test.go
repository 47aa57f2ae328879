package authn_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// The ids of the test world.
const (
	publicHost = "https://login.microsoftonline.com"
	tenantA    = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
	tenantB    = "bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb"
	tenantX    = "cccccccc-3333-4333-8333-cccccccccccc" // not configured
	consumers  = "9188040d-6c67-4c5b-b112-36a304b66dad"
	apiID      = "12345678-aaaa-4bbb-8ccc-1234567890ab"
	apiURI     = "api://" + apiID
	spaID      = "87654321-aaaa-4bbb-8ccc-ba0987654321"
	strangerID = "99999999-aaaa-4bbb-8ccc-999999999999"
	alice      = "a11ce000-0000-4000-8000-00000000000a"
	bob        = "b0b00000-0000-4000-8000-00000000000b"
	graphID    = "00000003-0000-0000-c000-000000000000"
	teamsID    = "1fd5118e-2576-4263-8130-9503064c837a"
	teamsURL   = "https://auth.msft.communication.azure.com"
)

// keyRing is made once: making RSA keys is slow.
var keyRing = sync.OnceValue(func() (ring [4]*rsa.PrivateKey) {
	var wg sync.WaitGroup
	for i := range ring {
		wg.Go(func() {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				panic(err)
			}
			ring[i] = key
		})
	}
	wg.Wait()
	return ring
})

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwk is a key as Entra ID publishes it; extra adds or replaces members, nil removes one.
func jwk(kid string, key *rsa.PublicKey, extra map[string]any) map[string]any {
	m := map[string]any{"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": b64(key.N.Bytes()), "e": "AQAB", "x5c": []string{"MII"}}
	maps.Copy(m, extra)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return m
}

func v2Key(kid string, key *rsa.PrivateKey) map[string]any {
	return jwk(kid, &key.PublicKey, map[string]any{"issuer": publicHost + "/{tenantid}/v2.0", "cloud_instance_name": "microsoftonline.com"})
}

func v1Key(kid string, key *rsa.PrivateKey) map[string]any { return jwk(kid, &key.PublicKey, nil) }

// An authority is Entra ID without sockets: it answers from a table of documents.
type authority struct {
	mu       sync.Mutex
	docs     map[string]string
	hook     func(*http.Request) (*http.Response, error) // nil, or decides before the table; nil, nil passes on
	requests int
	foreign  int // requests to another host
}

func newAuthority() *authority { return &authority{docs: map[string]string{}} }

// publish sets the documents of a tenant at the public host.
func (a *authority) publish(tenant string, v2Keys, v1Keys []map[string]any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	base := publicHost + "/" + tenant
	a.put(base+"/v2.0/.well-known/openid-configuration", map[string]any{"issuer": base + "/v2.0",
		"jwks_uri": base + "/discovery/v2.0/keys", "cloud_instance_name": "microsoftonline.com", "response_modes_supported": []string{"query"}})
	a.put(base+"/.well-known/openid-configuration", map[string]any{"issuer": "https://sts.windows.net/" + tenant + "/", "jwks_uri": base + "/discovery/keys"})
	a.put(base+"/discovery/v2.0/keys", map[string]any{"keys": v2Keys})
	a.put(base+"/discovery/keys", map[string]any{"keys": v1Keys})
}

func (a *authority) put(url string, doc any) { a.docs[url] = string(must(json.Marshal(doc))) + "\n" }

func (a *authority) setHook(hook func(*http.Request) (*http.Response, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hook = hook
}

func (a *authority) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.requests++
	if "https://"+r.URL.Host != publicHost {
		a.foreign++
	}
	hook, doc, ok := a.hook, "", false
	doc, ok = a.docs[r.URL.String()]
	a.mu.Unlock()
	if hook != nil {
		if resp, err := hook(r); resp != nil || err != nil {
			return resp, err
		}
	}
	if !ok {
		return answer(404, "{}"), nil
	}
	return answer(200, doc), nil
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// options are those of the test world.
func options(a *authority) authn.Options {
	return authn.Options{Transport: a, Issuer: authn.Issuer{
		AuthorityHost: publicHost, TenantIDs: []string{tenantA, tenantB}, Audiences: []string{apiID, apiURI}, AllowedClients: []string{spaID},
	}}
}

func newVerifier(t testing.TB, opt authn.Options) *authn.Verifier {
	t.Helper()
	v, err := authn.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A token is what mint makes a JWT of.
type token struct {
	header, claims map[string]any
	key            *rsa.PrivateKey
	editHeader     func(json string) string
	editPayload    func(json string) string
	sign           func(signed string) []byte // nil: RS256
	wrap           func(jwt string) string    // the last change
}

func baseV2() *token {
	now := time.Now().Unix()
	return &token{key: keyRing()[0],
		header: map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k-v2"},
		claims: map[string]any{"iss": publicHost + "/" + tenantA + "/v2.0", "aud": apiID, "iat": now, "nbf": now, "exp": now + 3600,
			"azp": spaID, "azpacr": "0", "name": "Alice", "oid": alice, "preferred_username": "alice@example.com", "rh": "0.AX", "scp": "access_as_user",
			"sub": "AAAA-pairwise_alice", "tid": tenantA, "uti": "u", "ver": "2.0"}}
}

func baseV1() *token {
	now := time.Now().Unix()
	return &token{key: keyRing()[1],
		header: map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k-v1", "x5t": "k-v1"},
		claims: map[string]any{"iss": "https://sts.windows.net/" + tenantA + "/", "aud": apiURI, "iat": now, "nbf": now, "exp": now + 3600,
			"appid": spaID, "appidacr": "0", "upn": "alice@example.com", "oid": alice, "scp": "access_as_user",
			"sub": "AAAA-pairwise_alice", "tid": tenantA, "uti": "u", "ver": "1.0"}}
}

// An edit changes a token before it is made.
type edit func(*token)

func mint(k *token, edits ...edit) string {
	for _, e := range edits {
		if e != nil {
			e(k)
		}
	}
	h, p := marshal(k.header), marshal(k.claims)
	if k.editHeader != nil {
		h = k.editHeader(h)
	}
	if k.editPayload != nil {
		p = k.editPayload(p)
	}
	signed := b64([]byte(h)) + "." + b64([]byte(p))
	sign := k.sign
	if sign == nil {
		sign = func(s string) []byte { return rs256(k.key, s) }
	}
	jwt := signed + "." + b64(sign(signed))
	if k.wrap != nil {
		jwt = k.wrap(jwt)
	}
	return jwt
}

// marshal writes m without escaping of HTML characters.
func marshal(m map[string]any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func rs256(key *rsa.PrivateKey, signed string) []byte {
	sum := sha256.Sum256([]byte(signed))
	return must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]))
}

// rawRSA makes the signature whose padded block is em.
func rawRSA(key *rsa.PrivateKey, em []byte) []byte {
	c := new(big.Int).Exp(new(big.Int).SetBytes(em), key.D, key.N)
	return c.FillBytes(make([]byte, key.Size()))
}

func all(edits ...edit) edit {
	return func(k *token) {
		for _, e := range edits {
			e(k)
		}
	}
}

func set(name string, value any) edit { return func(k *token) { k.claims[name] = value } }
func del(names ...string) edit {
	return func(k *token) {
		for _, n := range names {
			delete(k.claims, n)
		}
	}
}
func hset(name string, value any) edit { return func(k *token) { k.header[name] = value } }
func hdel(name string) edit            { return func(k *token) { delete(k.header, name) } }
func wrap(f func(string) string) edit  { return func(k *token) { k.wrap = f } }
func payload(f func(string) string) edit {
	return func(k *token) { k.editPayload = chain(k.editPayload, f) }
}
func header(f func(string) string) edit {
	return func(k *token) { k.editHeader = chain(k.editHeader, f) }
}
func signing(f func(k *token, signed string) []byte) edit {
	return func(k *token) { k.sign = func(s string) []byte { return f(k, s) } }
}
func by(key *rsa.PrivateKey) edit { return func(k *token) { k.key = key } }

func chain(f, g func(string) string) func(string) string {
	if f == nil {
		return g
	}
	return func(s string) string { return g(f(s)) }
}

// first puts members in front of a JSON object.
func first(members string) func(string) string {
	return func(s string) string { return "{" + members + "," + s[1:] }
}

// outcome is the code of a whole check, as a user route does it, or "".
func outcome(v *authn.Verifier, jwt string) (acsauth.Caller, string, error) {
	c, err := v.Verify(context.Background(), jwt)
	if err == nil {
		err = authn.RequireScope(c, "access_as_user")
	}
	return c, codeOf(err), err
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*acsauth.Error](err); ok {
		return e.Code
	}
	return fmt.Sprintf("not one of our errors: %v", err)
}
