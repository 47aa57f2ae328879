package probe

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

var errNoKey = errors.New("the issuer's public key could not be loaded")

// publicKey loads the key that signed a token, by the metadata of the token's issuer (OpenID Connect Discovery 1.0, section 4).
func publicKey(ctx context.Context, c *http.Client, t token) (*rsa.PublicKey, error) {
	var meta struct {
		Keys string `json:"jwks_uri"`
	}
	if err := load(ctx, c, strings.TrimSuffix(t.text("iss"), "/")+"/.well-known/openid-configuration", &meta); err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := load(ctx, c, meta.Keys, &set); err != nil {
		return nil, err
	}
	kid, _ := t.header["kid"].(string)
	for _, k := range set.Keys {
		n, nerr := base64.RawURLEncoding.DecodeString(k.N)
		e, eerr := base64.RawURLEncoding.DecodeString(k.E)
		if k.Kid == kid && nerr == nil && eerr == nil && len(n) >= 128 && len(n) <= 1024 && len(e) <= 4 {
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
		}
	}
	return nil, errNoKey
}

// load reads a document of JSON, from https or this machine only.
func load(ctx context.Context, c *http.Client, from string, into any) error {
	u, err := url.Parse(from)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return errNoKey
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return errNoKey
	}
	res, err := c.Do(req)
	if err != nil {
		return errNoKey
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(into) != nil {
		return errNoKey
	}
	return nil
}

// secrets are the forms in which a public key was taken for a secret in past incidents.
func secrets(key *rsa.PublicKey) ([][]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, errNoKey
	}
	return [][]byte{pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), key.N.Bytes()}, nil
}
