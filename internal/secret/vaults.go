package secret

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/acs-solutions/acsauth/internal/config"
)

// Bounds of one fetch.
const (
	fetchLimit    = 30 * time.Second // all tries and waits
	tryLimit      = 8 * time.Second
	retryPause    = 500 * time.Millisecond // grows, with jitter
	maxRetryPause = 5 * time.Second        // a longer Retry-After is not waited for
	maxValue      = 64 << 10               // bytes of a secret; Key Vault itself takes 25 KiB
	maxAnswer     = 256 << 10              // bytes of an answer
)

// Vaults fetches secrets. Its methods may be called at once.
type Vaults struct {
	credential azcore.TokenCredential
	transport  policy.Transporter
	pause      time.Duration
	limit      time.Duration

	mu      sync.Mutex
	clients map[string]*azsecrets.Client // by vault: as many as the settings name
}

// NewVaults returns a client that signs in with the credential. A nil transport
// stands for one with TLS 1.2 or later and without a proxy from the environment; one that is given must not follow redirects.
func NewVaults(credential azcore.TokenCredential, transport policy.Transporter) *Vaults {
	if transport == nil {
		transport = &http.Client{
			Transport: &http.Transport{
				TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
				TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &Vaults{
		credential: credential, transport: bounded{transport}, pause: retryPause, limit: fetchLimit,
		clients: map[string]*azsecrets.Client{},
	}
}

// Get fetches a secret, within 30 seconds and up to 64 KiB. Its error is one
// line that says what to change, and holds neither the value nor a text of the vault.
func (v *Vaults) Get(ctx context.Context, ref config.Reference) (string, error) {
	client, err := v.client(ref.Vault)
	if err != nil {
		return "", errors.New("there is no client for this vault")
	}
	ctx, cancel := context.WithTimeout(ctx, v.limit)
	defer cancel()
	var raw *http.Response
	resp, err := client.GetSecret(policy.WithCaptureResponse(ctx, &raw), ref.Name, ref.Version, nil)
	switch {
	case err != nil:
		return "", explain(ctx, err, raw)
	case resp.Value == nil || *resp.Value == "":
		return "", errors.New("the secret is empty")
	case len(*resp.Value) > maxValue:
		return "", errors.New("the secret is larger than 64 KiB")
	}
	return *resp.Value, nil
}

// client returns the client of one vault. It verifies that a challenge asks for a token for the vault's own domain.
func (v *Vaults) client(vault string) (*azsecrets.Client, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.clients[vault]; c != nil {
		return c, nil
	}
	c, err := azsecrets.NewClient(vault, v.credential, &azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: v.transport,
		Retry: policy.RetryOptions{
			MaxRetries: 2, TryTimeout: tryLimit, RetryDelay: v.pause, MaxRetryDelay: maxRetryPause, ShouldRetry: passing,
		},
	}})
	if err != nil {
		return nil, err
	}
	v.clients[vault] = c
	return c, nil
}
