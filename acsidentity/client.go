package acsidentity

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	moduleName    = "acsidentity"
	moduleVersion = "v0.1.0"
)

// A Client calls the Identity API of one Communication Services resource. It is
// safe for concurrent use and meant to be kept: it holds the connections.
type Client struct {
	endpoint string
	version  string
	azure    *azcore.Client
	now      func() time.Time
	key      *KeyCredential // nil: a token signs in
}

// NewClient returns a client that signs in with Microsoft Entra ID, for example
// with a managed identity. The endpoint is https://<resource>.communication.azure.com.
// A nil options means the defaults.
func NewClient(endpoint string, cred azcore.TokenCredential, options *ClientOptions) (*Client, error) {
	if cred == nil {
		return nil, errors.New("acsidentity: the credential is nil")
	}
	return newClient(endpoint, options, options.clock(), func(s settings) policy.Policy {
		return runtime.NewBearerTokenPolicy(cred, []string{s.scope},
			&policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: s.insecure})
	})
}

// NewClientWithKey returns a client that signs each request with an access key
// of the resource. A nil options means the defaults.
func NewClientWithKey(endpoint string, key *KeyCredential, options *ClientOptions) (*Client, error) {
	return newKeyClient(endpoint, key, options, options.clock())
}

// NewClientFromConnectionString returns a client for a connection string of the
// resource, endpoint=https://...;accesskey=.... A nil options means the defaults.
func NewClientFromConnectionString(connectionString string, options *ClientOptions) (*Client, error) {
	endpoint, key, err := ParseConnectionString(connectionString)
	if err != nil {
		return nil, err
	}
	return NewClientWithKey(endpoint, key, options)
}

// Key returns the access key, or the two, that the client signs with, so that they can be replaced; nil if it does not use keys.
func (c *Client) Key() *KeyCredential { return c.key }

// Endpoint returns the endpoint of the resource, without a trailing slash.
func (c *Client) Endpoint() string { return c.endpoint }

func newKeyClient(endpoint string, key *KeyCredential, options *ClientOptions, now func() time.Time) (*Client, error) {
	if key == nil || key.get() == nil {
		return nil, errors.New("acsidentity: the key credential is nil or holds no key")
	}
	c, err := newClient(endpoint, options, now, func(settings) policy.Policy {
		return &keyPolicy{key: key, now: now}
	})
	if err != nil {
		return nil, err
	}
	c.key = key
	return c, nil
}

func newClient(endpoint string, options *ClientOptions, now func() time.Time, auth func(settings) policy.Policy) (*Client, error) {
	endpoint, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	s, err := options.settle(now)
	if err != nil {
		return nil, err
	}
	azure, err := azcore.NewClient(moduleName, moduleVersion, runtime.PipelineOptions{
		AllowedHeaders: loggedHeaders(),
		PerCall:        []policy.Policy{runtime.NewRequestIDPolicy()},
		PerRetry:       []policy.Policy{auth(s)},
		Tracing:        runtime.TracingOptions{Namespace: "Microsoft.Communication"},
	}, &s.azure)
	if err != nil {
		return nil, err
	}
	return &Client{endpoint: endpoint, version: s.version, azure: azure, now: now}, nil
}

// url returns the address of a path, percent-encoded already.
func (c *Client) url(path string) string {
	return c.endpoint + path + "?api-version=" + url.QueryEscape(c.version)
}

// escape encodes an identity for the path as the SDKs of Azure do: the colons, too.
func escape(id string) string {
	return strings.ReplaceAll(url.PathEscape(id), ":", "%3A")
}
