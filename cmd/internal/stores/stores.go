// Package stores opens every kind of identity store by its name. It is the only
// place that knows them all.
package stores

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/graph"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// A Spec says which store, and how to get in.
type Spec struct {
	// DSN names the store as ACSAUTH_STORE does. It holds no secret and may be shown.
	DSN string
	// Secret is the password or the account key. Empty: Credential is used.
	Secret config.Secret
	// Credential is the kind of Azure credential for a store without a secret. Empty: that of a managed identity for
	// tables and cosmos, none for postgres.
	Credential string
	// Config holds the settings of the identity behind Credential and of the graph store. Nil: there are none.
	Config *config.Config
	// AllowLoopback permits services on this machine without TLS.
	AllowLoopback bool
	// Log is told what the store has to say. Nil: nothing.
	Log *slog.Logger
	// Live takes new secrets to the store later. Nil: they stay as they are.
	Live *Live
	// Observe is told each event of the graph store by name. Nil: nobody is told.
	Observe func(event string)
	// WrapEntra and WrapGraph stand around the transports to Entra ID and Graph, to watch them. Nil: nothing does.
	WrapEntra, WrapGraph func(http.RoundTripper) http.RoundTripper
}

// EventNames lists the closed set of names that Observe is told.
func EventNames() []string { return graph.EventNames() }

// FromConfig is the store that the settings name.
func FromConfig(c *config.Config, allowLoopback bool, log *slog.Logger) Spec {
	return Spec{DSN: c.Store, Secret: c.StoreSecret, Credential: c.StoreCredential, Config: c, AllowLoopback: allowLoopback, Log: log, Live: &Live{}}
}

// Files lists the files that Open would create.
func (s Spec) Files() []string {
	name, err := config.ParseStore(s.DSN)
	switch {
	case err != nil:
		return nil
	case name.Kind == config.SQLite:
		return []string{name.Path}
	case name.Kind == config.Graph && s.Config != nil:
		return s.journal().Files()
	}
	return nil
}

// Open opens the store. The caller closes it.
func Open(ctx context.Context, s Spec) (acsauth.Store, error) {
	name, err := config.ParseStore(s.DSN)
	if err != nil {
		return nil, fmt.Errorf("the name of the store %w", err)
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s, err = s.resolved(ctx, name.Kind); err != nil {
		return nil, err
	}
	switch name.Kind {
	case config.Postgres:
		return s.openPostgres(ctx, name)
	case config.Tables:
		return s.openTables(ctx, name)
	case config.Cosmos:
		return s.openCosmos(ctx, name)
	case config.Graph:
		return s.openGraph(ctx)
	}
	return sqlite.Open(ctx, name.Path)
}

// settings are those of Config, or empty ones.
func (s Spec) settings() *config.Config {
	if s.Config == nil {
		return &config.Config{}
	}
	return s.Config
}
