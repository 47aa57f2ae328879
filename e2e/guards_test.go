package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// ask sends a GET or POST with header fields in pairs, and returns the status, the problem code and the header.
func ask(t *testing.T, c *http.Client, method, url string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p struct{ Code string }
	_ = json.NewDecoder(res.Body).Decode(&p) // an empty body has no code
	return res.StatusCode, p.Code, res.Header
}

// Limits of users, addresses and creates through the real process.
func TestLimitsOfTheService(t *testing.T) {
	emu, env, _ := startEmulator(t)
	tokens := emu.tokens(t, 3)
	with := func(more map[string]string) *process {
		e := maps.Clone(env)
		maps.Copy(e, more)
		e["ACSAUTH_STORE"] = "sqlite:" + filepath.Join(t.TempDir(), "a.db")
		return start(t, e, "serve", "--json")
	}
	bearer := func(n int) []string { return []string{"Authorization", "Bearer " + tokens[n]} }
	t.Run("user", func(t *testing.T) {
		s := with(map[string]string{"ACSAUTH_LIMIT_USER": "3/1h"})
		for range 3 {
			if status, code, _ := ask(t, client, "GET", s.Server+"/getUser", bearer(0)...); status > 201 {
				t.Fatalf("%d %s", status, code)
			}
		}
		status, code, h := ask(t, client, "GET", s.Server+"/getUser", bearer(0)...)
		if status != 429 || code != "user_limit" || h.Get("Retry-After") == "" {
			t.Errorf("%d %s, Retry-After %q", status, code, h.Get("Retry-After"))
		}
		if status, code, _ := ask(t, client, "GET", s.Server+"/getUser", bearer(1)...); status != 201 {
			t.Errorf("another user: %d %s", status, code)
		}
	})
	t.Run("creates", func(t *testing.T) {
		s := with(map[string]string{"ACSAUTH_LIMIT_CREATES": "2/24h"})
		for range 2 {
			ask(t, client, "POST", s.Server+"/getUser", bearer(0)...)
			if status, code, _ := ask(t, client, "DELETE", s.Server+"/api/user", bearer(0)...); status != 204 {
				t.Fatalf("%d %s", status, code)
			}
		}
		if status, code, _ := ask(t, client, "POST", s.Server+"/getUser", bearer(0)...); status != 429 || code != "create_limit" {
			t.Errorf("%d %s", status, code)
		}
		if status, code, _ := ask(t, client, "POST", s.Server+"/getUser", bearer(1)...); status != 201 {
			t.Errorf("another user: %d %s", status, code)
		}
	})
	t.Run("address", func(t *testing.T) {
		via := func(s *process, address string) (int, string) {
			status, code, _ := ask(t, client, "GET", s.Server+"/getUser", append(bearer(0), "X-Forwarded-For", address)...)
			return status, code
		}
		s := with(map[string]string{"ACSAUTH_LIMIT_ADDRESS": "2/1h", "ACSAUTH_TRUSTED_PROXIES": "loopback"})
		for range 2 {
			via(s, "203.0.113.7")
		}
		if status, code := via(s, "198.51.100.1, 203.0.113.7"); status != 429 || code != "address_limit" {
			t.Errorf("an address before that of the client: %d %s", status, code)
		}
		if status, code := via(s, "203.0.113.8"); status != 200 {
			t.Errorf("another address: %d %s", status, code)
		}
		s = with(map[string]string{"ACSAUTH_LIMIT_ADDRESS": "2/1h"})
		for _, address := range []string{"203.0.113.1", "203.0.113.2"} {
			via(s, address)
		}
		if status, code := via(s, "203.0.113.3"); status != 429 || code != "address_limit" {
			t.Errorf("without trusted proxies the header counts: %d %s", status, code)
		}
	})
}

// writeCertificate writes a fresh certificate for loopback and its key, and returns a pool that trusts it.
func writeCertificate(t *testing.T, cert, key string, serial int64) *x509.CertPool {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "acsauth test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(90 * 24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, b := range map[string][]byte{key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), cert: chain} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(chain)
	return pool
}

// TLS of the service's own: the answer comes over it, old versions are refused, plain HTTP is no way in.
func TestOwnTLS(t *testing.T) {
	t.Parallel() // it waits most of the time
	emu, env, _ := startEmulator(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	pool := writeCertificate(t, cert, key, 1)
	env["ACSAUTH_TLS_CERTIFICATE"], env["ACSAUTH_TLS_KEY"] = cert, key
	s := start(t, env, "serve", "--json")
	over := func(c *tls.Config) *http.Client {
		transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Timeout: 10 * time.Second, Transport: transport}
	}
	good := over(&tls.Config{RootCAs: pool})
	status, code, h := ask(t, good, "POST", s.Server+"/getUser", "Authorization", "Bearer "+emu.tokens(t, 1)[0])
	if status != 201 || h.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s: %d %s, HSTS %q", s.Server, status, code, h.Get("Strict-Transport-Security"))
	}
	if _, err := over(&tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}).Get(s.Server + "/livez"); err == nil {
		t.Error("TLS 1.1 is taken")
	}
	plain := "http" + s.Server[len("https"):]
	if res, err := client.Get(plain + "/livez"); err == nil {
		res.Body.Close()
		t.Errorf("plain HTTP gets %d", res.StatusCode)
	}
	next := writeCertificate(t, cert, key, 2)
	deadline := time.Now().Add(60 * time.Second)
	for {
		res, err := over(&tls.Config{RootCAs: next}).Get(s.Server + "/livez")
		if err == nil {
			res.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new certificate is not taken over: %v\n%s", err, s.log)
		}
		time.Sleep(500 * time.Millisecond)
	}
}
