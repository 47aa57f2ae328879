package emulator

import "github.com/acs-solutions/acsauth/emulator/internal/entra"

// User is a user of one of the tenants.
type User struct {
	Name         string `json:"name"` // what login_hint and TokenRequest.User take
	ObjectID     string `json:"objectId"`
	TenantID     string `json:"tenantId"`
	UPN          string `json:"userPrincipalName"`
	DisplayName  string `json:"displayName"`
	Mail         string `json:"mail"`
	Guest        bool   `json:"guest"`
	TeamsLicense bool   `json:"teamsLicense"`
}

// Users lists the users of all tenants: those of the first tenant first, those that were added last.
func (e *Emulator) Users() []User {
	all := e.entra.Users()
	list := make([]User, 0, len(all))
	for _, u := range all {
		list = append(list, User{
			Name: u.Name, ObjectID: u.ObjectID, TenantID: u.TenantID, UPN: u.UPN, DisplayName: u.DisplayName, Mail: u.Mail,
			Guest: u.Guest, TeamsLicense: u.TeamsLicense,
		})
	}
	return list
}

// App is an application registration, without its secrets.
type App struct {
	ID           string              `json:"id"` // client id
	Name         string              `json:"name"`
	TenantID     string              `json:"tenantId"`
	MultiTenant  bool                `json:"multiTenant,omitempty"`
	Public       bool                `json:"public"`
	RedirectURIs []string            `json:"redirectUris,omitempty"`
	Loopback     bool                `json:"loopback,omitempty"`  // http://localhost and http://127.0.0.1 are registered with any port
	Delegated    map[string][]string `json:"delegated,omitempty"` // scopes that have consent, by resource
	Roles        map[string][]string `json:"roles,omitempty"`     // application permissions that have consent, by resource
}

// Apps lists the application registrations of all tenants, those that were added last.
func (e *Emulator) Apps() []App {
	all := e.entra.Apps()
	list := make([]App, 0, len(all))
	for _, a := range all {
		list = append(list, app(a))
	}
	return list
}

func app(a entra.App) App {
	out := App{
		ID: a.ID, Name: a.Name, TenantID: a.TenantID, MultiTenant: a.MultiTenant, Public: a.Public,
		RedirectURIs: a.RedirectURIs, Loopback: a.Loopback, Delegated: a.Delegated, Roles: a.Roles,
	}
	if out.TenantID == "" {
		out.TenantID = TenantID
	}
	return out
}
