package entra

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	assertionType     = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLifetime = 10 * time.Minute
	assertionMargin   = time.Minute
	minKeyBits        = 2048
)

// A prover adds to a form what proves who the client is.
type prover func(ctx context.Context, endpoint string, form url.Values) error

func newProver(o *Options) (prover, error) {
	switch {
	case o.Secret != "":
		secret := o.Secret
		return func(_ context.Context, _ string, form url.Values) error {
			form.Set("client_secret", secret)
			return nil
		}, nil
	case o.Assertion != nil:
		source := o.Assertion
		return func(ctx context.Context, _ string, form url.Values) error {
			text, err := source(ctx)
			if err == nil && (text == "" || len(text) > maxAssertion || !tokenForm.MatchString(text)) {
				err = errors.New("the source of the client assertion gave no token")
			}
			if err != nil {
				return err
			}
			form.Set("client_assertion_type", assertionType)
			form.Set("client_assertion", text)
			return nil
		}, nil
	}
	s, err := newSigner(o.Certificate, o.ClientID, o.RS256)
	if err != nil {
		return nil, err
	}
	return s.prove, nil
}

// A signer makes client assertions. Signing takes about 1.6 ms, so each is used for nine minutes.
type signer struct {
	client     string
	key        *rsa.PrivateKey
	thumbprint string
	method     jwt.SigningMethod

	mu   sync.Mutex
	made map[string]assertion // by endpoint: one for each tenant, whose number is bounded
}

type assertion struct {
	text    string
	expires time.Time
}

// newSigner reads a certificate and its key from PEM. Errors show nothing of either.
func newSigner(text []byte, client string, rs256 bool) (*signer, error) {
	s := &signer{client: client, method: jwt.SigningMethodPS256, made: map[string]assertion{}}
	if rs256 {
		s.method = jwt.SigningMethodRS256
	}
	var cert *x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" && cert == nil {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, errors.New("entra: Certificate cannot be read")
			}
			cert = c
			sum := sha256.Sum256(block.Bytes)
			s.thumbprint = base64.RawURLEncoding.EncodeToString(sum[:])
		}
		if key := parseKey(block); key != nil {
			s.key = key
		}
	}
	if cert == nil || s.key == nil || s.key.N.BitLen() < minKeyBits {
		return nil, fmt.Errorf("entra: Certificate must hold a certificate and its RSA key of at least %d bits, both PEM and not encrypted", minKeyBits)
	}
	if public, ok := cert.PublicKey.(*rsa.PublicKey); !ok || !public.Equal(s.key.Public()) {
		return nil, errors.New("entra: the key in Certificate does not belong to the certificate")
	}
	return s, nil
}

func parseKey(block *pem.Block) *rsa.PrivateKey {
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		k, _ := key.(*rsa.PrivateKey)
		return k
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	return key
}

func (s *signer) prove(_ context.Context, endpoint string, form url.Values) error {
	text, err := s.sign(endpoint, time.Now())
	if err != nil {
		return err
	}
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", text)
	return nil
}

// sign returns an assertion for the endpoint that is good for a minute at least.
func (s *signer) sign(endpoint string, now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.made[endpoint]; now.Add(assertionMargin).Before(a.expires) {
		return a.text, nil
	}
	expires := now.Add(assertionLifetime)
	t := jwt.NewWithClaims(s.method, jwt.MapClaims{
		"aud": endpoint, "iss": s.client, "sub": s.client, "jti": uuid.NewString(),
		"nbf": now.Add(-assertionMargin).Unix(), "iat": now.Unix(), "exp": expires.Unix(),
	})
	t.Header["x5t#S256"] = s.thumbprint
	text, err := t.SignedString(s.key)
	if err != nil {
		return "", errors.New("the client assertion cannot be signed")
	}
	s.made[endpoint] = assertion{text: text, expires: expires}
	return text, nil
}
