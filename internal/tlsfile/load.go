package tlsfile

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	maxFile    = 1 << 20
	minRSABits = 2048
)

// A loaded pair is what one reading of both files gave.
type loaded struct {
	cert *tls.Certificate
	sum  [sha256.Size]byte // of both files
}

// read reads both files and checks that they fit together. The sum is given
// with an error, too, if both could be read.
func read(certPath, keyPath string, now time.Time) (loaded, error) {
	certPEM, err := readFile("certificate", certPath)
	if err != nil {
		return loaded{}, err
	}
	keyPEM, err := readFile("key", keyPath)
	if err != nil {
		return loaded{}, err
	}
	defer clear(keyPEM)
	one, two := sha256.Sum256(certPEM), sha256.Sum256(keyPEM)
	l := loaded{sum: sha256.Sum256(append(one[:], two[:]...))}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return l, fmt.Errorf("the TLS certificate %s and the key %s cannot be used: %w", certPath, keyPath, err)
	}
	if key, ok := cert.Leaf.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
		return l, fmt.Errorf("the TLS certificate %s has an RSA key of %d bits; use %d or more, or ECDSA P-256", certPath, key.N.BitLen(), minRSABits)
	}
	if now.Before(cert.Leaf.NotBefore) {
		return l, fmt.Errorf("the TLS certificate %s is not valid before %s; check the clock of this machine", certPath, cert.Leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	l.cert = &cert
	return l, nil
}

// readFile reads a regular file of up to 1 MiB.
func readFile(what, path string) ([]byte, error) {
	info, err := os.Stat(path) // opening a pipe would wait for its writer
	if err != nil {
		return nil, fmt.Errorf("cannot read the TLS %s: %w", what, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the TLS %s %s is not a file", what, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the TLS %s: %w; let the user of this process read it", what, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("cannot read the TLS %s: %w", what, err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("the TLS %s %s has more than 1 MiB; is it the right file?", what, path)
	}
	if !bytes.Contains(b, []byte("-----BEGIN ")) {
		return nil, fmt.Errorf("the TLS %s %s is not PEM", what, path)
	}
	return b, nil
}
