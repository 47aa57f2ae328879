package entra

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Limits of the options.
const (
	maxSecret     = 4 << 10
	maxTenants    = 1000
	defaultCached = 10_000
	maxCached     = 1_000_000
)

// Options are what a [Client] works with. Exactly one of Secret, Certificate and Assertion proves who the client is.
type Options struct {
	// AuthorityHost is scheme and host of the authority, for example https://login.microsoftonline.com. Required.
	AuthorityHost string
	// Tenants are the tenants, as lower-case GUIDs, that tokens may be asked for: 1 to 1000. Required.
	Tenants []string
	// ClientID is the id of our application, a GUID. Required.
	ClientID string
	// Secret is a client secret.
	Secret string
	// Certificate holds a certificate and its RSA key of at least 2048 bits, both PEM, in any order. It signs PS256.
	Certificate []byte
	// RS256 makes Certificate sign with RS256 in place of PS256.
	RS256 bool
	// Assertion returns a token of another issuer that the application trusts; see [ManagedIdentity] and [FederatedFile].
	Assertion func(ctx context.Context) (string, error)
	// AllowLoopback permits http to an authority on this machine. It is for development and tests.
	AllowLoopback bool
	// Transport sends the requests. Nil: one with TLS 1.2 or later and without a proxy from the environment.
	Transport http.RoundTripper
	// Wrap stands around Transport, to watch it. Nil: nothing does.
	Wrap func(http.RoundTripper) http.RoundTripper
	// MaxCached is how many tokens are kept, 1 to 1,000,000. 0: 10,000.
	MaxCached int
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// check reports all faults at once.
func (o *Options) check() error {
	errs := []error{checkHost(o.AuthorityHost, o.AllowLoopback)}
	if len(o.Tenants) == 0 || len(o.Tenants) > maxTenants {
		errs = append(errs, fmt.Errorf("entra: Tenants must have 1 to %d members", maxTenants))
	}
	for _, t := range o.Tenants {
		if !guid.MatchString(t) {
			errs = append(errs, fmt.Errorf("entra: tenant %q is not a lower-case GUID", t))
		}
	}
	if !guid.MatchString(strings.ToLower(o.ClientID)) {
		errs = append(errs, errors.New("entra: ClientID is not a GUID"))
	}
	proofs := 0
	for _, given := range []bool{o.Secret != "", len(o.Certificate) > 0, o.Assertion != nil} {
		if given {
			proofs++
		}
	}
	if proofs != 1 {
		errs = append(errs, errors.New("entra: give exactly one of Secret, Certificate and Assertion"))
	}
	if len(o.Secret) > maxSecret {
		errs = append(errs, fmt.Errorf("entra: Secret has more than %d bytes", maxSecret))
	}
	if o.MaxCached < 0 || o.MaxCached > maxCached {
		errs = append(errs, fmt.Errorf("entra: MaxCached must be 0 to %d", maxCached))
	}
	return errors.Join(errs...)
}

// checkHost wants scheme and host, and https unless the host is this machine and that is allowed.
func checkHost(raw string, allowLoopback bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme+"://"+u.Host != raw {
		return errors.New("entra: AuthorityHost must be scheme and host only, such as https://login.microsoftonline.com")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !allowLoopback || !loopback) {
		return errors.New("entra: AuthorityHost must be https")
	}
	return nil
}
