package entra

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// TenantKind tells the products apart that run tenants.
type TenantKind uint8

// The kinds of tenants.
const (
	Workforce  TenantKind = iota // Microsoft Entra ID
	ExternalID                   // Microsoft Entra External ID (NAME.ciamlogin.com)
	B2C                          // Azure AD B2C (NAME.b2clogin.com)
)

// Tenant is a tenant beside the first one.
type Tenant struct {
	ID       string // lower-case GUID
	Domain   string // lower case, another name of it
	Kind     TenantKind
	API      string   // id of the resource of scripted tokens
	Client   string   // client of scripted tokens
	Policies []string // user flows of B2C, the first one is that of scripted tokens
}

// tenant is the tenant of a path, resolved.
type tenant struct {
	segment string // as it appears in our URLs: the GUID, common or organizations; at B2C with the policy
	id      string // GUID, or {tenantid} for a tenant-independent name
	kind    TenantKind
	policy  string // of B2C, as it was registered
	byQuery bool   // the policy came as the parameter p
}

// common reports whether the name stands for any tenant.
func (t tenant) common() bool { return t.id == "{tenantid}" }

// tenant resolves a GUID, a domain, common or organizations.
func (d *Directory) tenant(segment string) (tenant, bool) {
	s := strings.ToLower(segment)
	if s == "common" || s == "organizations" {
		return tenant{segment: s, id: "{tenantid}"}, true
	}
	if s == d.TenantID || s == d.Domain {
		return tenant{segment: d.TenantID, id: d.TenantID}, true
	}
	for _, t := range d.Tenants {
		if s == t.ID || s == t.Domain {
			return tenant{segment: t.ID, id: t.ID, kind: t.Kind}, true
		}
	}
	return tenant{}, false
}

// tenantByID returns what is known of a tenant; it is empty for an unknown one.
func (d *Directory) tenantByID(id string) Tenant {
	if id == d.TenantID {
		return Tenant{ID: d.TenantID, Domain: d.Domain, API: d.API, Client: d.DefaultClient}
	}
	for _, t := range d.Tenants {
		if t.ID == id {
			return t
		}
	}
	return Tenant{}
}

// locate finds the tenant of a path, and the path below it. At B2C the policy is the second segment, or the parameter p.
func (s *Service) locate(r *http.Request) (t tenant, rest, unknown string) {
	segment, rest, _ := strings.Cut(strings.TrimLeft(r.URL.Path, "/"), "/")
	t, ok := s.dir.tenant(segment)
	if !ok {
		return t, rest, segment
	}
	if t.kind != B2C {
		return t, rest, ""
	}
	name, below, _ := strings.Cut(rest, "/")
	known := s.dir.tenantByID(t.id).Policies
	has := func(name string) int {
		return slices.IndexFunc(known, func(p string) bool { return strings.EqualFold(p, name) })
	}
	if i := has(name); i >= 0 {
		t.policy, t.segment, rest = known[i], t.segment+"/"+strings.ToLower(known[i]), below
	} else if i := has(r.URL.Query().Get("p")); i >= 0 {
		t.policy, t.byQuery = known[i], true
	}
	return t, rest, ""
}

// tenantKey is the key of a request's tenant in its context.
type tenantKey struct{}

// withTenant remembers the tenant of a request.
func withTenant(r *http.Request, t tenant) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), tenantKey{}, t))
}

// tenantOf returns the tenant of a request; without one it is empty.
func tenantOf(r *http.Request) tenant {
	t, _ := r.Context().Value(tenantKey{}).(tenant)
	return t
}
