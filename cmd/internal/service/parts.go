package service

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/cmd/internal/failpoint"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/mapcache"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/server"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// parts are what the service is made of, in the order in which they are made.
type parts struct {
	o       Options
	metrics *telemetry.Metrics

	spec     stores.Spec
	opened   acsauth.Store // as it is
	store    acsauth.Store // with what watches it
	governor *quota.Governor
	acs      *acsidentity.Client

	guards   guards
	mappings *mapcache.Cache
	broker   *broker.Broker
	verifier *authn.Verifier
}

// open makes what the service depends on: secrets, store, and the client of ACS.
func (p *parts) open(ctx context.Context) (err error) {
	c := p.o.Config
	if err := stores.Resolve(ctx, c); err != nil {
		return err
	}
	p.spec = stores.FromConfig(c, p.o.AllowLoopback, p.o.Log)
	p.spec.Observe, p.spec.WrapEntra, p.spec.WrapGraph = p.metrics.BrokerEvent, wrap(p.metrics, entraOperation), wrap(p.metrics, graphOperation)
	if p.opened, err = openStore(ctx, p.spec); err != nil {
		return err
	}
	p.store = observe(failpoint.Store(p.opened), p.metrics) // the fail points are none in a normal build
	countStore(p.metrics, p.opened)
	if p.governor, err = newGovernor(c); err != nil {
		return err
	}
	countQuota(p.metrics, p.governor)
	p.acs, err = newACS(p.o, p.metrics, p.governor)
	return err
}

// join makes what the service itself does: guards, broker and verifier.
func (p *parts) join(ctx context.Context) error {
	c := p.o.Config
	adopt, err := adoption(ctx, p.spec, p.opened)
	if err != nil {
		return err
	}
	if p.guards, err = newGuards(p.o); err != nil {
		return err
	}
	if p.mappings, err = newMappings(c); err != nil {
		return err
	}
	p.broker, err = broker.New(broker.Options{
		Store: p.store, ACS: p.acs, Resource: c.Resource(), Scopes: scopes(c), CustomIDs: c.ACSCustomIDs, Rehome: c.Rehome == config.Recreate, Adopt: adopt, Log: p.o.Log,
		TokenBytes: c.TokenBytes(), InsertOnly: c.StoreKind() == config.Graph, Mappings: p.mappings, Quota: p.governor, Now: p.o.Now,
		MayCreate: p.guards.limits.mayCreate,
		Observe:   func(e broker.Event) { p.metrics.BrokerEvent(e.Name) },
	})
	if err != nil {
		return err
	}
	if p.verifier, err = newVerifier(p.o, p.metrics); err != nil {
		return err
	}
	countKeys(p.metrics, p.verifier)
	countCaches(p.metrics, p.verifier, p.broker, p.mappings)
	return nil
}

// server makes the HTTP face of the parts.
func (p *parts) server() (*server.Server, error) {
	c, g := p.o.Config, p.guards
	shown, err := pages(p.o)
	if err != nil {
		return nil, err
	}
	return server.New(server.Options{
		Verifier: p.verifier, Broker: p.broker, Metrics: p.metrics, Log: p.o.Log, Ready: p.store.Ping, Delegate: c.Delegates(),
		Policy: g.policy.Decide, Audit: g.audit, AdminClients: c.AdminClients, MaxInFlight: c.MaxInFlight,
		Limits: g.limits.server(), ClientAddress: g.limits.proxies.Client, TLS: g.tlsConfig(),
		Secure:   g.tls != nil || strings.HasPrefix(c.PublicURL, "https://"),
		Endpoint: p.acs.Endpoint(), Scope: c.Scope, ScopeURI: c.ScopeURI(), PublicURL: c.PublicURL,
		AuthorizationServers: c.AuthorizationServers(), AllowedOrigins: c.AllowedOrigins,
		ActionLifetime: c.TokenLifetime.Duration(), SampleLifetime: c.SampleTokenLifetime.Duration(), Drain: c.ShutdownDelay, Now: p.o.Now, Pages: shown,
	})
}

// begin starts what goes on in the background until ctx ends.
func (p *parts) begin(ctx context.Context, wg *sync.WaitGroup) {
	wg.Go(func() { p.verifier.Run(ctx) })
	wg.Go(func() { p.broker.Run(ctx) })
	wg.Go(func() { p.guards.run(ctx) })
	if w, ok := p.opened.(acsauth.Watcher); ok && p.mappings != nil {
		p.mappings.Hears(false) // until it does
		wg.Go(func() { w.Watch(ctx, p.mappings.Drop, p.mappings.Hears) })
	}
	wg.Go(func() {
		watchSecrets(ctx, secretHooks{Config: p.o.Config, ACS: p.acs, Stores: p.spec.Live, Log: p.o.Log, Metrics: p.metrics, Forget: p.broker.ForgetTokens})
	})
}

// close ends what was made, in the reverse order.
func (p *parts) close() error {
	errs := []error{p.guards.close()}
	if p.opened != nil {
		errs = append(errs, p.opened.Close())
	}
	return errors.Join(errs...)
}
