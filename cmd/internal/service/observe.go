package service

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/telemetry"
	"github.com/acs-solutions/acsauth/internal/tracing"
)

// A meter counts each try of a call that an Azure client makes, and makes a span of it.
type meter struct {
	metrics *telemetry.Metrics
	name    func(*http.Request) string
}

// Do passes the request on.
func (m meter) Do(req *policy.Request) (*http.Response, error) {
	operation, began := m.name(req.Raw()), time.Now()
	ctx, span := tracing.StartCall(req.Raw().Context(), operation, req.Raw().Header)
	res, err := req.WithContext(ctx).Next()
	span.EndCall(res)
	m.metrics.Upstream(operation, tracing.StatusOf(res), time.Since(began))
	return res, err
}

// acsOperation names the call of ACS that a request makes, such as acs.issueAccessToken.
func acsOperation(r *http.Request) string { return "acs." + quota.OpOf(r).String() }

// identityOperation names a request for a token of a managed identity, or for one by a federated one.
func identityOperation(*http.Request) string { return "entra.managedIdentity" }

// wrap returns what stands around a transport and counts its calls under the names that name gives.
func wrap(m *telemetry.Metrics, name func(*http.Request) string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper { return tracing.Transport(next, name, m.Upstream) }
}

func issuerOperation(r *http.Request) string {
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		return "issuer.metadata"
	}
	return "issuer.keys"
}

// entraOperation names a request for a token of this application, its own or on behalf of a user.
func entraOperation(*http.Request) string { return "entra.token" }

func graphOperation(r *http.Request) string { return "graph." + strings.ToLower(r.Method) }

// countKeys lets each scrape tell how old the signing keys are.
func countKeys(m *telemetry.Metrics, v *authn.Verifier) {
	m.SetKeySets(func() (out []telemetry.KeySetAge) {
		for _, s := range v.KeySets() {
			age := telemetry.KeySetAge{Issuer: strings.Trim(s.Of, "{}"), Age: math.Inf(1)}
			if s.Loaded {
				age.Age = s.Age.Seconds()
			}
			out = append(out, age)
		}
		return out
	})
}

// An observed store counts each call, and makes a span of it.
type observed struct {
	acsauth.Store
	metrics *telemetry.Metrics
}

// A findable is an observed store that is a Finder, too.
type findable struct {
	observed
	finder acsauth.Finder
}

// observe returns a store that counts. If s is a Finder, so is it.
func observe(s acsauth.Store, m *telemetry.Metrics) acsauth.Store {
	o := observed{s, m}
	if f, ok := s.(acsauth.Finder); ok {
		return findable{o, f}
	}
	return o
}

// call makes one call of the store.
func (o observed) call(ctx context.Context, operation string, do func(context.Context) error) error {
	began := time.Now()
	ctx, span := tracing.Start(ctx, "store."+operation)
	err := do(ctx)
	outcome := outcomeOf(err)
	span.Set("acsauth.outcome", outcome)
	if outcome != "error" {
		span.End(nil)
	} else {
		span.End(err)
	}
	o.metrics.Stored(operation, outcome, time.Since(began))
	return err
}

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, acsauth.ErrNotFound):
		return "not_found"
	case errors.Is(err, acsauth.ErrConflict):
		return "conflict"
	}
	return "error"
}

// ask is call for a method that returns a value.
func ask[T any](ctx context.Context, o observed, operation string, do func(context.Context) (T, error)) (out T, err error) {
	err = o.call(ctx, operation, func(ctx context.Context) error {
		out, err = do(ctx)
		return err
	})
	return out, err
}

func (o observed) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	return ask(ctx, o, "get", func(ctx context.Context) (acsauth.Mapping, error) { return o.Store.Get(ctx, key) })
}

func (o observed) Insert(ctx context.Context, m acsauth.Mapping) error {
	return o.call(ctx, "insert", func(ctx context.Context) error { return o.Store.Insert(ctx, m) })
}

func (o observed) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	return o.call(ctx, "replace", func(ctx context.Context) error { return o.Store.Replace(ctx, old, next, line) })
}

func (o observed) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	return o.call(ctx, "remove", func(ctx context.Context) error { return o.Store.Remove(ctx, old, line) })
}

func (o observed) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	return o.call(ctx, "put_line", func(ctx context.Context) error { return o.Store.PutLine(ctx, line) })
}

func (o observed) DropLine(ctx context.Context, user, attempt string) error {
	return o.call(ctx, "drop_line", func(ctx context.Context) error { return o.Store.DropLine(ctx, user, attempt) })
}

func (o observed) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	return ask(ctx, o, "lines", func(ctx context.Context) ([]acsauth.JournalLine, error) { return o.Store.Lines(ctx, kind, limit) })
}

func (o observed) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	return ask(ctx, o, "unfinished", func(ctx context.Context) ([]acsauth.Mapping, error) {
		return o.Store.Unfinished(ctx, state, over, limit)
	})
}

func (o observed) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	return ask(ctx, o, "lock", func(ctx context.Context) (bool, error) { return o.Store.Lock(ctx, name, holder, d) })
}

func (o observed) Ping(ctx context.Context) error { return o.call(ctx, "ping", o.Store.Ping) }

func (f findable) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	return ask(ctx, f.observed, "find", func(ctx context.Context) (acsauth.Mapping, error) { return f.finder.Find(ctx, id) })
}
