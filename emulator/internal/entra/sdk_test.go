package entra

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// sdkWorld is the service behind TLS at a real clock, and what the SDKs need to reach it. Every plain address leads to it, too.
func sdkWorld(t *testing.T) (world, *httptest.Server, azcore.ClientOptions) {
	t.Helper()
	w := newWorld(t)
	w.clock.advance(-time.Until(w.clock.now()))
	secure, plain := httptest.NewTLSServer(w), httptest.NewServer(w)
	w.SetBase(secure.URL)
	t.Cleanup(func() {
		w.SetBase(testBase)
		secure.Close()
		plain.Close()
	})
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "169.254.169.254:") {
				addr = plain.Listener.Addr().String()
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return w, plain, azcore.ClientOptions{
		Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: secure.URL + "/"},
		Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1},
	}
}

const acsScope = "https://communication.azure.com/.default"

func wantSDKToken(t *testing.T, cred azcore.TokenCredential, err error, scope string, want map[string]any) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	token, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		t.Fatal(err)
	}
	c := payloadOf(t, token.Token)
	for name, value := range want {
		if c[name] != value {
			t.Errorf("claim %s is %v, want %v", name, c[name], value)
		}
	}
	return token.Token
}

func TestSDKCertificate(t *testing.T) {
	w, _, options := sdkWorld(t)
	key := w.keys.current()
	cert, err := x509.ParseCertificate(key.cert)
	if err != nil {
		t.Fatal(err)
	}
	make := func() (*azidentity.ClientCertificateCredential, error) {
		return azidentity.NewClientCertificateCredential(testTenant, testAPI, []*x509.Certificate{cert}, crypto.PrivateKey(key.key),
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	}
	cred, err := make()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{acsScope}}); err == nil || !strings.Contains(err.Error(), "AADSTS700027") {
		t.Errorf("not registered: %v", err)
	}
	w.addCertificate(t, testAPI, key.cert)
	cred, err = make()
	wantSDKToken(t, cred, err, acsScope, map[string]any{"appid": testAPI, "appidacr": "2"})
}

func TestSDKWorkloadIdentity(t *testing.T) {
	w, _, options := sdkWorld(t)
	file := filepath.Join(t.TempDir(), "token")
	write := func(subject string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(w.workloadToken(t, subject, ExchangeAudience, time.Hour)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	make := func() (*azidentity.WorkloadIdentityCredential, error) {
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: true, ClientID: testAPI, TenantID: testTenant, TokenFilePath: file})
	}
	write(WorkloadSubject)
	cred, err := make()
	wantSDKToken(t, cred, err, acsScope, map[string]any{"appid": testAPI, "idtyp": "app"})
	write("system:serviceaccount:default:mallory")
	if cred, err = make(); err != nil {
		t.Fatal(err)
	}
	if _, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{acsScope}}); err == nil || !strings.Contains(err.Error(), "AADSTS700213") {
		t.Errorf("another service account: %v", err)
	}
}

// A managed identity's token stands in for the secret of the API, at both kinds of endpoints.
func TestSDKManagedIdentity(t *testing.T) {
	w, plain, options := sdkWorld(t)
	for name, env := range map[string]map[string]string{
		"IMDS":        {"IDENTITY_ENDPOINT": "", "IDENTITY_HEADER": ""},
		"App Service": {"IDENTITY_ENDPOINT": plain.URL + "/msi/token", "IDENTITY_HEADER": IdentityHeader},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range env {
				t.Setenv(name, value)
			}
			identity, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
				ClientOptions: options, ID: azidentity.ClientID(ManagedIdentityClientID)})
			wantSDKToken(t, identity, err, acsScope, map[string]any{"aud": "https://communication.azure.com", "oid": ManagedIdentityObjectID})
			assertion := func(context.Context) (string, error) {
				return wantSDKToken(t, identity, nil, ExchangeAudience+"/.default", map[string]any{"sub": ManagedIdentityObjectID}), nil
			}
			api, err := azidentity.NewClientAssertionCredential(testTenant, testAPI, assertion,
				&azidentity.ClientAssertionCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
			wantSDKToken(t, api, err, acsScope, map[string]any{"appid": testAPI, "appidacr": "2"})

			incoming := w.agent(t).signIn("alice")["access_token"].(string)
			obo, err := azidentity.NewOnBehalfOfCredentialWithClientAssertions(testTenant, testAPI, incoming, assertion,
				&azidentity.OnBehalfOfCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
			wantSDKToken(t, obo, err, "https://graph.microsoft.com/.default", map[string]any{"name": "alice", "scp": "User.Read openid profile"})

			other, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
				ClientOptions: options, ID: azidentity.ClientID(testSPA)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{acsScope}}); err == nil {
				t.Error("an identity that is not here got a token")
			}
		})
	}
}

func TestMSALDeviceCode(t *testing.T) {
	w, _, options := sdkWorld(t)
	app, err := public.New(testSPA, public.WithAuthority(options.Cloud.ActiveDirectoryAuthorityHost+testTenant),
		public.WithHTTPClient(options.Transport.(*http.Client)), public.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	flow, err := app.AcquireTokenByDeviceCode(t.Context(), []string{testScope})
	if err != nil {
		t.Fatal(err)
	}
	a := w.agent(t)
	wantPage(t, a.do("POST", "/devicelogin", url.Values{"otc": {flow.Result.UserCode}, "user": {"alice"}}), http.StatusOK, "You have signed in")
	result, err := flow.AuthenticationResult(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := payloadOf(t, result.AccessToken); c["name"] != "alice" || result.Account.PreferredUsername != "alice@test.example" {
		t.Errorf("%v %v", c, result.Account)
	}
	silent, err := app.AcquireTokenSilent(t.Context(), []string{"https://graph.microsoft.com/User.Read"}, public.WithSilentAccount(result.Account))
	if err != nil || payloadOf(t, silent.AccessToken)["aud"] != "https://graph.microsoft.com" {
		t.Errorf("%v %v", silent, err)
	}
	declined, err := app.AcquireTokenByDeviceCode(t.Context(), []string{testScope})
	if err != nil {
		t.Fatal(err)
	}
	a.do("POST", "/devicelogin", url.Values{"otc": {declined.Result.UserCode}, "action": {"cancel"}})
	if _, err := declined.AuthenticationResult(t.Context()); err == nil || !strings.Contains(err.Error(), "authorization_declined") {
		t.Errorf("declined: %v", err)
	}
}
