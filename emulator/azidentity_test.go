package emulator_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/acs-solutions/acsauth/emulator"
)

// The SDK that a service in production uses accepts the emulator without a change but its authority and CA.
func TestAzidentity(t *testing.T) {
	e := emulator.Start(t, emulator.Options{ListenTLS: "127.0.0.1:0"})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(e.CACertPEM())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: e.TLSURL() + "/"},
		Transport: client,
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
	scope := func(s string) policy.TokenRequestOptions {
		return policy.TokenRequestOptions{Scopes: []string{s}, EnableCAE: true}
	}

	t.Run("client secret", func(t *testing.T) {
		cred, err := azidentity.NewClientSecretCredential(emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		token, err := cred.GetToken(t.Context(), scope("https://communication.azure.com//.default"))
		if err != nil {
			t.Fatal(err)
		}
		_, claims := parts(t, token.Token)
		wantClaims(t, claims, map[string]any{"aud": "https://communication.azure.com/", "idtyp": "app", "appid": emulator.DaemonClientID})
	})

	obo := func(t *testing.T, assertion string) *azidentity.OnBehalfOfCredential {
		cred, err := azidentity.NewOnBehalfOfCredentialWithSecret(emulator.TenantID, emulator.APIClientID, assertion, emulator.APIClientSecret,
			&azidentity.OnBehalfOfCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		return cred
	}
	t.Run("on behalf of", func(t *testing.T) {
		for _, s := range []string{"https://graph.microsoft.com/.default", "https://graph.microsoft.com/User.ReadWrite"} {
			token, err := obo(t, mint(t, e, emulator.TokenRequest{User: "gail"})).GetToken(t.Context(), scope(s))
			if err != nil {
				t.Fatal(err)
			}
			_, claims := parts(t, token.Token)
			wantClaims(t, claims, map[string]any{"aud": "https://graph.microsoft.com", "oid": emulator.GailObjectID, "appid": emulator.APIClientID})
		}
	})
	t.Run("refused", func(t *testing.T) {
		_, err := obo(t, mint(t, e, emulator.TokenRequest{Flaw: emulator.FlawExpired})).GetToken(t.Context(), scope("https://graph.microsoft.com/.default"))
		failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
		if !ok || failed.RawResponse.StatusCode != http.StatusBadRequest || !strings.Contains(err.Error(), "AADSTS500133") {
			t.Errorf("error %v", err)
		}
	})
}
