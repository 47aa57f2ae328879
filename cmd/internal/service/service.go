// Package service puts the parts together and runs them: store, ACS client,
// broker, verifier, server and metrics. Both programs use it.
package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
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
	p := parts{o: o, metrics: metrics}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.open(ctx); err != nil {
		return err
	}
	if err := p.join(ctx); err != nil {
		return err
	}
	srv, err := p.server()
	if err != nil {
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx)) // background work outlives ctx by the requests in flight
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	p.begin(work, &wg)
	wg.Go(func() { serveMetrics(work, listeners.metrics, metrics.Handler(), o.Log) })
	wg.Go(func() { announce(ctx, p.verifier, listeners.addresses(p.guards.tls != nil), o) })
	o.Log.Info("listening", "address", listeners.server.Addr().String(), "store", c.Store, "acs", p.acs.Endpoint())
	err = serve(ctx, srv, p.guards.limits.listener(listeners.server), c.ShutdownDelay+c.ShutdownTimeout)
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
