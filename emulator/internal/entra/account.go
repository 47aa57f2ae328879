package entra

import (
	"crypto/sha256"
	"fmt"
)

// maxPicked is how many users the sign-in page lists.
const maxPicked = 50

// userAt finds the account that a name stands for at the tenant of a path. It is nil when there is no such user at all.
func (d *Directory) userAt(t tenant, key string) (*User, *Error) {
	if key == "" {
		return nil, nil
	}
	if u := d.userIn(t.id, key); u != nil {
		return u, nil
	}
	u := d.user(key)
	if u == nil {
		return nil, nil
	}
	return d.accountAt(t, u)
}

// accountAt finds the account that a person has at the tenant of a path: the member or the guest there, and for a
// tenant-independent name the member at home.
func (d *Directory) accountAt(t tenant, u *User) (*User, *Error) {
	want := t.id
	if t.common() {
		want = u.HomeTenantID
	}
	if u.TenantID == want && d.tenantByID(want).Kind == t.kind {
		return u, nil
	}
	g := d.registered()
	g.mu.RLock()
	found := g.byHome[want+"|"+u.home()]
	g.mu.RUnlock()
	if found == nil || d.tenantByID(want).Kind != t.kind {
		return nil, fail(50020, "User account '%s' from identity provider '%s' does not exist in tenant '%s' and cannot access the "+
			"application in that tenant. The account needs to be added as an external user in the tenant first. Sign out and "+
			"sign in again with a different Azure Active Directory user account.", clip(u.Mail), u.HomeTenantID, t.segment)
	}
	return found, nil
}

// pickable lists the users that the sign-in page of a tenant offers.
func (d *Directory) pickable(t tenant) []User {
	var list []User
	for _, u := range d.allUsers() {
		if len(list) == maxPicked {
			break
		}
		if here, e := d.accountAt(t, u); e == nil && here == u {
			list = append(list, *u)
		}
	}
	return list
}

// appAt checks that a registration can be used at the tenant of a path.
func (d *Directory) appAt(t tenant, a *App) *Error {
	switch {
	case t.common() && !a.MultiTenant:
		return fail(50194, "Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /common endpoint is "+
			"not supported for such applications created after '10/15/2018'. Use a tenant-specific endpoint or configure the "+
			"application to be multi-tenant.", a.ID, a.Name)
	case !t.common() && !d.present(a.TenantID, a.MultiTenant, t.id):
		return unknownApp(a.ID)
	}
	return nil
}

// clientAt finds the client of a request. An application that acts for itself has to name its tenant, which is another error.
func (s *Service) clientAt(t tenant, id, grant string) (*App, *Error) {
	a := s.client(id)
	if a == nil {
		return nil, unknownApp(id)
	}
	if s.dir.app(id) == nil { // loose
		return a, nil
	}
	if e := s.dir.appAt(t, a); e != nil && (e.Code != 50194 || grant != grantClient) {
		return nil, e
	}
	return a, nil
}

// concrete is the tenant that a path means where one has to be named: the first one for common.
func (d *Directory) concrete(t tenant) string {
	if t.common() || t.id == "" {
		return d.TenantID
	}
	return t.id
}

// present reports whether a registration of one tenant has a service principal in another.
func (d *Directory) present(home string, multi bool, tenantID string) bool {
	if home == "" {
		home = d.TenantID
	}
	return home == tenantID || multi && d.tenantByID(tenantID).Kind == Workforce
}

// offers reports whether the API can be asked for in a tenant. Microsoft's own services are in all but B2C.
func (d *Directory) offers(r *Resource, tenantID string) bool {
	if r.TenantID == "" {
		return d.tenantByID(tenantID).Kind != B2C
	}
	return d.present(r.TenantID, r.MultiTenant, tenantID)
}

// principal is the object id of an application's service principal: another one in each tenant.
func (d *Directory) principal(a *App, tenantID string) string {
	if a.TenantID == tenantID || a.TenantID == "" && tenantID == d.TenantID {
		return a.ObjectID
	}
	return derivedGUID(a.ObjectID, tenantID)
}

// derivedGUID makes the same GUID of the same words.
func derivedGUID(words ...string) string {
	b := sha256.Sum256(fmt.Appendf(nil, "acsauth emulator %q", words))
	b[6] = b[6]&0x0f | 0x80 // version 8 of RFC 9562
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// checkTenant checks that a code is redeemed where it was issued.
func (g grantFacts) checkTenant(t tenant) *Error {
	switch {
	case g.policy != t.policy:
		return otherPolicy()
	case g.tenant != t.id:
		return fail(700005, "Provided Authorization Code is intended to use against other tenant, thus rejected. OAuth2 Authorization "+
			"Code must be redeemed against same tenant it was acquired for (/common or /{tenant-ID} as appropriate)")
	}
	return nil
}

func otherPolicy() *Error {
	return fail(700005, "The grant was issued by another policy.")
}

// reachable checks that the resource of a token exists in the tenant that is to issue it.
func (s *Service) reachable(sub subject) *Error {
	t := s.tenantFor(sub)
	if s.dir.offers(sub.resource, t.id) {
		return nil
	}
	return fail(500011, "The resource principal named %s was not found in the tenant named %s.", sub.resource.URIs[0], t.id)
}
