package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"
)

const (
	keyBits    = 2048
	maxKeys    = 4 // published at a time
	keyOverlap = 24 * time.Hour
	keyRetired = 7 * 24 * time.Hour // how long a retired key stays published, unless newer ones push it out
)

// signingKey is one published key.
type signingKey struct {
	kid     string
	key     *rsa.PrivateKey
	cert    []byte    // DER, self-signed
	retired time.Time // when the next key took over; zero: it has not yet
}

// keyring holds the published keys: retired ones first, then the signing key, then the next signing key.
type keyring struct {
	rotating sync.Mutex // one rotation at a time
	mu       sync.RWMutex
	keys     []*signingKey
	now      func() time.Time            // nil: retired keys stay whatever the time
	foreign  func() (*signingKey, error) // made at first use, never published; signs tokens with an unknown key
}

// newKeyring makes fresh keys, in parallel.
func newKeyring() (*keyring, error) {
	keys := make([]*signingKey, 2)
	errs := make([]error, len(keys))
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], errs[i] = newSigningKey() })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &keyring{keys: keys, foreign: sync.OnceValues(newSigningKey)}, nil
}

// newSigningKey makes an RSA key and its self-signed certificate. As at Entra, kid is the certificate's thumbprint.
func newSigningKey() (*signingKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("entra: make signing key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return nil, fmt.Errorf("entra: make serial number: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "acsauth emulator signing key"},
		NotBefore:    now.Add(-keyOverlap),
		NotAfter:     now.AddDate(5, 0, 0),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("entra: make signing certificate: %w", err)
	}
	thumb := sha1.Sum(cert) // x5t is defined over SHA-1; nothing depends on its strength
	return &signingKey{kid: base64.RawURLEncoding.EncodeToString(thumb[:]), key: key, cert: cert}, nil
}

// current returns the key that signs.
func (k *keyring) current() *signingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[len(k.keys)-2]
}

// find returns a published key.
func (k *keyring) find(kid string) *signingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, s := range k.keys {
		if s.kid == kid && k.published(s) {
			return s
		}
	}
	return nil
}

// published reports whether a key is in the key set still. k.mu is held.
func (k *keyring) published(s *signingKey) bool {
	return s.retired.IsZero() || k.now == nil || k.now().Sub(s.retired) < keyRetired
}

// rotate makes the next key the signing key and publishes a fresh next one. With drop, keys used so far disappear.
func (k *keyring) rotate(drop bool) error {
	k.rotating.Lock()
	defer k.rotating.Unlock()
	fresh, err := newSigningKey()
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := append(slices.Clone(k.keys), fresh)
	if old := len(keys) - 3; k.now != nil {
		retired := *keys[old] // a copy: others may be reading the key
		retired.retired = k.now()
		keys[old] = &retired
	}
	keep := maxKeys
	if drop {
		keep = 2
	}
	k.keys = keys[max(0, len(keys)-keep):]
	return nil
}

// jwk is a key as published. Issuer is absent in the v1 set.
type jwk struct {
	Kty    string   `json:"kty"`
	Use    string   `json:"use"`
	Kid    string   `json:"kid"`
	X5t    string   `json:"x5t,omitempty"`
	N      string   `json:"n"`
	E      string   `json:"e"`
	X5c    []string `json:"x5c,omitempty"`
	Issuer string   `json:"issuer,omitempty"`
}

// jwks lists the published keys.
func (k *keyring) jwks(issuer string) []jwk {
	k.mu.RLock()
	defer k.mu.RUnlock()
	set := make([]jwk, 0, len(k.keys))
	for _, s := range k.keys {
		if !k.published(s) {
			continue
		}
		set = append(set, jwk{
			Kty: "RSA", Use: "sig", Kid: s.kid, X5t: s.kid, Issuer: issuer,
			N:   base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
			E:   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
			X5c: []string{base64.StdEncoding.EncodeToString(s.cert)},
		})
	}
	return set
}
