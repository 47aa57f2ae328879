package stores

import (
	"cmp"
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/cosmos"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
	"github.com/acs-solutions/acsauth/internal/store/tables"
)

// openPostgres logs in with the secret, or with a token of Entra ID if a credential is named.
func (s Spec) openPostgres(ctx context.Context, name config.StoreName) (acsauth.Store, error) {
	o := postgres.Options{DSN: name.URL, Password: s.Secret.Reveal(), Log: s.Log}
	if s.Credential != "" {
		credential, err := NewCredential(s.Credential, s.settings())
		if err != nil {
			return nil, err
		}
		o.Credential = credential
	} else if changing := s.passwords(); changing != nil {
		o.Password, o.Credential = "", changing
	}
	return postgres.Open(ctx, o)
}

// credential makes the credential of a store that has no secret; without a name, that of a managed identity.
func (s Spec) credential() (azcore.TokenCredential, error) {
	if !s.Secret.IsZero() {
		return nil, nil
	}
	return NewCredential(cmp.Or(s.Credential, config.ManagedIdentity), s.settings())
}

func (s Spec) openTables(ctx context.Context, name config.StoreName) (acsauth.Store, error) {
	credential, err := s.credential()
	if err != nil {
		return nil, err
	}
	return tables.Open(ctx, tables.Options{
		Endpoint: name.URL, AccountName: name.Account, AccountKey: s.Secret.Reveal(), Credential: credential, Table: name.Table,
		AllowHTTP: s.AllowLoopback, Log: s.Log,
	})
}

func (s Spec) openCosmos(ctx context.Context, name config.StoreName) (acsauth.Store, error) {
	credential, err := s.credential()
	if err != nil {
		return nil, err
	}
	return cosmos.Open(ctx, cosmos.Options{
		Endpoint: name.URL, Key: s.Secret.Reveal(), Credential: credential, Database: name.Database, Container: name.Container,
		AllowHTTP: s.AllowLoopback, AllowSession: s.settings().CosmosSession, Log: s.Log,
	})
}
