package cosmos

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// The names that are used if Options has none.
const (
	DefaultDatabase  = "acsauth"
	DefaultContainer = "mappings"
)

// Options says where the account is and who may use it.
type Options struct {
	// Endpoint is the address of the account, such as
	// https://example.documents.azure.com. Required. It is the global address, without a region in its name.
	Endpoint string
	// Key is the primary or secondary key of the account, base64. Either it or Credential is required.
	Key string
	// Credential is used instead of a key. It needs https, and the role Cosmos
	// DB Built-in Data Contributor of the data plane.
	Credential azcore.TokenCredential
	// Database and Container are the names, 1 to 255 bytes. Empty: [DefaultDatabase] and [DefaultContainer].
	Database, Container string
	// AllowHTTP accepts an http endpoint on loopback, for emulators.
	AllowHTTP bool
	// AllowSession accepts an account with session consistency: see the package comment for what that costs.
	AllowSession bool
	// Log receives what needs an eye. Nil: nothing is logged.
	Log *slog.Logger
	// Transport sends the requests. Nil: a client of the store's own. It must not
	// repeat requests and must not follow redirects.
	Transport policy.Transporter
}

// check refuses options that cannot work and fills in the defaults.
func (o *Options) check() error {
	if o.Database == "" {
		o.Database = DefaultDatabase
	}
	if o.Container == "" {
		o.Container = DefaultContainer
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case !isName(o.Database) || !isName(o.Container):
		return errors.New("the names of the database and the container must be 1 to 255 letters, digits, dots, underscores and hyphens")
	case o.Key != "" && o.Credential != nil:
		return errors.New("both a key and a credential are set: set one of them")
	case o.Key == "" && o.Credential == nil:
		return errors.New("neither a key nor a credential is set")
	}
	if _, err := base64.StdEncoding.DecodeString(o.Key); err != nil {
		return errors.New("the key is not base64")
	}
	return o.checkEndpoint()
}

// isName is narrower than the service, which takes any text without / \ ? and #.
func isName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return len(name) >= 1 && len(name) <= 255 && strings.Trim(name, letters) == ""
}

// checkEndpoint does not show the endpoint: it may hold a key.
func (o *Options) checkEndpoint() error {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" {
		return errors.New("the endpoint is not a URL such as https://example.documents.azure.com")
	}
	switch {
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil || strings.Trim(u.Path, "/") != "":
		return errors.New("the endpoint must have no path, query, fragment or user: it is the address of the account and no connection string")
	case u.Scheme == "https":
	case u.Scheme != "http":
		return fmt.Errorf("the endpoint has the scheme %q: it must be https", u.Scheme)
	case !o.AllowHTTP || !loopback(u.Hostname()):
		return errors.New("the endpoint is http: that is accepted on loopback only, and if it is allowed")
	case o.Credential != nil:
		return errors.New("a credential needs an https endpoint: its token must not travel in the clear")
	}
	o.Endpoint = u.Scheme + "://" + u.Host
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
