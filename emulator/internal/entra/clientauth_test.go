package entra

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/url"
	"testing"
	"time"
)

const testTokenEndpoint = testBase + "/" + testTenant + "/oauth2/v2.0/token"

// clientAssertion is what a client signs; fields that are nil are left out.
type clientAssertion struct {
	header map[string]any
	claims map[string]any
}

// sign signs RS256 or PS256.
func (c clientAssertion) sign(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	head, err1 := segment(c.header)
	body, err2 := segment(c.claims)
	sum := sha256.Sum256([]byte(head + "." + body))
	var sig []byte
	var err3 error
	if c.header["alg"] == "PS256" {
		sig, err3 = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		sig, err3 = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	}
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	return head + "." + body + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func thumbprints(der []byte) (new, old, kid string) {
	a, b := sha256.Sum256(der), sha1.Sum(der)
	return base64.RawURLEncoding.EncodeToString(a[:]), base64.RawURLEncoding.EncodeToString(b[:]), hex.EncodeToString(b[:])
}

func assertionForm(assertion string, pairs ...string) url.Values {
	return clientForm(append([]string{"client_secret", "", "client_assertion", assertion, "client_assertion_type", assertionType}, pairs...)...)
}

// addCertificate registers the certificate of a signing key for this test only.
func (w world) addCertificate(t *testing.T, client string, der []byte) {
	t.Helper()
	if err := w.AddCertificate(client, der); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.flow.certs.added = nil })
}

func TestCertificate(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	key := w.keys.current()
	w.addCertificate(t, testAPI, key.cert)
	new, old, kid := thumbprints(key.cert)
	now := w.now().Unix()
	good := func() clientAssertion {
		return clientAssertion{map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": new},
			map[string]any{"iss": testAPI, "sub": testAPI, "aud": testTokenEndpoint, "nbf": now, "exp": now + 600, "jti": newGUID()}}
	}
	tests := []struct {
		name   string
		change func(c *clientAssertion)
		code   int
	}{
		{"PS256", func(*clientAssertion) {}, 0},
		{"RS256 and x5t", func(c *clientAssertion) { c.header = map[string]any{"alg": "RS256", "x5t": old} }, 0},
		{"RS256 and kid", func(c *clientAssertion) { c.header = map[string]any{"alg": "RS256", "kid": kid} }, 0},
		{"issuer as audience", func(c *clientAssertion) { c.claims["aud"] = testBase + "/" + testTenant + "/v2.0" }, 0},
		{"clock is a minute ahead", func(c *clientAssertion) { c.claims["nbf"] = now + 60 }, 0},
		{"no thumbprint", func(c *clientAssertion) { delete(c.header, "x5t#S256") }, 700027},
		{"another certificate", func(c *clientAssertion) { c.header["x5t#S256"] = old }, 700027},
		{"none", func(c *clientAssertion) { c.header["alg"] = "none" }, 5002738},
		{"HS256", func(c *clientAssertion) { c.header["alg"] = "HS256" }, 5002738},
		{"expired", func(c *clientAssertion) { c.claims["exp"] = now }, 700024},
		{"no expiry", func(c *clientAssertion) { delete(c.claims, "exp") }, 700024},
		{"not yet", func(c *clientAssertion) { c.claims["nbf"] = now + 3600 }, 700024},
		{"audience", func(c *clientAssertion) { c.claims["aud"] = "https://login.example/token" }, 700023},
		{"subject", func(c *clientAssertion) { c.claims["sub"] = testSPA }, 700021},
		{"issuer", func(c *clientAssertion) { c.claims["iss"] = testSPA }, 700021},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := good()
			tt.change(&c)
			body := a.token(assertionForm(c.sign(t, key.key)))
			if tt.code != 0 {
				wantFailure(t, body, tt.code, "invalid_client", "")
			} else if got := payloadOf(t, body["access_token"]); got["appidacr"] != "2" {
				t.Errorf("%v", body)
			}
		})
	}
	token := good().sign(t, key.key)
	wantFailure(t, a.token(assertionForm(damage(token))), 700027, "invalid_client", "")
	wantFailure(t, a.token(assertionForm(token, "client_assertion_type", "")), 900144, "invalid_request", "")
	wantFailure(t, a.token(assertionForm(token, "client_assertion_type", "saml")), 90023, "invalid_request", "")
	wantFailure(t, a.token(assertionForm(token, "client_id", testFresh)), 700027, "invalid_client", "")
	wantFailure(t, a.token(assertionForm(token, "client_id", testSPA)), 700025, "invalid_client", "")
	if body := a.token(plus(oboForm(a.signIn("alice")["access_token"]), "client_secret", "", "client_assertion", token, "client_assertion_type", assertionType)); body["access_token"] == nil {
		t.Errorf("OBO: %v", body)
	}
}

func TestCertificateThatIsOver(t *testing.T) {
	w := newWorld(t)
	key := w.keys.current().key
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: w.now().Add(-2 * time.Hour), NotAfter: w.now().Add(-time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	w.addCertificate(t, testAPI, der)
	new, _, _ := thumbprints(der)
	now := w.now().Unix()
	token := clientAssertion{map[string]any{"alg": "PS256", "x5t#S256": new},
		map[string]any{"iss": testAPI, "sub": testAPI, "aud": testTokenEndpoint, "exp": now + 600}}.sign(t, key)
	wantFailure(t, w.agent(t).token(assertionForm(token)), 700027, "invalid_client", "")
}

func TestAddCertificateRefusals(t *testing.T) {
	w := newWorld(t)
	der := w.keys.current().cert
	if w.AddCertificate(testTenant, der) == nil || w.AddCertificate(testAPI, der[1:]) == nil || w.AddCertificate(testAPI, nil) == nil {
		t.Error("taken")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	curve, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if w.AddCertificate(testAPI, curve) == nil {
		t.Error("a key that is not RSA was taken")
	}
	for range maxCertificates {
		w.addCertificate(t, testFresh, der)
	}
	if w.AddCertificate(testFresh, der) == nil {
		t.Error("there is no bound")
	}
}
