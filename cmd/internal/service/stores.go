package service

import (
	"context"
	"fmt"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// openStore opens the store that the settings name. It is the only place that knows all stores.
func openStore(ctx context.Context, c *config.Config) (acsauth.Store, error) {
	// SQLite is the one store of this version; the settings were checked for it.
	store, err := sqlite.Open(ctx, c.StorePath())
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_STORE: %w", err)
	}
	return store, nil
}
