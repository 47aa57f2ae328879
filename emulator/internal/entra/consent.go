package entra

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// graphAdminScopes are the permissions of Microsoft Graph here that only an admin can consent to.
var graphAdminScopes = []string{"User.Read.All", "User.ReadWrite.All"}

// consentKey is an application and who consented: a user, or an admin for a whole tenant.
type consentKey struct{ app, who string }

func userConsent(app *App, user *User) consentKey { return consentKey{app.ID, "user " + user.ObjectID} }

func tenantConsent(app *App, tenantID string) consentKey {
	return consentKey{app.ID, "tenant " + tenantID}
}

// granted is what was consented to, by resource id.
type granted struct {
	scopes map[string][]string
	roles  map[string][]string
}

// consents are the consents given since the start; those an application is registered with are in [App].Delegated and Roles.
type consents struct {
	mu   sync.Mutex
	all  map[consentKey]granted
	anew map[consentKey]int // the obstacle that a user answered by consenting again
}

func (c *consents) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all, c.anew = nil, nil
}

// add stores a consent. The bound is on users times applications; more are refused.
func (c *consents) add(key consentKey, more granted) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all, c.anew = make(map[consentKey]granted), make(map[consentKey]int)
	}
	old, known := c.all[key]
	if !known && len(c.all) >= maxConsents {
		return fail(90033, "The emulator keeps %d consents and has no room for more.", maxConsents)
	}
	c.all[key] = granted{merge(old.scopes, more.scopes), merge(old.roles, more.roles)}
	return nil
}

func (c *consents) get(key consentKey) (granted, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, ok := c.all[key]
	return g, ok
}

// renew notes that a user consented again while an obstacle was in force.
func (c *consents) renew(key consentKey, obstacle int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.all[key]; known {
		c.anew[key] = obstacle
	}
}

func (c *consents) renewed(app string, user *User, obstacle int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.anew[userConsent(&App{ID: app}, user)] == obstacle
}

// merge joins two lists of permissions by resource.
func merge(a, b map[string][]string) map[string][]string {
	if len(b) == 0 {
		return a
	}
	out := maps.Clone(a)
	if out == nil {
		out = make(map[string][]string)
	}
	for resource, names := range b {
		for _, name := range names {
			if !slices.Contains(out[resource], name) {
				out[resource] = append(slices.Clone(out[resource]), name)
			}
		}
	}
	return out
}

// effective is the application with all that it has consent for: by its registration, by an admin, and by the user.
func (s *Service) effective(app *App, tenantID string, user *User) *App {
	whole, byAdmin := s.flow.consents.get(tenantConsent(app, tenantID))
	var own granted
	byUser := false
	if user != nil {
		own, byUser = s.flow.consents.get(userConsent(app, user))
	}
	if !byAdmin && !byUser {
		return app
	}
	out := *app
	out.Delegated = merge(merge(app.Delegated, whole.scopes), own.scopes)
	out.Roles = merge(app.Roles, whole.roles)
	return &out
}

// registered is the application as if everything it is registered with had consent.
func registered(app *App) *App {
	out := *app
	out.Delegated = merge(app.Delegated, app.Requested)
	return &out
}

// consented returns the delegated scopes of a token for the set, of an application that a user has to have consented to.
func (s *Service) consented(app *App, user *User, set scopeSet) ([]string, *Error) {
	have := s.effective(app, user.TenantID, user)
	if len(app.Requested[set.resource.ID]) > 0 && len(have.Delegated[set.resource.ID]) == 0 && (set.isDefault || len(set.names) > 0) {
		return nil, noConsent(app)
	}
	return set.consented(have)
}

// noConsent is the error for a permission without consent.
func noConsent(app *App) *Error {
	e := fail(65001, "The user or administrator has not consented to use the application with ID '%s' named '%s'. "+
		"Send an interactive authorization request for this user and resource.", app.ID, app.Name)
	e.Suberror = "consent_required"
	return e
}

// wish is what a consent page would ask for.
type wish struct {
	permissions granted
	adminOnly   []string // the full names of permissions that the user cannot consent to
	first       bool     // the user has never consented to this application
}

// empty reports whether there is nothing to ask.
func (w wish) empty() bool { return len(w.permissions.scopes) == 0 && !w.first }

// missing finds what a user has not consented to yet. With all, it is what the request names, consented to or not.
func (s *Service) missing(app *App, user *User, raw string, all bool) wish {
	have := s.effective(app, user.TenantID, user)
	w := wish{permissions: granted{scopes: make(map[string][]string)}}
	if len(app.Requested) > 0 && len(have.Delegated) == 0 {
		_, known := s.flow.consents.get(userConsent(app, user))
		w.first = !known
	}
	for _, p := range s.named(app, raw) {
		if slices.Contains(have.Delegated[p.resource.ID], p.name) {
			if all {
				w.permissions.scopes[p.resource.ID] = append(w.permissions.scopes[p.resource.ID], p.name)
			}
			continue
		}
		w.permissions.scopes[p.resource.ID] = append(w.permissions.scopes[p.resource.ID], p.name)
		if s.adminOnly(p.resource, p.name) {
			w.adminOnly = append(w.adminOnly, p.name)
		}
	}
	return w
}

// permission is one delegated permission.
type permission struct {
	resource *Resource
	name     string
}

// named lists the permissions that a scope parameter stands for; .default stands for all of the registration. Words that are
// not right are left out: they have been refused before.
func (s *Service) named(app *App, raw string) []permission {
	var list []permission
	every := registered(app)
	for word := range strings.FieldsSeq(raw) {
		set, e := s.dir.parseScope(word)
		if e != nil || !set.isDefault && len(set.names) == 0 {
			continue
		}
		if set.isDefault {
			for _, id := range sortedKeys(every.Delegated) {
				if resource := s.dir.resource(id); resource != nil {
					for _, name := range every.Delegated[id] {
						list = append(list, permission{resource, name})
					}
				}
			}
			continue
		}
		list = append(list, permission{set.resource, set.names[0]})
	}
	return list
}

// adminOnly reports whether only an admin can consent to a permission.
func (s *Service) adminOnly(r *Resource, name string) bool {
	return slices.Contains(r.AdminScopes, name) || r.ID == s.dir.Graph && slices.Contains(graphAdminScopes, name)
}

// sortedKeys are the keys of a map in their order.
func sortedKeys(m map[string][]string) []string { return slices.Sorted(maps.Keys(m)) }
