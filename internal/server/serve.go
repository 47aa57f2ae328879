package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The limits of a connection.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second // of header and body
	writeTimeout      = 40 * time.Second // from the end of the header to the end of the answer
	idleTimeout       = 60 * time.Second
	maxHeader         = 32 << 10 // bytes
)

const (
	// gracePeriod is how long requests in flight may go on after the stop.
	gracePeriod = 25 * time.Second
	// lastWords is how long a request that was cut off has for its answer.
	lastWords = time.Second
)

// Serve answers requests from ln, over HTTP/1.1 and with TLS if there is
// Options.TLS, until ctx ends. Then readiness turns red, each answer ends its
// connection, and, after Options.Drain, idle connections are closed and no new
// ones are taken. Requests in flight do not notice and have 25 seconds to
// finish; what is left then is cut off with 503, and Serve returns an error.
// It returns nil after a clean stop. ln is closed in any case.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	base, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	srv := s.httpServer(base)
	served := make(chan error, 1)
	if s.o.TLS != nil {
		ln = tls.NewListener(ln, s.o.TLS) // inside of listener, which watches the plain text
	}
	go func() { served <- srv.Serve(listener{ln}) }()
	select {
	case err := <-served:
		_ = srv.Close() // the listener is broken already
		return fmt.Errorf("server: %w", err)
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	time.Sleep(s.o.Drain) // idle connections stay: a balancer that has not looked away yet may be sending on one
	srv.SetKeepAlivesEnabled(false)
	return stop(srv, served, cut)
}

func (s *Server) httpServer(base context.Context) *http.Server {
	srv := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes:               maxHeader,
		DisableGeneralOptionsHandler: true,
		BaseContext:                  func(net.Listener) context.Context { return base },
		ConnContext:                  withConn,
		Protocols:                    new(http.Protocols),
		// What net/http has to say holds addresses of clients, so it is for the debug level.
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	srv.Protocols.SetHTTP1(true)
	return srv
}

// stop waits for the requests in flight, and cuts off those that do not finish.
func stop(srv *http.Server, served <-chan error, cut context.CancelCauseFunc) error {
	grace, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	err := srv.Shutdown(grace)
	if err == nil {
		<-served
		return nil
	}
	cut(errStopping)
	last, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	_ = srv.Shutdown(last) // the error of the first stands
	_ = srv.Close()
	<-served
	if errors.Is(err, context.DeadlineExceeded) {
		return errStopping
	}
	return fmt.Errorf("server: %w", err)
}
