package tables

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// madeCredential makes tokens for one audience, and counts them.
type madeCredential struct {
	audience string
	asked    atomic.Int64
}

func (c *madeCredential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.asked.Add(1)
	if strings.Join(o.Scopes, " ") != "https://storage.azure.com/.default" {
		return azcore.AccessToken{}, errors.New("a token for " + strings.Join(o.Scopes, " ") + " was asked for")
	}
	ends := time.Now().Add(time.Hour)
	encode := base64.RawURLEncoding.EncodeToString
	claims, err := json.Marshal(map[string]any{"aud": c.audience, "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000001/",
		"iat": time.Now().Unix() - 60, "nbf": time.Now().Unix() - 60, "exp": ends.Unix()})
	return azcore.AccessToken{Token: encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(claims) + ".", ExpiresOn: ends}, err
}

// certificate makes one for loopback, as PEM files, and a pool that trusts it.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(t, os.WriteFile(cert, certPEM, 0o600))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return cert, key, pool
}

// TestCredential: a token in place of a key, over https.
func TestCredential(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	a, err := parts.StartAzurite(t.Context(), parts.AzuriteOptions{Cert: cert, Key: key})
	must(t, err)
	t.Cleanup(func() { must(t, a.Stop()) })
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	credential := &madeCredential{audience: "https://storage.azure.com"}
	o := Options{Endpoint: a.Endpoint(), Credential: credential, Transport: &http.Client{Transport: transport}}
	s := open(t, o)
	row := pendingRow("alice")
	line := suspectOf(row)
	must(t, s.Insert(t.Context(), row))
	must(t, s.Replace(t.Context(), row, activeRow("alice"), &line))
	if got, err := s.Get(t.Context(), row.Key); err != nil || got.State != acsauth.Active {
		t.Errorf("got %v, %v", got.State, err)
	}
	wantFound(t, s)
	if n := credential.asked.Load(); n != 1 {
		t.Errorf("%d tokens were asked for, want 1", n)
	}
	o.Credential = &madeCredential{audience: "https://example.test"}
	wantRefused(t, o, "access is refused", "Storage Table Data Contributor")
	o.Credential, o.Transport = credential, nil
	wantRefused(t, o, "cannot be reached", "certificate")
	o.Credential, o.AccountName, o.AccountKey, o.Transport = nil, a.AccountName, a.AccountKey, &http.Client{Transport: transport}
	must(t, open(t, o).Ping(t.Context()))
}
