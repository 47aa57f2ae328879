package tables

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// DefaultTable is the name of the table if Options names none.
const DefaultTable = "acsauth"

// Options says where the table is and who may use it.
type Options struct {
	// Endpoint is the address of the table service, such as
	// https://example.table.core.windows.net. Required. It is the primary
	// endpoint: a secondary one may lag and is refused.
	Endpoint string
	// AccountName and AccountKey (base64) are the shared key. Either it or Credential is required.
	AccountName, AccountKey string
	// Credential is used instead of a shared key. It needs https. The role
	// Storage Table Data Contributor is enough.
	Credential azcore.TokenCredential
	// Table is the name of the table: 3 to 63 letters and digits, a letter first. Empty: [DefaultTable].
	Table string
	// AllowHTTP accepts an http endpoint on loopback, for emulators.
	AllowHTTP bool
	// Log receives what needs an eye. Nil: nothing is logged.
	Log *slog.Logger
	// Transport sends the requests. Nil: a client of the store's own. It must not
	// repeat requests and must not follow redirects.
	Transport policy.Transporter
}

var tableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{2,62}$`)

// check refuses options that cannot work and fills in the defaults.
func (o *Options) check() error {
	if o.Table == "" {
		o.Table = DefaultTable
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if !tableName.MatchString(o.Table) || strings.EqualFold(o.Table, "tables") {
		return errors.New("the table name must be 3 to 63 letters and digits, a letter first, and not \"tables\"")
	}
	switch hasKey := o.AccountKey != ""; {
	case hasKey && o.Credential != nil:
		return errors.New("both an account key and a credential are set: set one of them")
	case hasKey && o.AccountName == "":
		return errors.New("the account key needs the account name")
	case !hasKey && o.Credential == nil:
		return errors.New("neither an account key nor a credential is set")
	}
	return o.checkEndpoint()
}

// checkEndpoint does not show the endpoint: it may hold a signature.
func (o *Options) checkEndpoint() error {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" {
		return errors.New("the endpoint is not a URL such as https://example.table.core.windows.net")
	}
	first, _, _ := strings.Cut(u.Hostname(), ".")
	switch {
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		return errors.New("the endpoint must have no query, fragment or user: shared access signatures are not supported, use an account key or a credential")
	case strings.HasSuffix(first, "-secondary") || strings.HasSuffix(strings.TrimRight(u.Path, "/"), "-secondary"):
		return errors.New("the endpoint is a secondary one, whose reads lag: use the primary one")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("the endpoint has the scheme %q: it must be https", u.Scheme)
	case !o.AllowHTTP || !loopback(u.Hostname()):
		return errors.New("the endpoint is http: that is accepted on loopback only, and if it is allowed")
	case o.Credential != nil:
		return errors.New("a credential needs an https endpoint: its token must not travel in the clear")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
