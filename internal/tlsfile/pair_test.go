package tlsfile

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files are a certificate and its key in a folder.
type files struct{ cert, key string }

func newFiles(t *testing.T) files {
	dir := t.TempDir()
	return files{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
}

// times are how long a certificate is valid, from now.
type times struct{ from, to time.Duration }

var usual = times{-time.Hour, 90 * 24 * time.Hour}

// makePair makes a certificate for localhost and its key, as PEM.
func makePair(t *testing.T, name string, at times, key crypto.Signer) (certPEM, keyPEM []byte) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(at.from), NotAfter: time.Now().Add(at.to), BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k})
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// put writes a new pair with a name.
func (f files) put(t *testing.T, name string, at times) {
	t.Helper()
	c, k := makePair(t, name, at, newKey(t))
	write(t, f.cert, c)
	write(t, f.key, k)
}

// A buffer can be written and read by several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) count(s string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.b.String(), s)
}

func open(t *testing.T, f files) (*Pair, *buffer) {
	t.Helper()
	b := &buffer{}
	p, err := Open(f.cert, f.key, slog.New(slog.NewTextHandler(b, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return p, b
}

// serve serves with the pair, and returns the address.
func serve(t *testing.T, p *Pair) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	srv.Listener = tls.NewListener(srv.Listener, p.Config())
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// shake makes a handshake and returns the connection.
func shake(t *testing.T, addr string, c *tls.Config) (*tls.Conn, error) {
	t.Helper()
	c.InsecureSkipVerify = true // of a certificate made by this test
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 20 * time.Second}, "tcp", addr, c)
	if err == nil {
		t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, err
}

func served(t *testing.T, addr string) string {
	t.Helper()
	c, err := shake(t, addr, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// TestR44 is regression case R-44: what is set for TLS is what is served.
func TestR44(t *testing.T) {
	f := newFiles(t)
	f.put(t, "one", usual)
	p, _ := open(t, f)
	addr := serve(t, p)
	for version, good := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c, err := shake(t, addr, &tls.Config{MinVersion: version, MaxVersion: version})
		if (err == nil) != good {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil && c.ConnectionState().Version != version {
			t.Errorf("%s became %s", tls.VersionName(version), tls.VersionName(c.ConnectionState().Version))
		}
	}
	c, err := shake(t, addr, &tls.Config{NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if s := c.ConnectionState(); s.Version != tls.VersionTLS13 || s.NegotiatedProtocol != "http/1.1" {
		t.Errorf("%s and %q by default", tls.VersionName(s.Version), s.NegotiatedProtocol)
	}
	weak := &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}
	if _, err := shake(t, addr, weak); err == nil {
		t.Error("a weak cipher suite is served")
	}
}

func TestNoTickets(t *testing.T) {
	f := newFiles(t)
	f.put(t, "one", usual)
	p, _ := open(t, f)
	addr := serve(t, p)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cache := tls.NewLRUClientSessionCache(4)
		for range 2 {
			c, err := shake(t, addr, &tls.Config{MaxVersion: version, ClientSessionCache: cache, ServerName: "localhost"})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if b, err := io.ReadAll(c); err != nil || !bytes.Contains(b, []byte("200 OK")) { // a ticket would come with the answer
				t.Fatalf("%s %v", b, err)
			}
			if c.ConnectionState().DidResume {
				t.Errorf("%s: a session was resumed", tls.VersionName(version))
			}
		}
	}
}

func TestReload(t *testing.T) {
	f := newFiles(t)
	f.put(t, "one", usual)
	p, log := open(t, f)
	addr := serve(t, p)
	old, err := shake(t, addr, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c, k := makePair(t, "two", usual, newKey(t))
	write(t, f.cert, c) // half of it
	for range 3 {
		p.poll(time.Now())
	}
	if got := served(t, addr); got != "one" {
		t.Errorf("%s is served with half a pair", got)
	}
	if n := log.count("cannot be used as it is now"); n != 1 {
		t.Errorf("%d warnings of one change", n)
	}
	write(t, f.key, k)
	p.poll(time.Now())
	p.poll(time.Now())
	if got := served(t, addr); got != "two" {
		t.Errorf("%s is served after the change", got)
	}
	if n := log.count("a changed TLS certificate is in use"); n != 1 {
		t.Errorf("%d notes of one change", n)
	}
	_, _ = io.WriteString(old, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if b, err := io.ReadAll(old); err != nil || !bytes.Contains(b, []byte("HTTP/1.1 200")) {
		t.Errorf("the connection of before is gone: %q %v", b, err)
	}
}

func TestBrokenFilesKeepTheOldPair(t *testing.T) {
	cert, key := makePair(t, "new", usual, newKey(t))
	expired, expiredKey := makePair(t, "expired", times{-48 * time.Hour, -time.Hour}, newKey(t))
	future, futureKey := makePair(t, "future", times{time.Hour, 48 * time.Hour}, newKey(t))
	for name, b := range map[string][2][]byte{
		"empty":           {nil, nil},
		"cut certificate": {cert[:len(cert)/2], key},
		"cut key":         {cert, key[:len(key)/2]},
		"swapped":         {key, cert},
		"other key":       {cert, expiredKey},
		"not PEM":         {[]byte("hello"), key},
		"huge":            {append(bytes.Clone(cert), make([]byte, maxFile)...), key},
		"expired":         {expired, expiredKey},
		"not yet valid":   {future, futureKey},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFiles(t)
			f.put(t, "old", usual)
			p, log := open(t, f)
			write(t, f.cert, b[0])
			write(t, f.key, b[1])
			p.poll(time.Now())
			p.poll(time.Now())
			if got := p.now.Load().cert.Leaf.Subject.CommonName; got != "old" {
				t.Errorf("%s is in use", got)
			}
			if n := log.count("level=WARN"); n != 1 {
				t.Errorf("%d warnings:\n%s", n, &log.b)
			}
			if log.count("PRIVATE") > 0 {
				t.Error("the log holds a key")
			}
			write(t, f.cert, cert)
			write(t, f.key, key)
			p.poll(time.Now())
			if got := p.now.Load().cert.Leaf.Subject.CommonName; got != "new" {
				t.Errorf("%s is in use after the repair", got)
			}
		})
	}
}

func TestFilesThatGoAway(t *testing.T) {
	f := newFiles(t)
	f.put(t, "old", usual)
	p, log := open(t, f)
	if err := os.Remove(f.key); err != nil {
		t.Fatal(err)
	}
	p.poll(time.Now())
	p.poll(time.Now())
	if n := log.count("level=WARN"); n != 1 || p.NotAfter().Before(time.Now()) {
		t.Errorf("%d warnings", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	smallCert, smallKey := makePair(t, "small", usual, small)
	cert, key := makePair(t, "good", usual, newKey(t))
	_, other := makePair(t, "other", usual, newKey(t))
	for name, c := range map[string]struct {
		cert, key []byte
		want      string
	}{
		"small RSA key": {smallCert, smallKey, "1024 bits"},
		"do not fit":    {cert, other, "cannot be used"},
		"no key":        {cert, []byte("x"), "not PEM"},
		"huge key":      {cert, append(bytes.Clone(key), make([]byte, maxFile)...), "1 MiB"},
	} {
		f := newFiles(t)
		write(t, f.cert, c.cert)
		write(t, f.key, c.key)
		_, err := Open(f.cert, f.key, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Dir(f.cert)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := newFiles(t)
	if _, err := Open(f.cert, f.key, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), f.cert) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Open(filepath.Dir(f.cert), f.key, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: %v", err)
	}
}

// A file that may not be read is named. The superuser may read all, so for it the file is a loop of links, which nobody can read.
func TestUnreadable(t *testing.T) {
	f := newFiles(t)
	f.put(t, "one", usual)
	if os.Geteuid() == 0 {
		if err := os.Remove(f.key); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(f.key, f.key); err != nil {
			t.Fatal(err)
		}
	} else if err := os.Chmod(f.key, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(f.cert, f.key, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), f.key) {
		t.Error(err)
	}
}

func TestExpiry(t *testing.T) {
	f := newFiles(t)
	f.put(t, "one", times{-time.Hour, 15 * 24 * time.Hour})
	p, log := open(t, f)
	if n := log.count("ends soon"); n != 0 {
		t.Errorf("%d warnings 15 days before", n)
	}
	start := time.Now()
	for hour := range 48 { // the last 14 days begin after the first 24 hours
		p.poll(start.Add(time.Duration(hour+1) * time.Hour))
	}
	if n := log.count("ends soon"); n != 2 && n != 1 {
		t.Errorf("%d warnings in a day or so", n)
	}
	p.poll(start.Add(15*24*time.Hour + time.Minute))
	if n := log.count("has expired"); n != 1 {
		t.Errorf("%d errors after the end", n)
	}
	f.put(t, "two", times{-48 * time.Hour, -time.Hour})
	if _, log := open(t, f); log.count("has expired") != 1 { // it opens, and complains
		t.Error("nothing is said of an expired certificate")
	}
}

func TestRun(t *testing.T) {
	f := newFiles(t)
	synctest.Test(t, func(t *testing.T) {
		f.put(t, "one", usual) // the time in here is another
		p, _ := open(t, f)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { p.Run(ctx); close(done) }()
		f.put(t, "two", usual)
		time.Sleep(PollEvery + time.Second)
		synctest.Wait()
		if got := p.now.Load().cert.Leaf.Subject.CommonName; got != "two" {
			t.Errorf("%s is in use", got)
		}
		stop()
		<-done
	})
}
