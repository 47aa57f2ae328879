package stores

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/entra"
)

// A Live takes new secrets to the stores that were opened with it in their [Spec]. Its methods may be called at once.
type Live struct {
	password atomic.Pointer[config.Secret] // for new connections to PostgreSQL

	mu      sync.Mutex
	clients []*entra.Client
}

// CanReplaceSecret reports whether the store that the settings name takes a new ACSAUTH_STORE_SECRET while it is open.
// PostgreSQL does, for its next connections. The clients of Azure Tables and Cosmos DB keep the key that they were made with.
func CanReplaceSecret(c *config.Config) bool {
	dsn := c.Store
	if c.UsesGraph() {
		dsn = c.GraphJournal
	}
	name, err := config.ParseStore(dsn)
	return err == nil && name.Kind != config.Tables && name.Kind != config.Cosmos
}

// ReplaceSecret sets the password for new connections. Open connections stay as they are.
func (l *Live) ReplaceSecret(password config.Secret) { l.password.Store(&password) }

// ReplaceClient sets the client secret, or the certificate, by which the graph store proves who it is to Entra ID.
// Just one of the two is set. One that cannot be used leaves the one before in place.
func (l *Live) ReplaceClient(secret, certificate config.Secret) error {
	if secret.IsZero() == certificate.IsZero() {
		return errors.New("give either a client secret or a certificate")
	}
	l.mu.Lock()
	clients := slices.Clone(l.clients)
	l.mu.Unlock()
	for _, c := range clients {
		var err error
		if secret.IsZero() {
			err = c.ReplaceCertificate([]byte(certificate.Reveal()))
		} else {
			err = c.ReplaceSecret(secret.Reveal())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Live) add(c *entra.Client) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clients = append(l.clients, c)
}

// passwords returns what gives each new connection the password of that moment, in the form in which the store of
// PostgreSQL takes changing passwords; nil if the password cannot change.
func (s Spec) passwords() azcore.TokenCredential {
	changes := func(o config.SecretSource) bool { return o.Name == "ACSAUTH_STORE_SECRET" }
	if s.Live == nil || s.Config == nil || s.Secret.IsZero() || !slices.ContainsFunc(s.Config.SecretSources(), changes) || !s.Secret.Equal(s.Config.StoreSecret) {
		return nil
	}
	s.Live.ReplaceSecret(s.Secret)
	return passwordSource{s.Live}
}

type passwordSource struct{ live *Live }

// GetToken returns the password as a token that never ends.
func (p passwordSource) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: p.live.password.Load().Reveal()}, nil
}
