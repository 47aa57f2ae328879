package authn

import (
	"strings"
)

const wellKnown = "/.well-known/openid-configuration"

// sourcesOf returns the sources of an issuer's keys, by what finds them in its
// map. Every address in them comes from the configuration.
func sourcesOf(i Issuer) map[string]*source {
	out := make(map[string]*source)
	switch i.Kind {
	case Entra:
		for id := range guidSet(i.TenantIDs) {
			out[id] = entraSource(i.AuthorityHost, id, id)
		}
		if i.AnyTenant {
			out[""] = entraSource(i.AuthorityHost, "organizations", allTenants)
		}
	case ExternalID:
		id := strings.ToLower(i.TenantIDs[0])
		s := newSource(id, i)
		s.metadata[v2], s.fixed[v2] = i.AuthorityHost+"/"+id+"/v2.0"+wellKnown, i.issuerOf()
		out[id] = s
	case B2C:
		for policy := range guidSet(i.Policies) { // in lower case, as Azure writes them in URLs
			s := newSource(i.Name+"/"+policy, i)
			s.metadata[open], s.fixed[open] = i.AuthorityHost+"/"+strings.ToLower(i.TenantIDs[0])+"/"+policy+"/v2.0"+wellKnown, i.issuerOf()
			out[policy] = s
		}
	case OIDC:
		s := newSource(i.Name, i)
		s.metadata[open], s.fixed[open] = strings.TrimSuffix(i.IssuerURL, "/")+wellKnown, i.IssuerURL
		s.anyUse = true
		out[""] = s
	}
	return out
}

func newSource(id string, i Issuer) *source { return &source{id: id, algs: i.Algorithms} }

// entraSource is that of one tenant, or of all of a cloud.
func entraSource(host, segment, id string) *source {
	s := &source{id: id, algs: []string{"RS256"}}
	s.metadata[v1] = host + "/" + segment + wellKnown
	s.metadata[v2] = host + "/" + segment + "/v2.0" + wellKnown
	s.fixed[v2] = host + "/" + id + "/v2.0"
	if host == publicAuthority {
		s.fixed[v1] = publicSTS + id + "/"
	}
	return s
}

// origins are the schemes and hosts that the documents of an issuer may be on.
func (i Issuer) origins() []string {
	switch i.Kind {
	case ExternalID: // the name or the tenant id may be the host; both are Microsoft's own
		return []string{i.AuthorityHost, originOf(i.issuerOf())}
	case OIDC:
		list := []string{originOf(i.IssuerURL)}
		for _, h := range i.KeysHosts {
			list = append(list, "https://"+h)
		}
		return list
	}
	return []string{i.AuthorityHost}
}

// originOf returns scheme and host of a URL that was checked.
func originOf(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
