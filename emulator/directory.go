package emulator

import (
	"fmt"
	"slices"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/acs-solutions/acsauth/emulator/internal/entra"
)

// directory is the content of the tenants. Tokens for the API have the given version.
func directory(version string) *entra.Directory {
	return &entra.Directory{
		TenantID: TenantID, Domain: Domain, OtherTenantID: OtherTenantID,
		API: APIClientID, DefaultClient: SPAClientID, DefaultDaemon: DaemonClientID, Graph: graphID, Teams: teamsID,
		Tenants: tenants(), Users: users(), MoreUsers: moreUsers(), Apps: apps(), Resources: resources(version),
	}
}

func tenants() []entra.Tenant {
	return []entra.Tenant{
		{ID: OtherTenantID, Domain: OtherDomain, API: APIClientID, Client: SPAClientID},
		{ID: ExternalTenantID, Domain: ExternalDomain, Kind: entra.ExternalID, API: ExternalAPIClientID, Client: ExternalSPAClientID},
		{ID: B2CTenantID, Domain: B2CDomain, Kind: entra.B2C, API: B2CAPIClientID, Client: B2CSPAClientID,
			Policies: []string{B2CPolicy, B2COtherPolicy}},
	}
}

// users are those of the first tenant.
func users() []entra.User {
	alice := member("alice", AliceObjectID, "Alice", "Adams", true)
	alice.Groups = []string{StaffGroupID, SupportGroupID, CallsGroupID}
	alice.Roles = map[string][]string{APIClientID: {UserRole}}
	gail := member("gail", GailObjectID, "Gail", "Guest", false)
	gail.UPN, gail.Mail = "gail_fabrikam.example#EXT#@"+Domain, "gail@"+OtherDomain
	gail.Guest, gail.HomeObjectID, gail.HomeTenantID = true, GailHomeObjectID, OtherTenantID
	return []entra.User{
		alice,
		member("bob", BobObjectID, "Bob", "Brown", true),
		member("carol", CarolObjectID, "Carol", "Clark", false),
		gail,
	}
}

// moreUsers are otto, and those of the further tenants.
func moreUsers() []entra.User {
	otto := member("otto", OttoObjectID, "Otto", "Overage", false)
	otto.Groups = []string{StaffGroupID}
	for n := range 249 {
		otto.Groups = append(otto.Groups, fmt.Sprintf("ac5a0000-0000-4002-a000-%012d", n+1))
	}
	return []entra.User{
		otto,
		elsewhere(member("gail", GailHomeObjectID, "Gail", "Guest", false), OtherTenantID, OtherDomain),
		elsewhere(member("fred", FredObjectID, "Fred", "Fisher", true), OtherTenantID, OtherDomain),
		elsewhere(member("cora", CoraObjectID, "Cora", "Customer", false), ExternalTenantID, ExternalDomain),
		elsewhere(member("carl", CarlObjectID, "Carl", "Client", false), ExternalTenantID, ExternalDomain),
		elsewhere(member("bea", BeaObjectID, "Bea", "Buyer", false), B2CTenantID, B2CDomain),
	}
}

// member is a member of the first tenant.
func member(name, oid, given, surname string, teams bool) entra.User {
	upn := name + "@" + Domain
	return entra.User{
		User: emu.User{
			ObjectID: oid, TenantID: TenantID, UPN: upn, Mail: upn, TeamsLicense: teams,
			DisplayName: given + " " + surname, GivenName: given, Surname: surname,
		},
		Name: name, HomeObjectID: oid, HomeTenantID: TenantID,
	}
}

// elsewhere makes a user a member of another tenant.
func elsewhere(u entra.User, tenantID, domain string) entra.User {
	u.TenantID, u.HomeTenantID = tenantID, tenantID
	u.UPN = u.Name + "@" + domain
	u.Mail = u.UPN
	return u
}

// Permissions of Microsoft Graph and of ACS that applications here can have.
var (
	graphScopes = []string{"User.Read", "User.ReadWrite", "User.Read.All", "User.ReadWrite.All", "User.ReadBasic.All"}
	teamsScopes = []string{"Teams.ManageCalls", "Teams.ManageChats"}
	phoneScopes = []string{"TeamsExtension.ManageCalls"} // Teams Phone extensibility
	acsScopes   = []string{"Chat", "Chat.Join", "Chat.Join.Limited", "VoIP", "VoIP.Join"}
)

