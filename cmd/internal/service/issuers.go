package service

import (
	"errors"
	"log/slog"

	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// CheckIssuers names what is wrong with the issuers of c taken together, such as
// two that would accept the same token. It makes no request.
func CheckIssuers(c *config.Config, allowLoopback bool) error {
	return authnOptions(c, Options{AllowLoopback: allowLoopback}).Validate()
}

func authnOptions(c *config.Config, o Options) authn.Options {
	out := authn.Options{AllowLoopback: o.AllowLoopback, Log: o.Log, Now: o.Now, CacheSize: c.VerifiedCache}
	for _, i := range c.AllIssuers() {
		out.Issuers = append(out.Issuers, authnIssuer(i))
	}
	return out
}

func authnIssuer(i config.Issuer) authn.Issuer {
	kind, _ := authn.ParseKind(i.Kind) // the words are checked, and the same
	return authn.Issuer{
		Name: i.Name, Kind: kind, AuthorityHost: i.Authority, TenantIDs: i.Tenants, AnyTenant: i.AnyTenant, Policies: i.Policies,
		IssuerURL: i.Issuer, KeysHosts: i.KeysHosts, Algorithms: i.Algorithms, KeyClaim: i.KeyClaim,
		Audiences: i.Audiences, AllowedClients: i.Clients, AppClients: i.AppClients, TeamsClients: i.TeamsClients,
		AllowGuests: i.Guests, Scopes: i.Scopes, Roles: i.Roles,
	}
}

// NewVerifier returns the verifier of the service's issuers, without loading a key.
func NewVerifier(c *config.Config, allowLoopback bool, log *slog.Logger) (*authn.Verifier, error) {
	return newVerifier(Options{Config: c, AllowLoopback: allowLoopback, Log: log}, telemetry.NewMetrics())
}

func newVerifier(o Options, m *telemetry.Metrics) (*authn.Verifier, error) {
	options := authnOptions(o.Config, o)
	options.Wrap = wrap(m, issuerOperation)
	v, err := authn.New(options)
	if err != nil {
		return nil, errors.Join(errors.New("the issuers of callers' tokens cannot be used"), err)
	}
	return v, nil
}
