package entra

import (
	"net/url"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// User is a user of the directory. The home ids differ from the others for a guest only.
type User struct {
	emu.User
	Name         string // short name, for example alice
	HomeObjectID string
	HomeTenantID string
}

// App is an application registration together with its service principal.
type App struct {
	ID           string // client id
	ObjectID     string // of the service principal
	Name         string
	Secret       string // empty for a public client
	Public       bool
	RedirectURIs []string            // compared as whole strings
	Loopback     bool                // http://localhost and http://127.0.0.1 with any port and path are registered, too
	Delegated    map[string][]string // resource id: scopes that have consent
	Roles        map[string][]string // resource id: application permissions that have consent

	Requested      map[string][]string // resource id: delegated permissions of the registration that need a user's or admin's consent
	RequestedRoles map[string][]string // resource id: application permissions that need an admin's consent
	Certificates   [][]byte            // DER, for client assertions; see [Service.AddCertificate]
	Federated      []Federated         // whose tokens stand in for a secret
	FrontChannel   string              // front-channel logout URI; loaded in a frame when the session ends
	proof          string              // azpacr when it is not the one of the registration
}

// redirectAllowed reports whether uri is registered for the application.
func (a *App) redirectAllowed(uri string) bool {
	return slices.Contains(a.RedirectURIs, uri) || a.Loopback && loopbackRedirect(uri)
}

// loopbackRedirect is the rule for an application that registered http://localhost and http://127.0.0.1.
func loopbackRedirect(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil || strings.Contains(uri, "#") || strings.Contains(uri, `\`) {
		return false
	}
	return u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
}

// Resource is an API that tokens are issued for.
type Resource struct {
	ID      string   // client id
	URIs    []string // App ID URIs, lower case, no trailing slash
	Version string   // of its access tokens: "1.0" or "2.0"
	Nonce   bool     // its tokens carry a nonce in the header and cannot be verified plainly
	Scopes  []string // delegated permissions

	AdminScopes []string // those of Scopes that only an admin can consent to
}

// Directory is the content of the one tenant.
type Directory struct {
	TenantID      string
	Domain        string
	OtherTenantID string // a tenant that is not here: home of the guest, issuer of wrong tokens
	API           string // id of the resource whose tokens carry the optional claims acct and xms_cc
	DefaultClient string // client of scripted tokens
	DefaultDaemon string // client of scripted app-only tokens
	Graph         string // id of the resource that unprefixed scopes belong to
	Teams         string // id of the resource of Teams tokens
	Users         []User
	Apps          []App
	Resources     []Resource
}

// app finds a registration by client id.
func (d *Directory) app(id string) *App {
	for i := range d.Apps {
		if strings.EqualFold(d.Apps[i].ID, id) {
			return &d.Apps[i]
		}
	}
	return nil
}

// user finds a user by short name, object id, user principal name or mail address.
func (d *Directory) user(key string) *User {
	for i := range d.Users {
		u := &d.Users[i]
		for _, k := range []string{u.Name, u.ObjectID, u.UPN, u.Mail} {
			if k != "" && strings.EqualFold(k, key) {
				return u
			}
		}
	}
	return d.crowd(key)
}

// UserByID finds a user by object id or user principal name, for the emulated Graph.
func (d *Directory) UserByID(key string) (emu.User, bool) {
	u := d.user(key)
	if u == nil || !strings.EqualFold(u.ObjectID, key) && !strings.EqualFold(u.UPN, key) {
		return emu.User{}, false
	}
	return u.User, true
}

// Listed returns the users that have a name of their own, for the emulated Graph.
func (d *Directory) Listed() []emu.User {
	var list []emu.User
	for _, u := range d.Users {
		list = append(list, u.User)
	}
	return list
}

// resource finds an API by client id or App ID URI; trailing slashes do not matter.
func (d *Directory) resource(name string) *Resource {
	name = strings.TrimRight(strings.ToLower(name), "/")
	for i := range d.Resources {
		if d.Resources[i].ID == name || slices.Contains(d.Resources[i].URIs, name) {
			return &d.Resources[i]
		}
	}
	return nil
}

// tenant is the first path segment, resolved.
type tenant struct {
	segment string // as it appears in our URLs: the GUID, common or organizations
	id      string // GUID, or {tenantid} for a tenant-independent name
}

// common reports whether the name stands for any tenant.
func (t tenant) common() bool { return t.segment != t.id }

// tenant resolves a GUID, a domain, common or organizations.
func (d *Directory) tenant(segment string) (tenant, bool) {
	switch s := strings.ToLower(segment); s {
	case d.TenantID, d.Domain:
		return tenant{d.TenantID, d.TenantID}, true
	case "common", "organizations":
		return tenant{s, "{tenantid}"}, true
	}
	return tenant{}, false
}
