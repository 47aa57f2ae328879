package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/acs-solutions/acsauth/internal/config"
)

// listeners are the open ports of the service.
type listeners struct {
	server  net.Listener
	metrics net.Listener // nil if switched off
}

func listen(c *config.Config) (listeners, error) {
	var ls listeners
	var err error
	if ls.server, err = listenAt("ACSAUTH_LISTEN", c.Listen); err != nil {
		return ls, err
	}
	if c.MetricsListen == config.Off {
		return ls, nil
	}
	if ls.metrics, err = listenAt("ACSAUTH_METRICS_LISTEN", c.MetricsListen); err != nil {
		ls.close()
	}
	return ls, err
}

// An InUseError says that another program has the port.
type InUseError struct {
	Setting string // name of the setting
	Address string
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("%s: the address %s is in use by another program; stop that program or give another port", e.Setting, e.Address)
}

func listenAt(setting, address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &InUseError{setting, address}
	case err != nil:
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", setting, address, err)
	}
	return ln, nil
}

// close closes what is open; closing twice does no harm.
func (ls listeners) close() {
	for _, ln := range []net.Listener{ls.server, ls.metrics} {
		if ln != nil {
			_ = ln.Close() // the error of a second close says nothing
		}
	}
}

func (ls listeners) addresses(tls bool) Addresses {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	a := Addresses{Server: urlOf(scheme, ls.server)}
	if ls.metrics != nil {
		a.Metrics = urlOf("http", ls.metrics) + "/metrics"
	}
	return a
}

// urlOf is the URL of a listener as seen from this machine.
func urlOf(scheme string, ln net.Listener) string {
	a := ln.Addr().String()
	if ap, err := netip.ParseAddrPort(a); err == nil && ap.Addr().IsUnspecified() {
		a = net.JoinHostPort("localhost", fmt.Sprint(ap.Port()))
	}
	return scheme + "://" + a
}

// serveMetrics serves /metrics until ctx ends.
func serveMetrics(ctx context.Context, ln net.Listener, h http.Handler, log *slog.Logger) {
	if ln == nil {
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", h)
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // a scrape that is cut off is repeated
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		log.Error("the listener of the metrics failed", "error", err)
	}
}
