package emulator

import (
	"slices"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/acs-solutions/acsauth/emulator/internal/entra"
)

// Well-known ids and secrets. They are the same at every start, public, and valid nowhere else.
const (
	// TenantID is the tenant of all users and applications.
	TenantID = "ac5a0000-0000-4000-a000-000000000001"
	// Domain is another name of the tenant.
	Domain = "acsauth.example"
	// OtherTenantID is the home tenant of gail and the issuer of [FlawTenant] tokens. It cannot be signed in to.
	OtherTenantID = "ac5a0000-0000-4000-a000-000000000002"

	// APIClientID is the service under test. It exposes the scope [Scope] and calls Graph on behalf of users.
	APIClientID = "ac5a0000-0000-4000-a000-0000000000a1"
	// APIClientSecret is the secret of [APIClientID].
	APIClientSecret = "api-secret-of-the-emulator"
	// APIRedirectURI is registered for [APIClientID] as a web application.
	APIRedirectURI = "http://localhost/signin-oidc"
	// AppIDURI is the App ID URI of [APIClientID].
	AppIDURI = "api://" + APIClientID
	// Scope is the delegated permission that the API exposes; a client asks for AppIDURI/Scope.
	Scope = "access_as_user"
	// AppRole is the application permission that the API exposes.
	AppRole = "Identities.Manage"

	// SPAClientID is a public browser client, registered for http://localhost and http://127.0.0.1.
	SPAClientID = "ac5a0000-0000-4000-a000-0000000000a2"
	// TeamsClientID is the client that gets Teams tokens.
	TeamsClientID = SPAClientID
	// DaemonClientID is an application without users. It has the role [AppRole].
	DaemonClientID = "ac5a0000-0000-4000-a000-0000000000a3"
	// DaemonClientSecret is the secret of [DaemonClientID].
	DaemonClientSecret = "daemon-secret-of-the-emulator"

	// Object ids of the users.
	AliceObjectID = "ac5a0000-0000-4000-a000-0000000a11ce"
	BobObjectID   = "ac5a0000-0000-4000-a000-000000000b0b"
	CarolObjectID = "ac5a0000-0000-4000-a000-0000000ca401"
	GailObjectID  = "ac5a0000-0000-4000-a000-000000006a11"

	// ResourceID is the ACS resource; identities are 8:acs:ResourceID_....
	ResourceID = "ac5a0000-0000-4000-a000-0000000000c5"
	// AccessKeyPrimary and AccessKeySecondary are the access keys of the ACS resource, in base64.
	AccessKeyPrimary   = "YWNzYXV0aCBlbXVsYXRvciBwcmltYXJ5IGFjY2VzcyBrZXksIHdlbGwga25vd24gYW5kIG5vdCBhIHNlY3JldA=="
	AccessKeySecondary = "YWNzYXV0aCBlbXVsYXRvciBzZWNvbmRhcnkgYWNjZXNzIGtleSwgd2VsbCBrbm93biBhbmQgbm90IGEgc2Vjcg=="

	graphID       = "00000003-0000-0000-c000-000000000000"
	teamsID       = "1fd5118e-2576-4263-8130-9503064c837a" // Azure Communication Services
	communication = "ac5a0000-0000-4000-a000-0000000000a4" // its management scope; the real id is not known
	gailHomeID    = "ac5a0000-0000-4000-a000-00000000f6a1"
)

// directory is the content of the tenant. Tokens for the API have the given version.
func directory(version string) *entra.Directory {
	return &entra.Directory{
		TenantID: TenantID, Domain: Domain, OtherTenantID: OtherTenantID,
		API: APIClientID, DefaultClient: SPAClientID, DefaultDaemon: DaemonClientID, Graph: graphID, Teams: teamsID,
		Users: users(), Apps: apps(), Resources: resources(version),
	}
}

func users() []entra.User {
	gail := member("gail", GailObjectID, "Gail", "Guest", false)
	gail.UPN, gail.Mail = "gail_fabrikam.example#EXT#@"+Domain, "gail@fabrikam.example"
	gail.Guest, gail.HomeObjectID, gail.HomeTenantID = true, gailHomeID, OtherTenantID
	return []entra.User{
		member("alice", AliceObjectID, "Alice", "Adams", true),
		member("bob", BobObjectID, "Bob", "Brown", true),
		member("carol", CarolObjectID, "Carol", "Clark", false),
		gail,
	}
}

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

// Permissions of Microsoft Graph and of ACS that applications here can have.
var (
	graphScopes = []string{"User.Read", "User.ReadWrite", "User.Read.All", "User.ReadWrite.All", "User.ReadBasic.All"}
	teamsScopes = []string{"Teams.ManageCalls", "Teams.ManageChats"}
)

func apps() []entra.App {
	graphRoles := []string{"User.Read.All", "User.ReadWrite.All"}
	return []entra.App{{
		ID: APIClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005a1", Name: "acsauth API", Secret: APIClientSecret,
		RedirectURIs: []string{APIRedirectURI},
		Delegated:    map[string][]string{graphID: {"User.Read", "User.ReadWrite"}, APIClientID: {Scope}},
		Roles:        map[string][]string{graphID: graphRoles},
	}, {
		ID: SPAClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005a2", Name: "acsauth playground", Public: true, Loopback: true,
		Delegated: map[string][]string{graphID: {"User.Read"}, APIClientID: {Scope}, teamsID: slices.Clone(teamsScopes)},
	}, {
		ID: DaemonClientID, ObjectID: "ac5a0000-0000-4000-a000-0000000005a3", Name: "acsauth daemon", Secret: DaemonClientSecret,
		Roles: map[string][]string{APIClientID: {AppRole}, graphID: graphRoles},
	}}
}

func resources(version string) []entra.Resource {
	return []entra.Resource{
		{ID: APIClientID, URIs: []string{AppIDURI}, Version: version, Scopes: []string{Scope}},
		{ID: graphID, URIs: []string{"https://graph.microsoft.com"}, Version: "1.0", Nonce: true, Scopes: slices.Clone(graphScopes)},
		{ID: teamsID, URIs: []string{"https://auth.msft.communication.azure.com"}, Version: "1.0", Scopes: slices.Clone(teamsScopes)},
		{ID: communication, URIs: []string{"https://communication.azure.com"}, Version: "1.0"},
	}
}