func apps() []entra.App {
	graphRoles := []string{"User.Read.All", "User.ReadWrite.All"}
	return []entra.App{{
		ID: APIClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005a1", Name: "acsauth API", Secret: APIClientSecret,
		TenantID: TenantID, MultiTenant: true, RedirectURIs: []string{APIRedirectURI},
		Delegated: map[string][]string{graphID: {"User.Read", "User.ReadWrite"}, APIClientID: {Scope}},
		Roles:     map[string][]string{graphID: graphRoles},
	}, {
		ID: SPAClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005a2", Name: "acsauth playground", Public: true, Loopback: true,
		TenantID: TenantID, MultiTenant: true,
		Delegated: map[string][]string{graphID: {"User.Read"}, APIClientID: {Scope}, teamsID: slices.Clone(teamsScopes), acsClientsID: slices.Clone(acsScopes)},
		Requested: map[string][]string{teamsID: slices.Clone(phoneScopes)},
	}, {
		ID: DaemonClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005a3", Name: "acsauth daemon", Secret: DaemonClientSecret,
		TenantID: TenantID, Roles: map[string][]string{APIClientID: {AppRole}, graphID: graphRoles},
	}, {
		ID: ExternalAPIClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005e1", Name: "customers API", Secret: ExternalAPIClientSecret,
		TenantID: ExternalTenantID, RedirectURIs: []string{APIRedirectURI},
		Delegated: map[string][]string{graphID: {"User.Read"}, ExternalAPIClientID: {Scope}},
	}, {
		ID: ExternalSPAClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005e2", Name: "customers client", Public: true, Loopback: true,
		TenantID: ExternalTenantID, Delegated: map[string][]string{graphID: {"User.Read"}, ExternalAPIClientID: {Scope}},
	}, {
		ID: B2CAPIClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005b1", Name: "consumers API", Secret: B2CAPIClientSecret,
		TenantID: B2CTenantID, RedirectURIs: []string{APIRedirectURI},
		Delegated: map[string][]string{B2CAPIClientID: {Scope}}, Roles: map[string][]string{B2CAPIClientID: {AppRole}},
	}, {
		ID: B2CSPAClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005b2", Name: "consumers client", Public: true, Loopback: true,
		TenantID: B2CTenantID, Delegated: map[string][]string{B2CAPIClientID: {Scope}},
	}}
}

func resources(version string) []entra.Resource {
	claims := []entra.OptionalClaim{{Name: "acct"}, {Name: "xms_cc"}, {Name: "acrs"}}
	return []entra.Resource{
		{ID: APIClientID, TenantID: TenantID, MultiTenant: true, URIs: []string{AppIDURI}, Version: version, Scopes: []string{Scope},
			Roles: []string{AppRole, UserRole}, Claims: claims, Groups: true},
		{ID: ExternalAPIClientID, TenantID: ExternalTenantID, URIs: []string{ExternalAppIDURI}, Version: "2.0", Scopes: []string{Scope},
			Roles: []string{AppRole, UserRole}, Claims: claims},
		{ID: B2CAPIClientID, TenantID: B2CTenantID, URIs: []string{B2CAppIDURI}, Version: "2.0", Scopes: []string{Scope}, Roles: []string{AppRole}},
		{ID: graphID, URIs: []string{"https://graph.microsoft.com"}, Version: "1.0", Nonce: true, Scopes: slices.Clone(graphScopes),
			Roles: slices.Clone(graphScopes)},
		{ID: teamsID, URIs: []string{"https://auth.msft.communication.azure.com"}, Version: "1.0", Scopes: slices.Concat(teamsScopes, phoneScopes)},
		{ID: acsClientsID, URIs: []string{"https://communication.azure.com/clients"}, Version: "1.0", Scopes: slices.Clone(acsScopes)},
		{ID: communication, URIs: []string{"https://communication.azure.com"}, Version: "1.0"},
	}
}
