package stores

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/entra"
	"github.com/acs-solutions/acsauth/internal/store/graph"
)

// journal is the store of what Graph cannot keep.
func (s Spec) journal() Spec {
	j := s
	j.DSN = s.settings().GraphJournal
	return j
}

func (s Spec) openGraph(ctx context.Context) (acsauth.Store, error) {
	if s.Config == nil {
		return nil, errors.New("the graph store needs its settings, ACSAUTH_GRAPH_MODE and the others")
	}
	journal, err := Open(ctx, s.journal())
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_GRAPH_JOURNAL: %w", err)
	}
	store, err := s.graphOver(ctx, journal)
	if err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	return store, nil
}

// graphOver opens Graph with a journal that is open.
func (s Spec) graphOver(ctx context.Context, journal acsauth.Store) (*graph.Store, error) {
	c := s.Config
	client, err := s.newEntra()
	if err != nil {
		return nil, err
	}
	keys, err := macKeys(c)
	if err != nil {
		return nil, err
	}
	o := graph.Options{
		BaseURL: c.GraphURL, Mode: graph.Mode(c.GraphMode), Entra: client, Extension: c.GraphExtension, MACKeys: keys,
		Adopt: c.GraphAdopt, Resource: c.Resource(), Journal: journal, Log: s.Log, Observe: s.Observe, AllowLoopback: s.AllowLoopback, Wrap: s.WrapGraph,
	}
	if c.GraphMode == config.Application && len(c.TenantIDs) == 1 {
		o.Issuer = c.AuthorizationServers()[0]
	}
	return graph.Open(ctx, o)
}

// newEntra makes the client that asks Entra ID for tokens for Graph, as this API's app registration.
func (s Spec) newEntra() (*entra.Client, error) {
	c := s.Config
	o := entra.Options{
		AuthorityHost: c.AuthorityHost, Tenants: c.TenantIDs, ClientID: c.ClientID, Secret: c.ClientSecret.Reveal(),
		Certificate: []byte(c.ClientCertificate.Reveal()), AllowLoopback: s.AllowLoopback, Wrap: s.WrapEntra,
	}
	var err error
	switch c.ClientCredential {
	case config.ManagedIdentity:
		o.Assertion, err = entra.ManagedIdentity(c.ACSClientID, "")
	case config.WorkloadIdentity:
		o.Assertion = entra.FederatedFile(c.ACSTokenPath)
	}
	if err != nil {
		return nil, err
	}
	client, err := entra.New(o)
	if err == nil {
		s.Live.add(client)
	}
	return client, err
}

// macKeys names each key by its digest, so that keys can change places. Without
// keys a random one is made: it verifies nothing, and nothing is written with it.
func macKeys(c *config.Config) ([]graph.MACKey, error) {
	raw := [][]byte{[]byte(rand.Text() + rand.Text())}
	if !c.GraphMACKeys.IsZero() || c.UsesGraph() {
		var err error
		if raw, err = c.MACKeys(); err != nil {
			return nil, fmt.Errorf("ACSAUTH_GRAPH_MAC_KEYS: %w", err)
		}
	}
	keys := make([]graph.MACKey, len(raw))
	for i, key := range raw {
		sum := sha256.Sum256(append([]byte("acsauth key id "), key...))
		keys[i] = graph.MACKey{ID: hex.EncodeToString(sum[:8]), Key: key}
	}
	return keys, nil
}

// Adoption returns where identities are taken over from for users without a row
// in store, or nil if the settings do not ask for it.
func Adoption(ctx context.Context, s Spec, store acsauth.Store) (func(context.Context, acsauth.UserKey) (acsauth.Identity, error), error) {
	if !s.Config.GraphAdopt || s.Config.UsesGraph() {
		return nil, nil
	}
	samples, err := s.graphOver(ctx, keptOpen{store})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, key acsauth.UserKey) (acsauth.Identity, error) {
		row, err := samples.Get(ctx, key)
		if errors.Is(err, acsauth.ErrNotFound) || err == nil && row.State != acsauth.Active {
			return "", nil
		}
		return row.Identity, err
	}, nil
}

// keptOpen is a store that somebody else closes.
type keptOpen struct{ acsauth.Store }

func (keptOpen) Close() error { return nil }
