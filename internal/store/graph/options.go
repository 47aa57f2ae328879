package graph

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/entra"
)

// A Mode says with whose rights the store acts.
type Mode string

// The modes.
const (
	Delegated   Mode = "delegated"   // the caller's: On-Behalf-Of, User.ReadWrite
	Application Mode = "application" // its own: client credentials, User.ReadWrite.All
)

// Defaults of the options.
const (
	DefaultBaseURL   = "https://graph.microsoft.com"
	DefaultExtension = "com.contoso.identityMapping" // as the public samples write it
	DefaultField     = "acsUserIdentity"
	defaultCached    = 100_000
	maxCached        = 10_000_000
)

// A MACKey signs extensions.
type MACKey struct {
	ID  string // names the key in what it signs: 1 to 32 letters, digits, - and _
	Key []byte // 32 to 1024 random bytes
}

// The events that Options.Observe is told.
const (
	EventTampered = "mapping_tampered" // an extension whose signature is wrong: an alarm
	EventUnsigned = "mapping_unsigned" // an extension without signature that is not adopted: an alarm
	EventAdopted  = "mapping_adopted"  // an extension without signature that was read as a mapping
	EventWaits    = "removal_waits"    // a removal needs its user, who is not there
)

// EventNames lists the closed set of event names.
func EventNames() []string { return []string{EventTampered, EventUnsigned, EventAdopted, EventWaits} }

// Options are what a Store works with.
type Options struct {
	// BaseURL is where Graph is, scheme and host only. Empty: [DefaultBaseURL].
	BaseURL string
	// Mode says with whose rights the store acts. Required.
	Mode Mode
	// Entra gets the tokens. Required. Close does not close it.
	Entra *entra.Client
	// Extension is the name of the open extension, in the form of a reversed
	// domain, at most 128 bytes. Empty: [DefaultExtension].
	Extension string
	// Field is the member that holds the identity. Empty: [DefaultField].
	Field string
	// MACKeys are one or two keys. The first signs, both verify. Required.
	MACKeys []MACKey
	// Adopt takes over values without a signature, as the public samples wrote
	// them: they are read as Active, with attempt "adopted". Nothing is
	// written for that, so the value stays unsigned. Since a user may write
	// its own extensions, a user can then put any identity there of which it knows the id, take off
	// a signature too, and get tokens for it: IMPERSONATION. Set it only while
	// all who can write extensions are trusted, move the rows to another store, and unset it.
	Adopt bool
	// Resource is the ACS resource, as in the broker: 1 to 256 bytes. If it is a GUID, adopted identities must carry it. Required.
	Resource string
	// Issuer is the canonical issuer of the tenant that [Store.Users] lists. Application mode only; empty: there is no list.
	Issuer string
	// Journal keeps all but Active rows. Required. Close closes it.
	Journal acsauth.Store
	// MaxCached is how many rows are remembered, 1 to 10,000,000. 0: 100,000.
	MaxCached int
	// Log receives alarms and what goes on in the background. Nil: no log.
	Log *slog.Logger
	// Observe is told each event by name. It must not block. Nil: nobody is told.
	Observe func(event string)
	// Transport sends the requests to Graph. Nil: one with TLS 1.2 or later and without a proxy from the environment.
	Transport http.RoundTripper
	// Wrap stands around Transport, to watch it. Nil: nothing does.
	Wrap func(http.RoundTripper) http.RoundTripper
	// AllowLoopback permits http to a Graph on this machine. It is for development and tests.
	AllowLoopback bool
}

var (
	extensionForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+$`)
	fieldForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
	keyIDForm     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
)

// withDefaults fills in defaults and checks the rest. All faults are reported at once.
func (o Options) withDefaults() (Options, error) {
	for s, value := range map[*string]string{&o.BaseURL: DefaultBaseURL, &o.Extension: DefaultExtension, &o.Field: DefaultField} {
		if *s == "" {
			*s = value
		}
	}
	if o.MaxCached == 0 {
		o.MaxCached = defaultCached
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string) {}
	}
	errs := []error{checkBase(o.BaseURL, o.AllowLoopback), checkKeys(o.MACKeys)}
	no := func(wrong bool, text string) {
		if wrong {
			errs = append(errs, errors.New(text))
		}
	}
	no(o.Mode != Delegated && o.Mode != Application, "Mode must be delegated or application")
	no(o.Entra == nil || o.Journal == nil, "Entra and Journal are required")
	no(!extensionForm.MatchString(o.Extension) || len(o.Extension) > 128, "Extension must be a reversed domain name of at most 128 bytes, such as "+DefaultExtension)
	no(!fieldForm.MatchString(o.Field) || o.Field == "id" || slices.Contains(ownMembers, o.Field), "Field must be a plain name that this store does not use itself, such as "+DefaultField)
	no(o.Resource == "" || len(o.Resource) > 256, "Resource must have 1 to 256 bytes")
	no(o.MaxCached < 1 || o.MaxCached > maxCached, "MaxCached must be 1 to 10,000,000")
	if o.Issuer != "" {
		_, err := tenantOf(o.Issuer)
		no(err != nil, "Issuer must be the v2 issuer of one tenant, such as https://login.microsoftonline.com/<tenant id>/v2.0")
		no(o.Mode == Delegated, "Issuer is for application mode: a caller cannot list other users")
	}
	return o, errors.Join(errs...)
}

func checkKeys(keys []MACKey) error {
	if len(keys) < 1 || len(keys) > 2 {
		return errors.New("MACKeys must hold one or two keys")
	}
	for _, k := range keys {
		if !keyIDForm.MatchString(k.ID) {
			return errors.New("the id of a MAC key must have 1 to 32 letters, digits, - and _")
		}
		if len(k.Key) < 32 || len(k.Key) > 1024 {
			return fmt.Errorf("the MAC key %q must have 32 to 1024 bytes", k.ID)
		}
	}
	if len(keys) == 2 && keys[0].ID == keys[1].ID {
		return errors.New("the MAC keys must have different ids")
	}
	return nil
}

// checkBase wants scheme and host, and https unless the host is this machine and that is allowed.
func checkBase(raw string, allowLoopback bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme+"://"+u.Host != raw {
		return errors.New("BaseURL must be scheme and host only, such as " + DefaultBaseURL)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !allowLoopback || !loopback) {
		return errors.New("BaseURL must be https")
	}
	return nil
}
