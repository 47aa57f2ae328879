package entra

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// User is a user of the directory. The home ids differ from the others for a guest only.
type User struct {
	emu.User
	Name         string // short name, for example alice; unique in its tenant
	HomeObjectID string
	HomeTenantID string
	Roles        map[string][]string // resource id: app roles assigned to the user
}

// App is an application registration together with its service principal.
type App struct {
	ID           string // client id
	TenantID     string // where it is registered; empty: the first tenant
	MultiTenant  bool   // it has a service principal in every workforce tenant
	IDClaims     []OptionalClaim
	Exposes      *Resource // the API that the registration exposes, for [Service.AddApp]
	ObjectID     string    // of the service principal
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
	if err != nil || len(uri) > maxURI || u.Scheme != "http" || u.User != nil || strings.Contains(uri, "#") || strings.Contains(uri, `\`) {
		return false
	}
	return u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
}

// Resource is an API that tokens are issued for.
type Resource struct {
	ID          string   // client id
	TenantID    string   // where it is registered; empty: a service of Microsoft's own
	MultiTenant bool     // it has a service principal in every workforce tenant
	URIs        []string // App ID URIs, lower case, no trailing slash
	Version     string   // accessTokenAcceptedVersion: "1.0" or "2.0"; B2C has a form of its own
	Nonce       bool     // its tokens carry a nonce in the header and cannot be verified plainly
	Scopes      []string // delegated permissions
	Roles       []string // app roles
	Claims      []OptionalClaim
	Groups      bool // groupMembershipClaims: tokens for users carry the groups claim

	AdminScopes []string // those of Scopes that only an admin can consent to
}

// Directory is the content of all tenants. The exported fields are what there is at the start and do not change after it;
// what is added later is behind the methods, which are safe for concurrent use.
type Directory struct {
	TenantID      string // the first tenant
	Domain        string
	OtherTenantID string   // home of the guest, issuer of wrong tokens
	API           string   // id of the resource of scripted tokens
	DefaultClient string   // client of scripted tokens
	DefaultDaemon string   // client of scripted app-only tokens
	Graph         string   // id of the resource that unprefixed scopes belong to
	Teams         string   // id of the resource of Teams tokens
	Tenants       []Tenant // beside the first one
	Users         []User
	MoreUsers     []User // those that came with the further tenants
	Apps          []App
	Resources     []Resource

	once sync.Once
	reg  *registry
}
