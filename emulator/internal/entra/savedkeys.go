package entra

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// savedKey is a signing key in a snapshot.
type savedKey struct {
	PKCS8   []byte    `json:"pkcs8"`
	Cert    []byte    `json:"cert"`
	Retired time.Time `json:"retired,omitzero"`
}

// saveRings returns the keys of all rings that are there.
func (s *Service) saveRings() (map[string][]savedKey, error) {
	s.rings.mu.Lock()
	all := maps.Clone(s.rings.made)
	s.rings.mu.Unlock()
	all[""] = s.keys
	out := make(map[string][]savedKey)
	for name, k := range all {
		k.mu.RLock()
		keys := k.keys // replaced as a whole by a rotation
		k.mu.RUnlock()
		for _, key := range keys {
			der, err := x509.MarshalPKCS8PrivateKey(key.key)
			if err != nil {
				return nil, fmt.Errorf("entra: encode signing key: %w", err)
			}
			out[name] = append(out[name], savedKey{der, key.cert, key.retired})
		}
	}
	return out, nil
}

// loadRings checks and decodes rings.
func (s *Service) loadRings(in map[string][]savedKey) (map[string]*keyring, error) {
	known := map[string]bool{"": true}
	for _, t := range s.dir.Tenants {
		at := tenant{id: t.ID, kind: t.Kind}
		if t.Kind != B2C {
			known[ringName(at)] = true
		}
		for _, at.policy = range t.Policies {
			known[ringName(at)] = true
		}
	}
	if len(in[""]) == 0 {
		return nil, errors.New("it has no signing keys")
	}
	out := make(map[string]*keyring)
	for name, keys := range in {
		if !known[name] {
			return nil, fmt.Errorf("it has keys of %q, which is no tenant or policy here", clip(name))
		}
		if len(keys) < 2 || len(keys) > maxKeys {
			return nil, fmt.Errorf("it has %d keys in one ring, want 2 to %d", len(keys), maxKeys)
		}
		ring := &keyring{now: s.now, foreign: sync.OnceValues(newSigningKey)}
		for _, k := range keys {
			key, err := k.load()
			if err != nil {
				return nil, err
			}
			ring.keys = append(ring.keys, key)
		}
		out[name] = ring
	}
	return out, nil
}

// load decodes a key and checks that its certificate is of that key.
func (k savedKey) load() (*signingKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
	key, isRSA := parsed.(*rsa.PrivateKey)
	if err != nil || !isRSA || key.N.BitLen() != keyBits {
		return nil, fmt.Errorf("a signing key is not an RSA key of %d bits", keyBits)
	}
	cert, err := x509.ParseCertificate(k.Cert)
	if err != nil || !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("a signing key has not got its certificate")
	}
	thumb := sha1.Sum(k.Cert) // x5t is defined over SHA-1
	return &signingKey{kid: base64.RawURLEncoding.EncodeToString(thumb[:]), key: key, cert: k.Cert, retired: k.Retired}, nil
}

// takeRings replaces all keys. The ring of the workforce tenants stays the same object, whose keys change.
func (s *Service) takeRings(made map[string]*keyring) {
	s.keys.mu.Lock()
	s.keys.keys = made[""].keys
	s.keys.mu.Unlock()
	delete(made, "")
	s.rings.mu.Lock()
	s.rings.made = made
	s.rings.mu.Unlock()
}
