package authn

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxIssuers is the most issuers of one Verifier.
const maxIssuers = 32

// maxCacheSize is the most tokens that a Verifier caches.
const maxCacheSize = 10_000_000

// Options of a Verifier.
type Options struct {
	// Issuers are those whose tokens are accepted, 1 to 32. No token may be acceptable to two of them.
	Issuers []Issuer
	// AllowLoopback permits an authority on this machine, over http, too. It is for development and tests.
	AllowLoopback bool
	// Transport makes the requests to the authorities. Nil: a transport of its
	// own that uses no proxy, whatever the environment says.
	Transport http.RoundTripper
	// Wrap stands around Transport, to watch it. Nil: nothing does.
	Wrap func(http.RoundTripper) http.RoundTripper
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
	// CacheSize is how many verified tokens are kept for five minutes, so that their signature is not checked again:
	// up to 10 million. Each use looks at the expiry and at whether the key is still listed. Zero: none.
	CacheSize int
	// Now is the clock by which tokens are judged. Nil: time.Now. For emulators with a clock of their own.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.Issuers = slices.Clone(o.Issuers)
	for n := range o.Issuers {
		o.Issuers[n] = o.Issuers[n].withDefaults()
	}
	o.Skew = cmp.Or(o.Skew, time.Minute)
	o.RefreshEvery = cmp.Or(o.RefreshEvery, 12*time.Hour)
	o.FetchTimeout = cmp.Or(o.FetchTimeout, 5*time.Second)
	o.MaxKeyAge = cmp.Or(o.MaxKeyAge, 24*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Validate names every fault of the options at once, as New does. It is an
// error of [errors.Join]; the faults of an issuer begin with its name.
func (o Options) Validate() error { return o.withDefaults().validate() }

func (o Options) validate() error {
	errs := []error{
		checkRange("Skew", o.Skew, 0, 5*time.Minute),
		checkRange("RefreshEvery", o.RefreshEvery, time.Minute, 24*time.Hour),
		checkRange("FetchTimeout", o.FetchTimeout, time.Millisecond, 30*time.Second),
		checkRange("MaxKeyAge", o.MaxKeyAge, o.RefreshEvery, 7*24*time.Hour),
	}
	if o.CacheSize < 0 || o.CacheSize > maxCacheSize {
		errs = append(errs, fmt.Errorf("authn: CacheSize is %d, allowed is 0 to %d", o.CacheSize, maxCacheSize))
	}
	if n := len(o.Issuers); n == 0 || n > maxIssuers {
		errs = append(errs, fmt.Errorf("authn: %d issuers are given, allowed are 1 to %d", n, maxIssuers))
	}
	sound := true
	for _, i := range o.Issuers {
		for _, err := range i.faults(o.AllowLoopback) {
			sound = false
			errs = append(errs, fmt.Errorf("authn: issuer %s: %w", show(i.Name), err))
		}
	}
	if sound {
		errs = append(errs, overlaps(o.Issuers)...)
	}
	return errors.Join(errs...)
}

func checkAuthority(s string, allowLoopback bool) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s {
		return fmt.Errorf("authority host %q is not of the form https://host", s)
	}
	return checkTransport("authority host", u, allowLoopback)
}

// checkTransport wants https, or loopback if that is allowed.
func checkTransport(what string, u *url.URL, allowLoopback bool) error {
	local := isLoopback(u.Hostname())
	switch {
	case local && !allowLoopback:
		return fmt.Errorf("%s %q is this machine, which is for development only", what, u)
	case u.Scheme != "https" && !(local && u.Scheme == "http"):
		return fmt.Errorf("%s %q is not https", what, u)
	}
	return nil
}

func isLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip.IsLoopback() || ip.IsUnspecified()
}

func checkRange(name string, d, low, high time.Duration) error {
	if d < low || d > high {
		return fmt.Errorf("authn: %s is %v, allowed is %v to %v", name, d, low, high)
	}
	return nil
}
