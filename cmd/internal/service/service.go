// Package service puts the parts together and runs them: store, ACS client,
// broker, verifier, server and metrics. Both programs use it.
package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/failpoint"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/server"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// Options of one run.
type Options struct {
	Config *config.Config // checked
	Log    *slog.Logger
	// Stdout and Stderr take the audit log if the settings say so.
	Stdout, Stderr io.Writer
	// AllowLoopback permits upstreams on this machine, without TLS. Development only.
	AllowLoopback bool
	// Now is the clock that tokens are judged, dated and signed by. Nil: time.Now. For an emulator whose clock was moved.
	Now func() time.Time
	// SampleUsers and Inspect are the users that the playground offers to sign in as, and the page of the emulator. Development only.
	SampleUsers []string
	Inspect     string
	// Ready is told the addresses once the service can serve. It must not block. Nil: nobody is told.
	Ready func(Addresses)
}

// Addresses are the URLs that the service is reached at from this machine.
type Addresses struct {
	Server  string
	Metrics string // "" if there are none
}

// Run serves until ctx ends and then stops in order: no new requests, those in
// flight finished, background work ended, store closed. It returns nil after a
// clean stop.
func Run(ctx context.Context, o Options) (err error) {
	c := o.Config
	listeners, err := listen(c)
	if err != nil {
		return err
	}
	defer listeners.close()
	metrics := newMetrics()
	export, err := telemetry.StartExport(ctx, metrics, o.Log)
	if err != nil {
		return err
	}
	defer closeExport(export, o.Log)
	ctx = export.Context(ctx)
	if err := stores.Resolve(ctx, c); err != nil {
		return err
	}
	spec := stores.FromConfig(c, o.AllowLoopback, o.Log)
	spec.Observe, spec.WrapEntra, spec.WrapGraph = metrics.BrokerEvent, wrap(metrics, entraOperation), wrap(metrics, graphOperation)
	opened, err := openStore(ctx, spec)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	store := observe(failpoint.Store(opened), metrics) // the fail points are none in a normal build
	countStore(metrics, opened)
	governor, err := newGovernor(c)
	if err != nil {
		return err
	}
	countQuota(metrics, governor)
	acs, err := newACS(o, metrics, governor)
	if err != nil {
		return err
	}
	adopt, err := adoption(ctx, spec, opened)
	if err != nil {
		return err
	}
	g, err := newGuards(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	mappings, err := newMappings(c)
	if err != nil {
		return err
	}
	brk, err := broker.New(broker.Options{
		Store: store, ACS: acs, Resource: c.Resource(), Scopes: scopes(c), CustomIDs: c.ACSCustomIDs, Rehome: c.Rehome == config.Recreate, Adopt: adopt, Log: o.Log,
		TokenBytes: c.TokenBytes(), InsertOnly: c.StoreKind() == config.Graph, Mappings: mappings, Quota: governor, Now: o.Now,
		MayCreate: g.limits.mayCreate,
		Observe:   func(e broker.Event) { metrics.BrokerEvent(e.Name) },
	})
	if err != nil {
		return err
	}
	verifier, err := newVerifier(o, metrics)
	if err != nil {
		return err
	}
	countKeys(metrics, verifier)
	countCaches(metrics, verifier, brk, mappings)
	shown, err := pages(o)
	if err != nil {
		return err
	}
	srv, err := server.New(server.Options{
		Verifier: verifier, Broker: brk, Metrics: metrics, Log: o.Log, Ready: store.Ping, Delegate: c.Delegates(),
		Policy: g.policy.Decide, Audit: g.audit, AdminClients: c.AdminClients, MaxInFlight: c.MaxInFlight,
		Limits: g.limits.server(), ClientAddress: g.limits.proxies.Client, TLS: g.tlsConfig(),
		Secure:   g.tls != nil || strings.HasPrefix(c.PublicURL, "https://"),
		Endpoint: acs.Endpoint(), Scope: c.Scope, ScopeURI: c.ScopeURI(), PublicURL: c.PublicURL,
		AuthorizationServers: c.AuthorizationServers(), AllowedOrigins: c.AllowedOrigins,
		ActionLifetime: c.TokenLifetime.Duration(), SampleLifetime: c.SampleTokenLifetime.Duration(), Drain: c.ShutdownDelay, Now: o.Now, Pages: shown,
	})
	if err != nil {
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx)) // background work outlives ctx by the requests in flight
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { verifier.Run(work) })
	wg.Go(func() { brk.Run(work) })
	wg.Go(func() { serveMetrics(work, listeners.metrics, metrics.Handler(), o.Log) })
	wg.Go(func() { g.run(work) })
	if w, ok := opened.(acsauth.Watcher); ok && mappings != nil {
		mappings.Hears(false) // until it does
		wg.Go(func() { w.Watch(work, mappings.Drop, mappings.Hears) })
	}
	wg.Go(func() {
		watchSecrets(work, secretHooks{Config: c, ACS: acs, Stores: spec.Live, Log: o.Log, Metrics: metrics, Forget: brk.ForgetTokens})
	})
	wg.Go(func() { announce(ctx, verifier, listeners.addresses(g.tls != nil), o) })
	o.Log.Info("listening", "address", listeners.server.Addr().String(), "store", c.Store, "acs", acs.Endpoint())
	err = serve(ctx, srv, g.limits.listener(listeners.server), c.ShutdownDelay+c.ShutdownTimeout)
	if err == nil {
		o.Log.Info("stopped")
	}
	return err
}

// serve runs the server until ctx ends, and waits for it no longer than the given time after that.
func serve(ctx context.Context, srv *server.Server, ln net.Listener, patience time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, ln) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		return errors.New("requests were still in flight when ACSAUTH_SHUTDOWN_TIMEOUT was over")
	}
}

// closeExport sends the last telemetry. That it could not is no reason to say that the stop went wrong.
func closeExport(e *telemetry.Export, log *slog.Logger) {
	if err := e.Close(); err != nil {
		log.Warn("the last telemetry was not sent", "error", err)
	}
}

// announce says when the service can serve, that is when the signing keys of every tenant are there.
func announce(ctx context.Context, verifier *authn.Verifier, a Addresses, o Options) {
	if waitReady(ctx, verifier) != nil {
		return // stopped before it was ready
	}
	o.Log.Info("ready", "server", a.Server)
	if o.Ready != nil {
		o.Ready(a)
	}
}

// waitReady waits until the verifier has its keys. When ctx ends first, it says why they are not there.
func waitReady(ctx context.Context, verifier *authn.Verifier) error {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		err := verifier.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return err
		}
	}
}

func newMetrics() *telemetry.Metrics {
	m := telemetry.NewMetrics()
	m.PresetBrokerEvents(broker.EventNames()...)
	m.PresetBrokerEvents(stores.EventNames()...)
	m.PresetBrokerEvents(secretEventNames()...)
	return m
}

// countStore lets each scrape count what the store holds.
func countStore(m *telemetry.Metrics, store acsauth.Store) {
	m.SetStore(func(ctx context.Context) (telemetry.StoreCounts, error) {
		n, err := store.Counts(ctx)
		return telemetry.StoreCounts(n), err
	})
}

func scopes(c *config.Config) []acsauth.Scope {
	out := make([]acsauth.Scope, len(c.Scopes))
	for i, s := range c.Scopes {
		out[i] = acsauth.Scope(s)
	}
	return out
}
