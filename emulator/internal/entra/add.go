package entra

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	maxUsers = 10_000 // beside those of the start
	maxApps  = 1_000  // beside those of the start
)

// AddUser adds a user. Left out are filled in: TenantID (the first tenant), ObjectID (made of tenant and name, so the same
// at each start), UPN (name@domain), Mail (the UPN), DisplayName (the name), and the home of a member. It fails on what is
// not valid, on a name, object id, UPN or mail address that the tenant has already, on an object id or UPN that another
// tenant has, and beyond 10,000 users.
func (s *Service) AddUser(u User) error { return s.dir.addUser(u) }

// AddApp adds a registration, with the API that it exposes if Exposes is set. Left out are filled in: TenantID, ObjectID,
// Name, and of the API its ID and Version, "1.0" as at Entra ID, "2.0" in other tenants. Secret or Public have to be set
// unless the application proves who it is in another way. It fails on what is not valid, on a client id or App ID URI that
// exists, and beyond 1,000 registrations.
func (s *Service) AddApp(a App) error { return s.dir.addApp(a) }

// Users lists the users of all tenants, those of the start first.
func (s *Service) Users() []User {
	var list []User
	for _, u := range s.dir.allUsers() {
		list = append(list, *u)
	}
	return list
}

// Apps lists the registrations of all tenants, those of the start first, without their secrets.
func (s *Service) Apps() []App {
	var list []App
	for _, a := range s.dir.allApps() {
		a := *a
		a.Secret = ""
		list = append(list, a)
	}
	return list
}

func (d *Directory) addUser(u User) error {
	u = d.completeUser(u)
	if err := d.checkUser(&u); err != nil {
		return fmt.Errorf("entra: user %q: %w", clip(u.Name), err)
	}
	g := d.registered()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.users)-g.seeded[0] >= maxUsers {
		return fmt.Errorf("entra: there are %d further users already", maxUsers)
	}
	if err := g.newUser(&u); err != nil {
		return fmt.Errorf("entra: user %q: %w", clip(u.Name), err)
	}
	g.putUser(&u)
	return nil
}

// newUser checks that the names of a user are free. g.mu is held.
func (g *registry) newUser(u *User) error {
	for _, k := range u.keys() {
		if g.inTenant[u.TenantID+"|"+k] != nil {
			return fmt.Errorf("%q is the name, object id, UPN or mail address of another user of the tenant", k)
		}
	}
	for _, k := range []string{u.ObjectID, strings.ToLower(u.UPN)} {
		if g.byName[k] != nil {
			return fmt.Errorf("%q belongs to a user of another tenant", k)
		}
	}
	if g.byHome[u.TenantID+"|"+u.home()] != nil {
		return errors.New("the person has an account in the tenant already")
	}
	return nil
}

func (d *Directory) completeUser(u User) User {
	u.TenantID, u.HomeTenantID = strings.ToLower(u.TenantID), strings.ToLower(u.HomeTenantID)
	u.ObjectID, u.HomeObjectID = strings.ToLower(u.ObjectID), strings.ToLower(u.HomeObjectID)
	set := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	set(&u.TenantID, d.TenantID)
	set(&u.ObjectID, derivedGUID("user", u.TenantID, u.Name))
	set(&u.UPN, u.Name+"@"+d.tenantByID(u.TenantID).Domain)
	set(&u.Mail, u.UPN)
	set(&u.DisplayName, u.Name)
	if !u.Guest {
		set(&u.HomeTenantID, u.TenantID)
		set(&u.HomeObjectID, u.ObjectID)
	}
	u.Groups = slices.Clone(u.Groups)
	u.Roles = maps.Clone(u.Roles)
	return u
}

func (d *Directory) addApp(a App) error {
	a = d.completeApp(a)
	if err := d.checkApp(&a); err != nil {
		return fmt.Errorf("entra: application %q: %w", clip(a.ID), err)
	}
	g := d.registered()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.apps)-g.seeded[1] >= maxApps {
		return fmt.Errorf("entra: there are %d further applications already", maxApps)
	}
	if g.byClient[a.ID] != nil {
		return fmt.Errorf("entra: application %q: the client id exists", a.ID)
	}
	if a.Exposes != nil {
		for _, name := range append([]string{a.Exposes.ID}, a.Exposes.URIs...) {
			if g.resources[name] != nil {
				return fmt.Errorf("entra: application %q: the App ID URI %q exists", a.ID, clip(name))
			}
		}
	}
	g.putApp(&a)
	return nil
}

func (d *Directory) completeApp(a App) App {
	a.ID, a.TenantID, a.ObjectID = strings.ToLower(a.ID), strings.ToLower(a.TenantID), strings.ToLower(a.ObjectID)
	if a.TenantID == "" {
		a.TenantID = d.TenantID
	}
	if a.ObjectID == "" {
		a.ObjectID = derivedGUID("service principal", a.ID)
	}
	if a.Name == "" {
		a.Name = a.ID
	}
	if a.Exposes == nil {
		return a
	}
	r := *a.Exposes
	r.ID, r.TenantID, r.MultiTenant, r.Nonce = a.ID, a.TenantID, a.MultiTenant, false
	if r.Version == "" && d.tenantByID(a.TenantID).Kind == Workforce {
		r.Version = "1.0"
	} else if r.Version == "" {
		r.Version = "2.0"
	}
	if len(r.URIs) == 0 {
		r.URIs = []string{"api://" + a.ID}
	}
	a.Exposes = &r
	return a
}
