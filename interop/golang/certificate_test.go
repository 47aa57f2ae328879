package golang

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/acs-solutions/acsauth/emulator"
)

// newCertificate makes a key and its certificate, in PEM, good for an hour.
func (c *check) newCertificate() (cert, all []byte) {
	c.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		c.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		c.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		c.Fatal(err)
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return cert, append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}), cert...)
}

func (c *check) certificateCredential(client string, certs []*x509.Certificate, key crypto.PrivateKey) azcore.TokenCredential {
	c.Helper()
	c.azidentity("NewClientCertificateCredential")
	cred, err := azidentity.NewClientCertificateCredential(emulator.TenantID, client, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
	if err != nil {
		c.Fatal(err)
	}
	return cred
}

// certificates are applications that sign their client assertions themselves.
func (w *world) certificates(t *testing.T) {
	w.check(t, "azidentity and MSAL: a certificate takes the place of the secret; one that is not registered does not", func(c *check) {
		cert, all := c.newCertificate()
		c.azidentity("ParseCertificates")
		certs, key, err := azidentity.ParseCertificates(all, nil)
		if err != nil {
			c.Fatal(err)
		}
		_, err = c.getToken("ClientCertificateCredential", c.certificateCredential(emulator.APIClientID, certs, key), graphDefault)
		c.refusedAzure(err, refusal{401, "invalid_client", 700027})
		if err := c.emu.AddCertificate(emulator.APIClientID, cert); err != nil {
			c.Fatal(err)
		}
		cred := c.certificateCredential(emulator.APIClientID, certs, key)
		c.wantClaims(c.token("ClientCertificateCredential", cred, graphDefault), map[string]any{"appid": emulator.APIClientID, "appidacr": "2"})
		_, err = c.getToken("ClientCertificateCredential", c.certificateCredential(emulator.DaemonClientID, certs, key), graphDefault)
		c.refusedAzure(err, refusal{401, "invalid_client", 700027})
		c.azidentity("NewOnBehalfOfCredentialWithCertificate")
		obo, err := azidentity.NewOnBehalfOfCredentialWithCertificate(emulator.TenantID, emulator.APIClientID, c.mint(emulator.TokenRequest{}), certs, key,
			&azidentity.OnBehalfOfCredentialOptions{ClientOptions: c.options(), DisableInstanceDiscovery: true})
		if err != nil {
			c.Fatal(err)
		}
		c.wantMe(c.token("OnBehalfOfCredential", obo, graphRead), emulator.AliceObjectID)
		c.environmentCertificate(all)
		c.msalCertificate(all)
	})
}

// environmentCertificate finds the certificate, and the authority, in the environment.
func (c *check) environmentCertificate(all []byte) {
	c.Helper()
	file := filepath.Join(c.TempDir(), "certificate.pem")
	if err := os.WriteFile(file, all, 0o600); err != nil {
		c.Fatal(err)
	}
	c.Setenv("AZURE_AUTHORITY_HOST", c.emu.TLSURL())
	c.Setenv("AZURE_TENANT_ID", emulator.TenantID)
	c.Setenv("AZURE_CLIENT_ID", emulator.APIClientID)
	c.Setenv("AZURE_CLIENT_CERTIFICATE_PATH", file)
	c.azidentity("NewEnvironmentCredential")
	env, err := azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: c.client}, DisableInstanceDiscovery: true,
	})
	if err != nil {
		c.Fatal(err)
	}
	c.wantClaims(c.token("EnvironmentCredential", env, graphDefault), map[string]any{"appid": emulator.APIClientID, "appidacr": "2"})
}

// msalCertificate signs in with a certificate that is registered for the API.
func (c *check) msalCertificate(all []byte) {
	c.Helper()
	c.msal("confidential.CertFromPEM")
	certs, key, err := confidential.CertFromPEM(all, "")
	if err != nil {
		c.Fatal(err)
	}
	c.msal("confidential.NewCredFromCert")
	cred, err := confidential.NewCredFromCert(certs, key)
	if err != nil {
		c.Fatal(err)
	}
	app := c.confidentialWith(emulator.TenantID, emulator.APIClientID, cred)
	got, err := c.byCredential(app, graphDefault)
	c.wantClaims(c.given(got, err, false), map[string]any{"appid": emulator.APIClientID})
	got, err = c.onBehalfOf(app, c.mint(emulator.TokenRequest{User: "gail"}), graphRead)
	c.wantMe(c.given(got, err, false), emulator.GailObjectID)
	_, err = c.byCredential(c.confidentialWith(emulator.TenantID, emulator.DaemonClientID, cred), graphDefault)
	c.refusedMSAL(err, refusal{401, "invalid_client", 700027})
}
