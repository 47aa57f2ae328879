package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/audit"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/limit"
	"github.com/acs-solutions/acsauth/internal/policy"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// DefaultErrorsURL is where the problem types are explained.
const DefaultErrorsURL = "https://github.com/acs-solutions/acsauth/blob/main/docs/errors.md"

const (
	// defaultInFlight bounds the requests with a bearer token that are served at once.
	defaultInFlight = 1024
	// requestTimeout bounds the work for one request, so that its answer fits into writeTimeout.
	requestTimeout = 35 * time.Second
)

// Options are what a Server works with.
type Options struct {
	// Verifier checks bearer tokens. Required.
	Verifier *authn.Verifier
	// Broker does the work. Required.
	Broker *broker.Broker
	// Metrics count. Nil: counted for nobody.
	Metrics *telemetry.Metrics
	// Log receives one line for each request. Nil: no log.
	Log *slog.Logger
	// Ready reports whether the store can serve. Nil: always.
	Ready func(context.Context) error
	// Delegate hands the caller's bearer token on to the store, which acts on the
	// caller's behalf. Off: the token goes no further than the verifier.
	Delegate bool
	// Policy decides what a caller may do and have. Nil: all operations, and what the Broker gives by default.
	Policy func(acsauth.Caller, policy.Operation) policy.Decision
	// Audit writes down each decision before the answer is sent. Nil: nothing is written down.
	Audit *audit.Log
	// AdminClients are the client applications that may use the administration routes. Empty: nobody may.
	AdminClients []string
	// Limits of requests. The zero Limits: none.
	Limits Limits
	// ClientAddress finds the address of a client behind proxies. Nil: that of the connection.
	ClientAddress func(remote string, h http.Header) netip.Addr
	// MaxInFlight is how many requests with a bearer token are served at once. Default: 1024.
	MaxInFlight int
	// TLS makes the server speak TLS. Nil: plain HTTP.
	TLS *tls.Config
	// Secure tells browsers to come over TLS only (HSTS), which is right if clients reach the server so.
	Secure bool
	// Endpoint is the ACS endpoint told to clients. Required.
	Endpoint string
	// Scope is the scope that a bearer token must carry. Default: access_as_user.
	Scope string
	// ScopeURI is Scope as a client asks for it, api://<client>/access_as_user.
	ScopeURI string
	// PublicURL is the URL of this API as clients see it. Empty: no protected resource metadata.
	PublicURL string
	// AuthorizationServers are the issuers whose tokens are accepted.
	AuthorizationServers []string
	// AllowedOrigins are the origins of browser applications, or exactly "*". Empty: no CORS.
	AllowedOrigins []string
	// ActionLifetime and SampleLifetime are the token lifetimes of /getToken and
	// /refreshToken, and of /api/token: 60 minutes (the default of the first) to
	// 1440 minutes (the default of the second).
	ActionLifetime, SampleLifetime time.Duration
	// ErrorsURL is the page that explains the problem codes. Default: DefaultErrorsURL.
	ErrorsURL string
	// Pages are served as they are, without a token, each at its exact path.
	Pages []Page
	// Drain is how long the server still accepts requests after the stop, with
	// readiness red, so that a load balancer can look away. Default: not at all.
	Drain time.Duration
	// Now is the clock that refreshAfter is told by. Nil: time.Now. For emulators with a clock of their own.
	Now func() time.Time
}

// A Server answers the API. Make one with New.
type Server struct {
	o         Options
	log       *slog.Logger
	metrics   *telemetry.Metrics
	cors      cors
	always    http.Header
	public    *publicURL // nil without PublicURL
	ready     readiness
	table     map[string]route
	slots     *limit.Slots
	strangers strangers
	stopping  atomic.Bool
}

// New checks the options and returns a Server.
func New(o Options) (*Server, error) {
	o.Scope = orDefault(o.Scope, "access_as_user")
	o.ErrorsURL = orDefault(o.ErrorsURL, DefaultErrorsURL)
	o.ActionLifetime = orDefault(o.ActionLifetime, acsauth.MinTokenLifetime)
	o.SampleLifetime = orDefault(o.SampleLifetime, acsauth.MaxTokenLifetime)
	o.MaxInFlight = orDefault(o.MaxInFlight, defaultInFlight)
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Log = orDefault(o.Log, slog.New(slog.DiscardHandler))
	if o.Metrics == nil {
		o.Metrics = telemetry.NewMetrics()
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s := &Server{o: o, log: o.Log, metrics: o.Metrics, always: alwaysHeader(o.Secure), slots: limit.NewSlots(o.MaxInFlight), strangers: newStrangers()}
	var err error
	if s.cors, err = newCORS(o.AllowedOrigins); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if s.public, err = newPublicURL(o.PublicURL); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s.ready.checks = s.readyChecks()
	s.table = s.routes()
	if err := s.addPages(o.Pages); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	for _, c := range codes {
		s.metrics.PresetProblems(c.Code)
	}
	return s, nil
}

func (o Options) check() error {
	if o.Verifier == nil || o.Broker == nil || o.Endpoint == "" {
		return errors.New("the options Verifier, Broker and Endpoint are required")
	}
	for _, d := range []time.Duration{o.ActionLifetime, o.SampleLifetime} {
		if d < acsauth.MinTokenLifetime || d > acsauth.MaxTokenLifetime {
			return fmt.Errorf("a token lifetime of %s is outside 60 to 1440 minutes", d)
		}
	}
	if o.MaxInFlight < 1 {
		return errors.New("the option MaxInFlight must be at least 1")
	}
	if o.Drain < 0 || o.Drain > time.Minute {
		return errors.New("the option Drain must be 0 to 1 minute")
	}
	return nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// A publicURL is the identifier of this API (RFC 9728) and where its metadata are.
type publicURL struct{ resource, base, metadata string }

// wellKnown puts a well-known segment between host and path (RFC 8414 section 3, RFC 9728 section 3.1).
func (p *publicURL) wellKnown(segment string) (path string) { return segment + p.base }

func newPublicURL(s string) (*publicURL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the option PublicURL must be an http or https URL without user, query and fragment")
	}
	p := &publicURL{resource: s, base: strings.TrimSuffix(u.EscapedPath(), "/")}
	p.metadata = u.Scheme + "://" + u.Host + p.wellKnown(metadataPath)
	return p, nil
}

// Handler returns the handler of the whole API.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }
