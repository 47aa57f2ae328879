package service

import (
	"context"
	"fmt"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
)

// openStore opens the store that the settings name.
func openStore(ctx context.Context, spec stores.Spec) (acsauth.Store, error) {
	store, err := stores.Open(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_STORE: %w", err)
	}
	return store, nil
}

// adoption is where identities are taken over from, or nil.
func adoption(ctx context.Context, spec stores.Spec, store acsauth.Store) (func(context.Context, acsauth.UserKey) (acsauth.Identity, error), error) {
	adopt, err := stores.Adoption(ctx, spec, store)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_GRAPH_ADOPT: %w", err)
	}
	return adopt, nil
}
