package authn

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An Issuer is one application registration at Microsoft Entra ID, whose access tokens are accepted.
type Issuer struct {
	// AuthorityHost is the scheme and host of the authority, such as
	// https://login.microsoftonline.com. It is https. On loopback, with
	// Options.AllowLoopback, it may be http.
	AuthorityHost string
	// TenantIDs are the tenants whose users may call, as GUIDs. At least one.
	TenantIDs []string
	// Audiences are the API's client id, as a GUID, and its App ID URIs. At
	// least one. v2 tokens are accepted for the GUID only, v1 tokens for either.
	// URIs are compared byte for byte.
	Audiences []string
	// AllowedClients are the client ids, as GUIDs, of the applications that may
	// call, or exactly one "*" for any application of the tenants. At least one.
	AllowedClients []string
	// TeamsClients are the client ids whose Teams tokens may be exchanged. If
	// there are none, AllowedClients are taken, unless that is "*".
	TeamsClients []string
	// AllowGuests accepts users whose home is another directory, as far as the
	// claims idp and acct show it.
	AllowGuests bool
}

// Options of a Verifier.
type Options struct {
	Issuer Issuer
	// AllowLoopback permits an authority on this machine, over http, too. It is for development and tests.
	AllowLoopback bool
	// Transport makes the requests to the authority. Nil: a transport of its
	// own that uses no proxy, whatever the environment says.
	Transport http.RoundTripper
	// Log takes what happens to the keys. Nil: nothing is logged.
	Log *slog.Logger
	// Skew is how far clocks may differ, up to 5 minutes. Zero: 60 s.
	Skew time.Duration
	// RefreshEvery is the time between two loads of the keys, 1 minute to 24
	// hours, give or take a tenth. Zero: 12 h.
	RefreshEvery time.Duration
	// FetchTimeout limits one load of the keys of a tenant, up to 30 s. Zero: 5 s.
	FetchTimeout time.Duration
	// MaxKeyAge is how long keys are used when they cannot be loaded again,
	// RefreshEvery to 7 days. Zero: 24 h.
	MaxKeyAge time.Duration
}

func (o Options) withDefaults() Options {
	o.Issuer.AuthorityHost = strings.ToLower(strings.TrimSuffix(o.Issuer.AuthorityHost, "/"))
	o.Skew = cmp.Or(o.Skew, time.Minute)
	o.RefreshEvery = cmp.Or(o.RefreshEvery, 12*time.Hour)
	o.FetchTimeout = cmp.Or(o.FetchTimeout, 5*time.Second)
	o.MaxKeyAge = cmp.Or(o.MaxKeyAge, 24*time.Hour)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// validate names every fault at once.
func (o Options) validate() error {
	i := o.Issuer
	return errors.Join(
		checkAuthority(i.AuthorityHost, o.AllowLoopback),
		checkGUIDs("tenant id", i.TenantIDs, true),
		checkAudiences(i.Audiences),
		checkClients(i.AllowedClients),
		checkGUIDs("Teams client", i.TeamsClients, false),
		checkRange("Skew", o.Skew, 0, 5*time.Minute),
		checkRange("RefreshEvery", o.RefreshEvery, time.Minute, 24*time.Hour),
		checkRange("FetchTimeout", o.FetchTimeout, time.Millisecond, 30*time.Second),
		checkRange("MaxKeyAge", o.MaxKeyAge, o.RefreshEvery, 7*24*time.Hour),
	)
}

func checkAuthority(s string, allowLoopback bool) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s {
		return fmt.Errorf("authn: authority host %q is not of the form https://host", s)
	}
	local := isLoopback(u.Hostname())
	switch {
	case local && !allowLoopback:
		return fmt.Errorf("authn: authority host %q is this machine, which is for development only", s)
	case u.Scheme != "https" && !(local && u.Scheme == "http"):
		return fmt.Errorf("authn: authority host %q is not https", s)
	}
	return nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func checkGUIDs(what string, list []string, needed bool) error {
	var errs []error
	if needed && len(list) == 0 {
		errs = append(errs, fmt.Errorf("authn: no %s is given", what))
	}
	for _, s := range list {
		if _, ok := parseGUID(s); !ok {
			errs = append(errs, fmt.Errorf("authn: %s %q is not a GUID", what, s))
		}
	}
	return errors.Join(errs...)
}

// checkAudiences refuses to run without audiences, and with those of Microsoft's
// own APIs: any program of the tenant has tokens for them.
func checkAudiences(list []string) error {
	var errs []error
	if len(list) == 0 {
		errs = append(errs, errors.New("authn: no audience is given"))
	}
	for _, s := range list {
		bare := bareAudience(s)
		switch {
		case strings.TrimSpace(s) == "" || strings.ContainsAny(s, " \t\r\n*"):
			errs = append(errs, fmt.Errorf("authn: audience %q is neither a GUID nor an App ID URI", s))
		case graphAudiences[bare] || teamsAudiences[bare]:
			errs = append(errs, fmt.Errorf("authn: audience %q is an API of Microsoft", s))
		}
	}
	return errors.Join(errs...)
}

func checkClients(list []string) error {
	if len(list) == 1 && list[0] == "*" {
		return nil
	}
	return checkGUIDs("allowed client", list, true)
}

func checkRange(name string, d, low, high time.Duration) error {
	if d < low || d > high {
		return fmt.Errorf("authn: %s is %v, allowed is %v to %v", name, d, low, high)
	}
	return nil
}
