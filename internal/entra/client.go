package entra

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
)

const (
	grantOBO = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// flightLimit is how long one request for a token may take, retry included.
	flightLimit = 20 * time.Second
	// maxAssertion is the longest token of a user that is sent on, in bytes.
	maxAssertion = 64 << 10
)

// A Client gets tokens. Its methods may be called at once.
type Client struct {
	host    string
	tenants []string
	id      string
	proof   atomic.Pointer[prover]
	rs256   bool
	http    *http.Client

	cache   *otter.Cache[slot, Token]
	flights singleflight.Group

	mu   sync.Mutex
	hold time.Time // no requests before: Entra limits the rate
}

// New checks the options and returns a Client. It sends nothing. All faults of the options are reported at once.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	prove, err := newProver(&o)
	if err != nil {
		return nil, err
	}
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{ // no Proxy: the environment does not decide where secrets go
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: 90 * time.Second,
			MaxIdleConnsPerHost: 16, MaxResponseHeaderBytes: 64 << 10,
		}
	}
	if o.Wrap != nil {
		transport = o.Wrap(transport)
	}
	size := o.MaxCached
	if size == 0 {
		size = defaultCached
	}
	cache, err := otter.New(&otter.Options[slot, Token]{
		MaximumSize: size,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[slot, Token]) time.Duration {
			return max(time.Until(e.Value.Expires), time.Millisecond)
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("entra: %w", err)
	}
	c := &Client{
		host: o.AuthorityHost, tenants: slices.Clone(o.Tenants), id: strings.ToLower(o.ClientID), rs256: o.RS256, cache: cache,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	c.proof.Store(&prove)
	return c, nil
}

// Close forgets all tokens and ends the cache's goroutines.
func (c *Client) Close() error {
	c.cache.InvalidateAll()
	c.cache.StopAllGoroutines()
	c.http.CloseIdleConnections()
	return nil
}

// Forget drops a token that a resource refused, so that the next call asks anew.
func (c *Client) Forget(t Token) {
	c.cache.ComputeIfPresent(t.slot, func(kept Token) (Token, otter.ComputeOp) {
		if kept.Value == t.Value {
			return kept, otter.InvalidateOp
		}
		return kept, otter.CancelOp
	})
}

// OnBehalfOf returns a token for scopes that acts for the user key, whose own
// access token for us is assertion and whose tenant is tenant. The caller has
// verified that the assertion is this user's. Codes: entra_*, consent_required,
// step_up_required, assertion_rejected.
func (c *Client) OnBehalfOf(ctx context.Context, tenant string, key acsauth.UserKey, assertion string, scopes []string) (Token, error) {
	switch {
	case key == acsauth.UserKey{} || len(scopes) == 0:
		return Token{}, errors.New("entra: a user key and at least one scope are needed")
	case assertion == "" || len(assertion) > maxAssertion:
		return Token{}, fmt.Errorf("entra: the user's token must have 1 to %d bytes", maxAssertion)
	}
	s := userSlot(tenant, key, assertion, scopes)
	return c.get(ctx, s, url.Values{
		"grant_type": {grantOBO}, "requested_token_use": {"on_behalf_of"}, "assertion": {assertion}, "scope": {s.scopes},
	})
}

// ForApp returns a token of the application itself. scope ends in /.default. Codes: entra_*.
func (c *Client) ForApp(ctx context.Context, tenant, scope string) (Token, error) {
	s := slot{tenant: tenant, scopes: scope}
	return c.get(ctx, s, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
}

// get returns a kept token or asks for one. Equal calls at once share one
// request, which outlives whoever asked first; each waits by its own ctx.
func (c *Client) get(ctx context.Context, s slot, form url.Values) (Token, error) {
	if err := ctx.Err(); err != nil {
		return Token{}, fmt.Errorf("entra: %w", err)
	}
	if !slices.Contains(c.tenants, s.tenant) {
		return Token{}, &acsauth.Error{Kind: acsauth.Rejected, Code: codeClient, Op: op, Err: errors.New("a tenant that is not configured"),
			Detail: "This server may not ask Microsoft Entra ID for tokens of this tenant.",
			Hint:   "Operator: add the tenant to the tenants of this server."}
	}
	if t, ok := c.cache.GetIfPresent(s); ok && t.usable(s, time.Now()) {
		return t, nil
	}
	flight := c.flights.DoChan(s.flight(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightLimit)
		defer cancel()
		t, err := c.request(ctx, s, form)
		if err == nil {
			c.cache.Set(s, t)
		}
		return t, err
	})
	select {
	case <-ctx.Done():
		return Token{}, fmt.Errorf("entra: %w", ctx.Err())
	case r := <-flight:
		if r.Err != nil {
			return Token{}, r.Err
		}
		t, ok := r.Val.(Token)
		if !ok || !t.usable(s, time.Now()) { // must never happen: somebody else's token
			return Token{}, &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: op, Err: errors.New("a token of another slot")}
		}
		return t, nil
	}
}
