package cosmos

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// The consistency levels of an account, strongest first.
const (
	Strong           = "Strong"
	BoundedStaleness = "BoundedStaleness"
	Session          = "Session"
	ConsistentPrefix = "ConsistentPrefix"
	Eventual         = "Eventual"
)

func levels() []string {
	return []string{Strong, BoundedStaleness, Session, ConsistentPrefix, Eventual}
}

// Options of an account.
type Options struct {
	// Consistency of the account. Empty: Session, as the service has it.
	Consistency string
	// MultipleWrites says that the account has several regions that take writes.
	MultipleWrites bool
	// SecondRegion adds a region that serves reads, from the lagging replica whatever the consistency.
	SecondRegion bool
	// TLS serves https, with a certificate that [Server.Client] trusts.
	TLS bool
	// Token is a bearer token that is accepted beside the key. Empty: none is.
	Token string
	// MaxPage bounds the items of one page of a query, whatever the client asks for. Zero: 1000.
	MaxPage int
	// EmptyPages puts an empty page before each page of a query.
	EmptyPages bool
	// Now is the clock of the service. Nil: that of the machine.
	Now func() time.Time
}

// A Server is an account of the stand-in. Its methods may be called at once.
type Server struct {
	// Key is the master key of the account.
	Key string

	options Options
	key     []byte
	first   *listener
	second  *listener // of the other region, or nil
	roots   *x509.CertPool

	mu        sync.Mutex
	databases map[string]*database
	serial    uint64 // of resources and entity tags
	stale     bool
	faults    []*Fault
	healed    chan struct{} // closed by Heal
	suspended bool
	requests  []Request
}

// A listener serves one region.
type listener struct {
	url    string
	server *http.Server
	done   chan struct{}
}

// Start serves a new, empty account on a free port of loopback.
func Start(o Options) (*Server, error) {
	if o.Consistency == "" {
		o.Consistency = Session
	}
	if rank(o.Consistency) < 0 {
		return nil, fmt.Errorf("cosmos: there is no consistency level %q", o.Consistency)
	}
	if o.MaxPage == 0 {
		o.MaxPage = 1000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o, key: make([]byte, 64), databases: map[string]*database{}, healed: make(chan struct{})}
	_, _ = rand.Read(s.key) // never fails
	s.Key = base64.StdEncoding.EncodeToString(s.key)
	var config *tls.Config
	if o.TLS {
		var err error
		if config, s.roots, err = certificate(); err != nil {
			return nil, fmt.Errorf("cosmos: %w", err)
		}
	}
	var err error
	if s.first, err = s.listen(config, false); err != nil {
		return nil, err
	}
	if o.SecondRegion {
		if s.second, err = s.listen(config, true); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// listen serves a region.
func (s *Server) listen(config *tls.Config, lags bool) (*listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cosmos: %w", err)
	}
	scheme := "http"
	if config != nil {
		scheme = "https"
		l = tls.NewListener(l, config)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, lags) })
	it := &listener{url: scheme + "://" + l.Addr().String(), done: make(chan struct{}),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}}
	go func() {
		defer close(it.done)
		_ = it.server.Serve(l) // ends with Close
	}()
	return it, nil
}

// Endpoint is the address of the account.
func (s *Server) Endpoint() string { return s.first.url }

// Client is an HTTP client that trusts the certificate of the account, with connections of its own.
func (s *Server) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64}}
}

// Close ends the account. What it held is gone.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []*listener{s.first, s.second} {
		if l != nil {
			errs = append(errs, l.close())
		}
	}
	return errors.Join(errs...)
}

// close lets requests under way end, but not for long.
func (l *listener) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := l.server.Shutdown(ctx)
	if err != nil {
		err = l.server.Close()
	}
	<-l.done
	return err
}

// SetConsistency changes the consistency level of the account.
func (s *Server) SetConsistency(level string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Consistency = level
}

// SetMultipleWrites changes whether the account has several write regions.
func (s *Server) SetMultipleWrites(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.MultipleWrites = on
}

// SetStale stops the replica, so that it shows the items of this moment, or lets it catch up.
// Reads that are weaker than bounded staleness and bring no newer session token are served by it.
func (s *Server) SetStale(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = on
	for _, d := range s.databases {
		for _, c := range d.containers {
			c.hold()
		}
	}
}

func rank(level string) int {
	for i, l := range levels() {
		if l == level {
			return i
		}
	}
	return -1
}
