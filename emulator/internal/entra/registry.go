package entra

import (
	"slices"
	"strings"
	"sync"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// registry finds what the directory holds. Entries are never changed, so that they can be used without the lock.
type registry struct {
	mu        sync.RWMutex
	users     []*User
	byName    map[string]*User // in lower case: name, object id, UPN, mail; the first one that has it
	inTenant  map[string]*User // the same below "TENANT|"
	byHome    map[string]*User // "TENANT|HOME TENANT|HOME OBJECT ID"
	apps      []*App
	byClient  map[string]*App
	resources map[string]*Resource // by id and App ID URI
	seeded    [2]int               // how many users and apps there are at the start
}

// registered returns the registry, filled with what there is at the start.
func (d *Directory) registered() *registry {
	d.once.Do(func() {
		d.reg = &registry{}
		d.reg.reset(d)
	})
	return d.reg
}

// reset forgets all that was added.
func (g *registry) reset(d *Directory) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users, g.apps = nil, nil
	g.byName, g.inTenant, g.byHome = make(map[string]*User), make(map[string]*User), make(map[string]*User)
	g.byClient, g.resources = make(map[string]*App), make(map[string]*Resource)
	for _, list := range [][]User{d.Users, d.MoreUsers} {
		for i := range list {
			g.putUser(&list[i])
		}
	}
	for i := range d.Apps {
		g.putApp(&d.Apps[i])
	}
	for i := range d.Resources {
		g.putResource(&d.Resources[i])
	}
	g.seeded = [2]int{len(g.users), len(g.apps)}
}

// keys are the names by which a user is found.
func (u *User) keys() []string {
	var keys []string
	for _, k := range []string{u.Name, u.ObjectID, u.UPN, u.Mail} {
		if k = strings.ToLower(k); k != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// home names the account behind a user: the same for a guest and the member that the guest is at home.
func (u *User) home() string { return u.HomeTenantID + "|" + u.HomeObjectID }

// putUser adds a user. g.mu is held.
func (g *registry) putUser(u *User) {
	g.users = append(g.users, u)
	first := func(m map[string]*User, key string) {
		if m[key] == nil {
			m[key] = u
		}
	}
	for _, k := range u.keys() {
		first(g.byName, k)
		first(g.inTenant, u.TenantID+"|"+k)
	}
	first(g.byHome, u.TenantID+"|"+u.home())
}

// putApp adds a registration and the API it exposes. g.mu is held.
func (g *registry) putApp(a *App) {
	g.apps = append(g.apps, a)
	g.byClient[strings.ToLower(a.ID)] = a
	if a.Exposes != nil {
		g.putResource(a.Exposes)
	}
}

// putResource adds an API. g.mu is held.
func (g *registry) putResource(r *Resource) {
	for _, name := range append([]string{r.ID}, r.URIs...) {
		g.resources[name] = r
	}
}

// app finds a registration by client id.
func (d *Directory) app(id string) *App {
	g := d.registered()
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.byClient[strings.ToLower(id)]
}

// user finds a user by short name, object id, user principal name or mail address. Where several tenants have one, the
// first tenant goes first.
func (d *Directory) user(key string) *User {
	g := d.registered()
	g.mu.RLock()
	u := g.inTenant[d.TenantID+"|"+strings.ToLower(key)]
	if u == nil {
		u = g.byName[strings.ToLower(key)]
	}
	g.mu.RUnlock()
	if u == nil {
		u = d.crowd(key)
	}
	return u
}

// userIn finds a user of one tenant.
func (d *Directory) userIn(tenantID, key string) *User {
	g := d.registered()
	g.mu.RLock()
	u := g.inTenant[tenantID+"|"+strings.ToLower(key)]
	g.mu.RUnlock()
	if u == nil && tenantID == d.TenantID {
		u = d.crowd(key)
	}
	return u
}

// UserByID finds a user of any tenant by object id or user principal name, for the emulated Graph.
func (d *Directory) UserByID(key string) (emu.User, bool) {
	u := d.user(key)
	if u == nil || !strings.EqualFold(u.ObjectID, key) && !strings.EqualFold(u.UPN, key) {
		return emu.User{}, false
	}
	return u.User, true
}

// Listed returns the users of all tenants that have a name of their own, for the emulated Graph.
func (d *Directory) Listed() []emu.User {
	var list []emu.User
	for _, u := range d.allUsers() {
		list = append(list, u.User)
	}
	return list
}

// allUsers lists the users, those of the start first.
func (d *Directory) allUsers() []*User {
	g := d.registered()
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Clone(g.users)
}

// allApps lists the registrations, those of the start first.
func (d *Directory) allApps() []*App {
	g := d.registered()
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Clone(g.apps)
}

// allResources lists all APIs by client id, those that were added, too.
func (d *Directory) allResources() map[string]*Resource {
	g := d.registered()
	g.mu.RLock()
	defer g.mu.RUnlock()
	all := make(map[string]*Resource)
	for _, r := range g.resources { // each stands there under several names
		all[r.ID] = r
	}
	return all
}

// resource finds an API by client id or App ID URI; trailing slashes do not matter.
func (d *Directory) resource(name string) *Resource {
	g := d.registered()
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.resources[strings.TrimRight(strings.ToLower(name), "/")]
}
