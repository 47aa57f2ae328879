package acsidentity

import (
	"cmp"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// The API versions with a meaning of their own here.
const (
	// DefaultAPIVersion is what the other SDKs of Azure send, too.
	DefaultAPIVersion = "2023-10-01"
	// CustomIDAPIVersion is the one version that knows CreateIdentityOptions.CustomID.
	CustomIDAPIVersion = "2025-03-02-preview"
)

// ServiceName names this service in a [cloud.Configuration]. Set its Audience
// for a cloud other than the public one, whose audience is https://communication.azure.com/.
const ServiceName cloud.ServiceName = "communication"

const (
	publicAudience    = "https://communication.azure.com/"
	defaultTryTimeout = 5 * time.Second
)

// ClientOptions are the options of a [Client]. The zero value is good.
//
// Of the embedded options, Logging never logs a body or the Authorization
// header, whatever it says, and Retry is bounded as the
// package documentation says.
type ClientOptions struct {
	azcore.ClientOptions

	// APIVersion of the service. Default: [DefaultAPIVersion].
	APIVersion string

	// InsecureAllowHTTP lets a token credential be sent over plain http, which
	// is possible for a loopback endpoint only. For tests and emulators.
	InsecureAllowHTTP bool

	// TryTimeout bounds each single try. Default: 5 s. Negative: no bound but that
	// of the context. CreateIdentity has a bound of its own, 30 s.
	TryTimeout time.Duration

	// Now is the clock by which requests are dated and signed. Default: [time.Now]. For emulators with a clock of their own.
	Now func() time.Time
}

// clock is that of the options; o may be nil.
func (o *ClientOptions) clock() func() time.Time {
	if o == nil || o.Now == nil {
		return time.Now
	}
	return o.Now
}

// The settings are the options with all defaults applied.
type settings struct {
	azure    azcore.ClientOptions
	version  string
	scope    string
	insecure bool
}

var versionForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(-preview\d{0,2})?$`)

func (o *ClientOptions) settle(now func() time.Time) (settings, error) {
	if o == nil {
		o = &ClientOptions{}
	}
	s := settings{
		azure:    o.ClientOptions,
		version:  cmp.Or(o.APIVersion, o.ClientOptions.APIVersion, DefaultAPIVersion),
		scope:    tokenScope(o.Cloud),
		insecure: o.InsecureAllowHTTP || o.InsecureAllowCredentialWithHTTP,
	}
	if !versionForm.MatchString(s.version) {
		return settings{}, errors.New("acsidentity: the API version is not of the form 2023-10-01")
	}
	s.azure.APIVersion = "" // it is in our URLs; the policy of azcore would want a place for it
	s.azure.Logging = quiet(o.Logging)
	s.azure.Retry = settleRetry(o.Retry, o.TryTimeout, now)
	s.azure.Transport = &courier{next: withoutRedirects(o.Transport)}
	return s, nil
}

// tokenScope returns the scope to ask tokens for. The two slashes of the public
// scope are right: the name of the audience ends in one.
func tokenScope(c cloud.Configuration) string {
	return cmp.Or(c.Services[ServiceName].Audience, publicAudience) + "/.default"
}

// loggedHeaders lists what may be logged beyond the allow list of azcore.
func loggedHeaders() []string {
	return []string{"Api-Supported-Versions", "Retry-After-Ms", "X-Azure-Ref", "X-Ms-Date", "X-Ms-Retry-After-Ms", "X-Processing-Time"}
}

// quiet keeps secrets out of the log: bodies hold tokens, Authorization is one.
func quiet(o policy.LogOptions) policy.LogOptions {
	o.IncludeBody = false
	o.AllowedHeaders = slices.DeleteFunc(slices.Clone(o.AllowedHeaders), func(name string) bool {
		return strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Cookie") || strings.EqualFold(name, "Set-Cookie")
	})
	return o
}

// withoutRedirects returns a transport that follows none: a redirect would
// carry signed headers, and a create, elsewhere.
func withoutRedirects(t policy.Transporter) policy.Transporter {
	stop := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	switch t := t.(type) {
	case nil:
		return &http.Client{Transport: newTransport(), CheckRedirect: stop}
	case *http.Client:
		c := *t
		c.CheckRedirect = stop
		return &c
	default:
		return t
	}
}
