package entra

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/golang-jwt/jwt/v5"
)

// newCertificate returns a certificate with its key as PEM, and what it is checked with.
func newCertificate(t testing.TB, bits int) (text []byte, public *rsa.PublicKey, thumbprint string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "acsauth"}, NotAfter: time.Now().Add(time.Hour),
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &private.PublicKey, private)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	sum := sha256.Sum256(der)
	text = append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	return text, &private.PublicKey, base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestCertificate: the assertion is one that Entra ID's rules accept, and is signed once for many requests.
func TestCertificate(t *testing.T) {
	text, public, thumbprint := newCertificate(t, 2048)
	for method, rs256 := range map[string]bool{"PS256": false, "RS256": true} {
		var seen []string
		a := newAuthority(t, func(_ int64, form url.Values, w http.ResponseWriter) {
			if form.Get("client_assertion_type") != assertionType || form.Has("client_secret") {
				t.Errorf("form %v", form)
			}
			seen = append(seen, form.Get("client_assertion"))
			give(w, "t", 3600)
		})
		c := a.client(t, func(o *Options) { o.Secret, o.Certificate, o.RS256 = "", text, rs256 })
		for n := range 3 {
			_, err := c.OnBehalfOf(t.Context(), tenant, key(n), "assertion", []string{"s"})
			must(t, err)
		}
		if len(seen) != 3 || seen[0] != seen[1] || seen[1] != seen[2] {
			t.Error("signed more than once")
		}
		parsed, err := jwt.Parse(seen[0], func(*jwt.Token) (any, error) { return public, nil }, jwt.WithValidMethods([]string{method}),
			jwt.WithAudience(a.URL+"/"+tenant+"/oauth2/v2.0/token"), jwt.WithIssuer(client), jwt.WithSubject(client), jwt.WithExpirationRequired())
		must(t, err)
		claims, _ := parsed.Claims.(jwt.MapClaims)
		if parsed.Header["x5t#S256"] != thumbprint || claims["jti"] == "" || claims["nbf"] == nil {
			t.Errorf("header %v, claims %v", parsed.Header, claims)
		}
	}
}

// TestCertificateIsRenewed: a new assertion is signed before the old one ends.
func TestCertificateIsRenewed(t *testing.T) {
	text, _, _ := newCertificate(t, 2048)
	s, err := newSigner(text, client, false)
	must(t, err)
	now := time.Now()
	sign := func(at time.Duration) string {
		text, err := s.sign("endpoint", now.Add(at))
		must(t, err)
		return text
	}
	first := sign(0)
	if sign(8*time.Minute) != first || sign(9*time.Minute+time.Second) == first {
		t.Error("not renewed a minute before its end")
	}
	if other, err := s.sign("another endpoint", now); err != nil || other == first {
		t.Errorf("one assertion for two tenants: %v", err)
	}
}

func TestWrongCertificates(t *testing.T) {
	good, _, _ := newCertificate(t, 2048)
	other, _, _ := newCertificate(t, 2048)
	short, _, _ := newCertificate(t, 1024)
	keyOf := func(text []byte) []byte { block, _ := pem.Decode(text); return pem.EncodeToMemory(block) }
	certOf := func(text []byte) []byte { _, rest := pem.Decode(text); return rest }
	for name, text := range map[string][]byte{
		"nothing": nil, "no PEM": []byte("x"), "no key": certOf(good), "no certificate": keyOf(good),
		"a key of another": append(keyOf(other), certOf(good)...), "a short key": short,
	} {
		if _, err := newSigner(text, client, false); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := newSigner(append(certOf(good), keyOf(good)...), client, false); err != nil {
		t.Errorf("the other order: %v", err)
	}
}

// TestFederated: a file that the platform renews is read anew, and its faults are told apart from Entra ID's.
func TestFederated(t *testing.T) {
	var got string
	a := newAuthority(t, func(_ int64, form url.Values, w http.ResponseWriter) {
		got = form.Get("client_assertion")
		give(w, "t", 3600)
	})
	path := filepath.Join(t.TempDir(), "token")
	c := a.client(t, func(o *Options) { o.Secret, o.Assertion = "", FederatedFile(path) })
	_, err := c.ForApp(t.Context(), tenant, "a")
	wantCode(t, "no file", err, acsauth.Unavailable, codeUnavailable)
	for _, text := range []string{"first.a.b", "second.a.b"} {
		must(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
		_, err := c.ForApp(t.Context(), tenant, text)
		must(t, err)
		if got != text {
			t.Errorf("sent %q", got)
		}
	}
	must(t, os.WriteFile(path, []byte("two lines\nof text"), 0o600))
	_, err = c.ForApp(t.Context(), tenant, "c")
	wantCode(t, "no token", err, acsauth.Unavailable, codeUnavailable)
	c = a.client(t, func(o *Options) {
		o.Secret, o.Assertion = "", func(context.Context) (string, error) { return "", errors.New("no identity here") }
	})
	_, err = c.ForApp(t.Context(), tenant, "d")
	wantCode(t, "no identity", err, acsauth.Unavailable, codeUnavailable)
}
