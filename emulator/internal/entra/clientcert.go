package entra

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// certStore holds certificates that were added after the start.
type certStore struct {
	mu    sync.Mutex
	added map[string][][]byte // DER by client id
}

// AddCertificate registers the certificate of an application that signs its client assertions, in DER. It takes 20 for one
// application, with an RSA key of at least 2048 bits.
func (s *Service) AddCertificate(client string, der []byte) error {
	app := s.dir.app(client)
	if app == nil {
		return fmt.Errorf("entra: no application %q", clip(client))
	}
	if _, err := clientCertificate(der); err != nil {
		return fmt.Errorf("%w (application %s)", err, app.ID)
	}
	store := &s.flow.certs
	store.mu.Lock()
	defer store.mu.Unlock()
	if len(store.added[app.ID]) >= maxCertificates {
		return fmt.Errorf("entra: application %s has %d certificates, no more than that are taken", app.ID, maxCertificates)
	}
	if store.added == nil {
		store.added = make(map[string][][]byte)
	}
	store.added[app.ID] = append(store.added[app.ID], bytes.Clone(der))
	return nil
}

// clientCertificate decodes a certificate that can sign client assertions.
func clientCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("entra: a certificate is not X.509 in DER")
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() < keyBits {
		return nil, fmt.Errorf("entra: a certificate has no RSA key of at least %d bits", keyBits)
	}
	return cert, nil
}

// find returns the certificate of an application that the header of an assertion names.
func (c *certStore) find(app *App, a assertion) *x509.Certificate {
	c.mu.Lock()
	ders := slices.Concat(app.Certificates, c.added[app.ID])
	c.mu.Unlock()
	for _, der := range ders {
		if !a.names(der) {
			continue
		}
		if cert, err := x509.ParseCertificate(der); err == nil {
			return cert
		}
	}
	return nil
}
