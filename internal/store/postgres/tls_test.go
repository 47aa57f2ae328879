package postgres

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// certificate makes a self-signed server certificate for name.
func certificate(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	mustDo(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	mustDo(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	mustDo(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// TestTLS: the server is who it says, or nothing is sent to it.
func TestTLS(t *testing.T) {
	cert, key := certificate(t, "localhost")
	other, _ := certificate(t, "localhost")
	p := private(t, parts.PostgresOptions{
		Settings: map[string]string{"ssl": "on", "ssl_cert_file": "our.crt", "ssl_key_file": "our.key"},
		Files:    map[string][]byte{"our.crt": cert, "our.key": key},
		HBA:      []string{"hostssl all tls_user 127.0.0.1/32 scram-sha-256", "host all tls_user 127.0.0.1/32 reject"},
	})
	admin(t, p.DSN("postgres"), "CREATE ROLE tls_user LOGIN SUPERUSER PASSWORD 'right'")
	roots := map[string][]byte{"right.pem": cert, "other.pem": other, "empty.pem": []byte("nothing")}
	dir := t.TempDir()
	for name, content := range roots {
		mustDo(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	for _, c := range []struct{ host, mode, root, want string }{
		{"localhost", "verify-full", "right.pem", ""},
		{"localhost", "verify-full", "other.pem", "certificate"},
		{"127.0.0.1", "verify-full", "right.pem", "certificate"}, // made for a name
		{"127.0.0.1", "verify-ca", "right.pem", ""},
		{"127.0.0.1", "verify-ca", "other.pem", "certificate"},
		{"localhost", "verify-full", "empty.pem", "unable to add CA"},
		{"localhost", "verify-full", "", "certificate"}, // the system does not know it
		{"localhost", "require", "", ""},
		{"localhost", "disable", "", "look at user, database and TLS in the DSN"},
	} {
		dsn := fmt.Sprintf("postgres://tls_user@%s:%d/postgres?sslmode=%s", c.host, p.Port, c.mode)
		if c.root != "" {
			dsn += "&sslrootcert=" + filepath.Join(dir, c.root)
		}
		s, err := Open(t.Context(), Options{DSN: dsn, Password: "right"})
		if c.want != "" {
			wantFault(t, err, c.want)
			continue
		}
		mustDo(t, err)
		var encrypted bool
		mustDo(t, s.pool.QueryRow(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&encrypted))
		if !encrypted {
			t.Errorf("%+v: the session is not encrypted", c)
		}
		mustDo(t, s.Close())
	}
}

// A credential gives the token that it holds, or its error.
type credential struct {
	token atomic.Pointer[azcore.AccessToken]
	err   error
	asked atomic.Int64
	scope atomic.Pointer[string]
}

func (c *credential) set(token string, expires time.Time) {
	c.token.Store(&azcore.AccessToken{Token: token, ExpiresOn: expires})
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.asked.Add(1)
	scope := strings.Join(o.Scopes, " ")
	c.scope.Store(&scope)
	if c.err != nil {
		return azcore.AccessToken{}, c.err
	}
	return *c.token.Load(), nil
}

// TestCredential: the token is the password, and each connection gets a fresh one.
func TestCredential(t *testing.T) {
	user, dsn := passwordUser(t, fresh(t), "token one")
	c := &credential{}
	c.set("token one", time.Now().Add(time.Hour))
	s := openWith(t, Options{DSN: strings.Replace(dsn, user+"@", user+":unused@", 1), Credential: c})
	useAll(t, s, "one")
	if got := *c.scope.Load(); got != "https://ossrdbms-aad.database.windows.net/.default" {
		t.Errorf("the token was asked for scope %q", got)
	}
	admin(t, shared(t).DSN("postgres"), "ALTER ROLE "+user+" PASSWORD 'token two'") // token one has expired
	before := c.asked.Load()
	useAll(t, s, "open connections stay")
	if c.asked.Load() != before {
		t.Error("a token was got without a new connection")
	}
	s.pool.Reset()
	err := s.Insert(t.Context(), pendingRow("x"))
	wantFault(t, err, "a token may have expired")
	if strings.Contains(err.Error(), "token one") {
		t.Errorf("the error shows the token: %v", err)
	}
	c.set("token two", time.Now().Add(time.Hour))
	useAll(t, s, "two")

	c.set(planted, time.Now().Add(-time.Second))
	_, err = Open(t.Context(), Options{DSN: dsn, Credential: c})
	wantFault(t, err, "look at the clock of this machine")
	if strings.Contains(err.Error(), planted) {
		t.Errorf("the error shows the token: %v", err)
	}
	broken := errors.New("no managed identity here")
	_, err = Open(t.Context(), Options{DSN: dsn, Credential: &credential{err: broken}})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the credential", err)
	}
	_, err = Open(t.Context(), Options{DSN: dsn, Credential: c, Password: "x"})
	wantFault(t, err, "give one of them")
	_, err = Open(t.Context(), Options{DSN: "postgres://u@db.example.com/d?sslmode=disable", Credential: c})
	wantFault(t, err, "without TLS")
}
