package emulator

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// anyPort is the default of the listeners.
const anyPort = "127.0.0.1:0"

// Options configures an [Emulator]. The zero value is good for tests.
type Options struct {
	// Listen is the address of the protocol listener. Default 127.0.0.1:0, that is, any free port. All listeners take
	// loopback addresses and localhost only, unless ForceListen is set.
	Listen string
	// ListenTLS is the address of a second protocol listener that speaks TLS; see CACertPEM. Empty: none.
	ListenTLS string
	// ListenAdmin is the address of the administration listener. Default 127.0.0.1:0; "none" for none.
	ListenAdmin string
	// ForceListen lets the listeners take addresses that other machines can reach, for a container whose ports are published
	// on loopback. Everybody who reaches them is let in.
	ForceListen bool
	// PublicURL replaces the base URL of the plain listener in issuers and endpoints, for example https://emu.invalid for a
	// client that insists on https and whose transport leads here. Scheme and host only.
	PublicURL string
	// DataDir is a folder where state is kept over restarts, in files that only the owner can read. ACS identities are written
	// at once. At the end, and when keys are rotated, the rest follows: signing keys and sessions, so that tokens stay valid
	// where the port stays the same, what was added to the directory, and extensions. The TLS certificate is kept, too, but not
	// the key of its authority. Access keys, clock, faults and behaviour start anew. Empty keeps nothing.
	DataDir string
	// AccessTokenVersion is the version of access tokens for the API: "2.0", the default, or "1.0".
	AccessTokenVersion string
	// TokenLifetime is the lifetime of access tokens, at most 28 h. Default: a random time from 60 to 90 minutes.
	TokenLifetime time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// ServiceLimits makes ACS refuse more requests in 30 s than the real service takes, with status 429. Default: no limits.
	ServiceLimits bool
	// Graph is how Microsoft Graph misbehaves from the start on; see [Emulator.SetGraph]. Default: it behaves well.
	Graph GraphBehaviour
	// Loose lets mistakes pass that the real services refuse, for a program that is not yet ready for them: signatures and
	// dates of requests to ACS, a missing api-version, PKCE, redirect URIs, client secrets and unknown clients. Default: strict.
	Loose bool
	// AllowCloud lets the emulator start where the environment looks like a cloud.
	AllowCloud bool
	// Log receives one line for each refused request. Default: nothing is logged.
	Log *slog.Logger
}

// withDefaults fills in defaults and checks the rest. All faults are reported at once.
func (o Options) withDefaults() (Options, error) {
	set := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	set(&o.Listen, anyPort)
	set(&o.ListenAdmin, anyPort)
	set(&o.AccessTokenVersion, "2.0")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	errs := []error{o.checkListen("Listen", o.Listen), checkCloud(o.AllowCloud), checkPublicURL(o.PublicURL)}
	if o.ListenTLS != "" {
		errs = append(errs, o.checkListen("ListenTLS", o.ListenTLS))
	}
	if o.ListenAdmin != "none" {
		errs = append(errs, o.checkListen("ListenAdmin", o.ListenAdmin))
	}
	if o.AccessTokenVersion != "1.0" && o.AccessTokenVersion != "2.0" {
		errs = append(errs, fmt.Errorf("emulator: AccessTokenVersion is %q, want 1.0 or 2.0", o.AccessTokenVersion))
	}
	if o.TokenLifetime < 0 || o.TokenLifetime > 28*time.Hour {
		errs = append(errs, fmt.Errorf("emulator: TokenLifetime is %v, want 0 to 28h", o.TokenLifetime))
	}
	return o, errors.Join(errs...)
}

// checkListen refuses addresses that other machines can reach, unless they are forced.
func (o Options) checkListen(name, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("emulator: %s: %w", name, err)
	}
	if !loopbackHost(host) && !o.ForceListen {
		return fmt.Errorf("emulator: %s is %q: the emulator lets everybody in and listens on loopback only, for example 127.0.0.1:8080, unless ForceListen (--force-listen) is set", name, addr)
	}
	return nil
}

// loopbackHost reports whether a host name without port stands for this machine alone.
func loopbackHost(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// cloudMarkers are set by App Service, Container Apps and Kubernetes.
var cloudMarkers = []string{"WEBSITE_INSTANCE_ID", "CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST"}

// checkCloud refuses to run where the environment looks like a cloud.
func checkCloud(allow bool) error {
	for _, name := range cloudMarkers {
		if os.Getenv(name) != "" && !allow {
			return fmt.Errorf("emulator: %s is set, so this looks like a cloud: the emulator is for development; set AllowCloud to run it all the same", name)
		}
	}
	return nil
}

// checkPublicURL wants scheme and host only.
func checkPublicURL(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != raw {
		return errors.New("emulator: PublicURL has to be a scheme and a host, for example https://emu.invalid")
	}
	return nil
}
