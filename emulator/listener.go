package emulator

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

// Limits of every listener.
const (
	maxBody         = 1 << 20
	maxHeader       = 64 << 10
	headerTimeout   = 5 * time.Second
	readTimeout     = 15 * time.Second
	writeTimeout    = 11 * time.Minute // the longest delay of a fault is 10
	idleTimeout     = 60 * time.Second
	shutdownTimeout = 500 * time.Millisecond
)

// listener is one open port and its server.
type listener struct {
	net    net.Listener
	server *http.Server
	url    string
	secure bool
}

// newListener opens a port. With a TLS configuration it speaks TLS and goes by the name localhost.
func newListener(addr string, h http.Handler, config *tls.Config) (*listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	host, _, _ := net.SplitHostPort(addr) // checked by the options
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // what this machine reaches it by
	}
	l := &listener{net: ln, url: "http://" + net.JoinHostPort(host, port), secure: config != nil}
	if l.secure {
		l.url = "https://localhost:" + port
	}
	l.server = &http.Server{
		Handler: h, TLSConfig: config, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // handshakes that clients break off
	}
	return l, nil
}

// serve runs until close.
func (l *listener) serve(log *slog.Logger) {
	err := l.run()
	if !errors.Is(err, http.ErrServerClosed) {
		log.Error("emulator: listener stopped", "url", l.url, "error", err)
	}
}

func (l *listener) run() error {
	if l.secure {
		return l.server.ServeTLS(l.net, "", "")
	}
	return l.server.Serve(l.net)
}

// abandon closes a port that was never served.
func (l *listener) abandon() {
	if l != nil {
		l.net.Close()
	}
}

// close lets requests in flight finish for a moment.
func (l *listener) close() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		l.server.Close()
	}
}
