package stores

import (
	"context"
	"errors"
	"fmt"

	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/secret"
)

// Fetcher makes what fetches the secrets of c from Key Vault. It sends nothing yet.
func Fetcher(c *config.Config) (config.Fetch, error) {
	credential, err := NewCredential(c.KeyVaultCredential, c)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_KEYVAULT_CREDENTIAL: %w", err)
	}
	return secret.NewVaults(credential, nil).Get, nil
}

// Resolve fetches those secrets of c that are in Key Vault and were not fetched yet, and then checks all settings
// again. Its error joins every [config.Fault]. Without such secrets it does nothing.
func Resolve(ctx context.Context, c *config.Config) error {
	if !c.Pending() {
		return nil
	}
	fetch, err := Fetcher(c)
	if err != nil {
		return err
	}
	return c.Resolve(ctx, fetch)
}

// storeSecrets are the settings that stores use.
var storeSecrets = [...]string{"ACSAUTH_STORE_SECRET", "ACSAUTH_GRAPH_MAC_KEYS", "ACSAUTH_CLIENT_SECRET", "ACSAUTH_CLIENT_CERTIFICATE"}

// resolved returns s with its secrets fetched, for programs that did not do so at their start.
func (s Spec) resolved(ctx context.Context, kind string) (Spec, error) {
	switch pending := s.Config != nil && s.Config.Pending(); {
	case !s.Secret.Pending() && (kind != config.Graph || !pending):
		return s, nil
	case !pending:
		return s, config.ErrUnresolved
	}
	err := Resolve(ctx, s.Config)
	if _, ok := errors.AsType[*config.Fault](err); ok {
		err = config.Only(err, storeSecrets[:]...)
	}
	if err != nil {
		return s, err
	}
	if s.Secret.Pending() {
		s.Secret = s.Config.StoreSecret
	}
	return s, nil
}
