package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	certificateFile = "tls.pem" // in the folder of Options.DataDir
	minValidity     = 30 * 24 * time.Hour
)

// certificates are a throwaway authority and one certificate for this machine.
type certificates struct {
	caPEM string
	leaf  tls.Certificate
}

// openCertificates reads what an earlier run kept in a folder, or makes and keeps new ones. Without a folder they are not
// kept. They are made anew when they are about to expire, or are not for all hosts.
func openCertificates(dir string, hosts []string) (*certificates, error) {
	if dir == "" {
		return newCertificates(hosts)
	}
	path := filepath.Join(dir, certificateFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("emulator: read certificate: %w", err)
	}
	if c, ok := readCertificates(text, hosts); ok {
		return c, nil
	}
	c, err := newCertificates(hosts)
	if err != nil {
		return nil, err
	}
	if text, err = c.encode(); err == nil {
		err = writePrivate(path, text)
	}
	if err != nil {
		return nil, fmt.Errorf("emulator: keep certificate: %w", err)
	}
	return c, nil
}

// readCertificates takes a kept file apart: key and certificate of this machine, then the certificate of the authority.
func readCertificates(text []byte, hosts []string) (*certificates, bool) {
	leaf, err := tls.X509KeyPair(text, text)
	if err != nil || len(leaf.Certificate) != 2 || time.Until(leaf.Leaf.NotAfter) < minValidity {
		return nil, false
	}
	for _, host := range hosts {
		if leaf.Leaf.VerifyHostname(host) != nil {
			return nil, false
		}
	}
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[1]})
	leaf.Certificate = leaf.Certificate[:1]
	return &certificates{caPEM: string(caPEM), leaf: leaf}, true
}

// encode is the form that readCertificates takes. It does not hold the key of the authority, which nobody has.
func (c *certificates) encode() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(c.leaf.PrivateKey)
	if err != nil {
		return nil, err
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.leaf.Certificate[0]})...)
	return append(out, c.caPEM...), nil
}

// newCertificates makes both, for localhost, the loopback addresses and the hosts. The key of the authority is not kept.
func newCertificates(hosts []string) (*certificates, error) {
	ca := template("acsauth emulator throwaway CA")
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("emulator: make CA key: %w", err)
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, fmt.Errorf("emulator: make CA certificate: %w", err)
	}
	leaf := template("localhost")
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("emulator: make TLS key: %w", err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, fmt.Errorf("emulator: make TLS certificate: %w", err)
	}
	return &certificates{
		caPEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})),
		leaf:  tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key},
	}, nil
}

// template is what both certificates have in common.
func template(name string) *x509.Certificate {
	serial := make([]byte, 16)
	rand.Read(serial)
	serial[0] &= 0x7f
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
	}
}

// config is the server side of the TLS listener.
func (c *certificates) config() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.leaf}, MinVersion: tls.VersionTLS12}
}

// publicKeyHash is the SHA-256 of the certificate's SubjectPublicKeyInfo in base64, as Chromium takes it.
func (c *certificates) publicKeyHash() (string, error) {
	cert, err := x509.ParseCertificate(c.leaf.Certificate[0])
	if err != nil {
		return "", fmt.Errorf("emulator: read TLS certificate: %w", err)
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}
