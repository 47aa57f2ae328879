// Package stores opens every kind of identity store by its name. It is the only
// place that knows them all.
package stores

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// A Spec says which store, and how to get in.
type Spec struct {
	// DSN names the store as ACSAUTH_STORE does: sqlite:PATH, postgres://USER@HOST/DATABASE,
	// tables:https://ACCOUNT.table.core.windows.net/TABLE, cosmos:https://ACCOUNT.documents.azure.com/DATABASE/CONTAINER.
	// It holds no secret and may be shown.
	DSN string
	// Secret is the password or the account key. Empty: Credential is used.
	Secret config.Secret
	// AllowLoopback permits services on this machine without TLS.
	AllowLoopback bool
	// Log is told what the store has to say. Nil: nothing.
	Log *slog.Logger
}

// Open opens the store. The caller closes it.
func Open(ctx context.Context, s Spec) (acsauth.Store, error) {
	kind, rest, _ := strings.Cut(s.DSN, ":")
	switch kind {
	case "sqlite":
		return sqlite.Open(ctx, rest)
	}
	return nil, fmt.Errorf("stores: no store is called %q", kind)
}
