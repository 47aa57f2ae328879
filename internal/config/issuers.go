package config

import (
	"slices"
	"strings"
)

// The kinds of issuers, as the file of ACSAUTH_ISSUERS writes them.
const (
	KindEntra      = "entra"
	KindExternalID = "external-id"
	KindB2C        = "b2c"
	KindOIDC       = "oidc"
)

// MainIssuer is the name of the issuer that the ACSAUTH_ settings describe.
const MainIssuer = "entra"

// An Issuer is one issuer of callers' tokens, from the settings or from the file
// of ACSAUTH_ISSUERS. docs/issuers.md explains the members.
type Issuer struct {
	Name      string
	Kind      string
	Authority string // scheme and host; not for oidc
	Issuer    string // iss of an oidc issuer, or of external-id behind a custom domain
	Tenants   []string
	AnyTenant bool
	Policies  []string // of b2c

	Audiences    []string
	Clients      []string
	AppClients   []string // accepted for tokens of programs only
	TeamsClients []string
	Guests       bool
	Scopes       []string
	Roles        []string

	KeysHosts  []string // of oidc
	Algorithms []string // of oidc
	KeyClaim   string   // of oidc and b2c
}

// AllIssuers lists every issuer: that of the settings, if they describe one, and those of the file.
func (c *Config) AllIssuers() []Issuer {
	var out []Issuer
	if c.hasMain() {
		out = append(out, Issuer{
			Name: MainIssuer, Kind: KindEntra, Authority: c.AuthorityHost, Tenants: c.TenantIDs, AnyTenant: c.AnyTenant,
			Audiences: c.AllAudiences(), Clients: c.AllowedClients, AppClients: c.AdminClients, TeamsClients: c.TeamsClients,
			Guests: c.AllowGuests, Scopes: []string{c.Scope}, Roles: c.Roles,
		})
	}
	return append(out, c.issuers...)
}

// hasMain reports whether the settings describe an issuer. They must, unless there is a file.
func (c *Config) hasMain() bool {
	return c.Issuers == "" || len(c.TenantIDs) > 0 || c.AnyTenant || c.ClientID != "" || len(c.AllowedClients) > 0
}

// AuthorizationServers lists the issuers that clients get tokens from, one for each tenant.
func (c *Config) AuthorizationServers() []string {
	var out []string
	for _, i := range c.AllIssuers() {
		for _, s := range i.servers() {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// MainAuthorities lists the issuers of the settings, without those of the file.
func (c *Config) MainAuthorities() []string {
	if !c.hasMain() {
		return nil
	}
	return c.AllIssuers()[0].servers()
}

func (i Issuer) servers() (out []string) {
	switch {
	case i.Issuer != "":
		return []string{i.Issuer}
	case i.AnyTenant:
		return []string{i.Authority + "/organizations/v2.0"}
	case i.Kind == KindB2C:
		for _, p := range i.Policies {
			out = append(out, i.Authority+"/"+i.Tenants[0]+"/"+strings.ToLower(p)+"/v2.0")
		}
		return out
	}
	for _, t := range i.Tenants {
		out = append(out, i.Authority+"/"+t+"/v2.0")
	}
	return out
}

// ScopeURI is the full name of the scope that clients ask for, of the first issuer.
func (c *Config) ScopeURI() string {
	list := c.AllIssuers()
	if c.hasMain() || len(list) == 0 {
		return "api://" + c.ClientID + "/" + c.Scope
	}
	first := list[0]
	if first.Kind == KindOIDC {
		return first.Scopes[0]
	}
	uri := first.Audiences[0]
	if n := slices.IndexFunc(first.Audiences, func(s string) bool { return strings.Contains(s, ":") }); n >= 0 {
		uri = first.Audiences[n]
	} else if isGUID(strings.ToLower(uri)) {
		uri = "api://" + uri
	}
	return strings.TrimSuffix(uri, "/") + "/" + first.Scopes[0]
}

// readIssuers reads the file of ACSAUTH_ISSUERS, if there is one.
func (c *Config) readIssuers(fs *faults, mode Mode) {
	if c.Issuers == "" {
		return
	}
	text, err := readFile(c.Issuers)
	if err != nil {
		fs.add("ACSAUTH_ISSUERS", "names "+quote(c.Issuers)+", which cannot be read: "+reason(err), find("ACSAUTH_ISSUERS").write)
		return
	}
	list, found := ParseIssuers([]byte(text), mode)
	for _, f := range found {
		fs.add(c.Issuers+": "+f.Place, f.Problem, f.Write)
	}
	if len(found) == 0 {
		c.issuers = list
	}
}

// graphCallers wants the tenants by name if tokens are asked for on behalf of their users.
func (k *check) graphCallers() {
	c := k.c
	if strings.HasPrefix(c.Store, "graph") && len(c.TenantIDs) == 0 && (c.AnyTenant || !c.hasMain()) {
		k.bad("ACSAUTH_TENANT_IDS", missing+", and the graph store needs the tenants")
	}
}
