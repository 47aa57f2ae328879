package service

import (
	"strings"

	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/config"
)

// A KeySource is one place that is asked for signing keys: a tenant, a policy or an issuer.
type KeySource struct {
	What     string
	Metadata string // address of its discovery document
	Entra    bool   // it is a tenant of Microsoft Entra ID
	issuer   authn.Issuer
}

// KeySources takes the issuers apart, so that each tenant and policy is asked for itself.
func (p Pinger) KeySources() (out []KeySource) {
	for _, i := range p.Config.AllIssuers() {
		one := authnIssuer(i)
		switch {
		case i.Kind == config.KindEntra && !i.AnyTenant:
			for _, t := range i.Tenants {
				one.TenantIDs = []string{t}
				out = append(out, newKeySource("Entra ID tenant "+t, one))
			}
		case i.Kind == config.KindB2C:
			for _, policy := range i.Policies {
				one.Policies = []string{policy}
				out = append(out, newKeySource("Issuer "+i.Name+", policy "+policy, one))
			}
		default:
			out = append(out, newKeySource("Issuer "+i.Name, one))
		}
	}
	return out
}

func newKeySource(what string, i authn.Issuer) KeySource {
	return KeySource{What: what, Metadata: base(i) + "/.well-known/openid-configuration", Entra: i.Kind == authn.Entra, issuer: i}
}

// base is what the address of the discovery document begins with.
func base(i authn.Issuer) string {
	switch {
	case i.Kind == authn.OIDC:
		return strings.TrimSuffix(i.IssuerURL, "/")
	case i.Kind == authn.B2C:
		return i.AuthorityHost + "/" + strings.ToLower(i.TenantIDs[0]) + "/" + strings.ToLower(i.Policies[0]) + "/v2.0"
	case i.AnyTenant:
		return i.AuthorityHost + "/organizations/v2.0"
	}
	return i.AuthorityHost + "/" + strings.ToLower(i.TenantIDs[0]) + "/v2.0"
}
