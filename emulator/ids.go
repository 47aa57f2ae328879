package emulator

// Well-known ids and secrets. They are the same at every start, public, and valid nowhere else.
const (
	// TenantID is the first tenant: that of most users and applications.
	TenantID = "ac5a0000-0000-4000-a000-000000000001"
	// Domain is another name of the tenant.
	Domain = "acsauth.example"
	// OtherTenantID is a second workforce tenant: the home of gail and fred, and the issuer of [FlawTenant] tokens. The API and
	// the browser client are there, too; the daemon is not.
	OtherTenantID = "ac5a0000-0000-4000-a000-000000000002"
	// OtherDomain is another name of [OtherTenantID].
	OtherDomain = "fabrikam.example"
	// ExternalTenantID is a tenant of Microsoft Entra External ID, with the customers cora and carl. Its authority is
	// URL()/ExternalTenantID and its issuer that with /v2.0; the real one has the tenant in its host name.
	ExternalTenantID = "ac5a0000-0000-4000-a000-000000000003"
	// ExternalDomain is another name of [ExternalTenantID].
	ExternalDomain = "acsauthext.onmicrosoft.example"
	// B2CTenantID is a tenant of Azure AD B2C, with the consumer bea. Its authorities are URL()/B2CTenantID/policy, its issuer
	// is URL()/B2CTenantID/v2.0/.
	B2CTenantID = "ac5a0000-0000-4000-a000-000000000004"
	// B2CDomain is another name of [B2CTenantID].
	B2CDomain = "acsauthb2c.onmicrosoft.example"
	// B2CPolicy is the user flow that signs consumers up and in, and B2COtherPolicy one with other keys.
	B2CPolicy      = "B2C_1_susi"
	B2COtherPolicy = "B2C_1_edit"

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
	// UserRole is the app role of the API for users. alice has it.
	UserRole = "Calls.Supervise"

	// SPAClientID is a public browser client, registered for http://localhost and http://127.0.0.1.
	SPAClientID = "ac5a0000-0000-4000-a000-0000000000a2"
	// TeamsClientID is the client that gets Teams tokens.
	TeamsClientID = SPAClientID
	// DaemonClientID is an application without users. It has the role [AppRole].
	DaemonClientID = "ac5a0000-0000-4000-a000-0000000000a3"
	// DaemonClientSecret is the secret of [DaemonClientID].
	DaemonClientSecret = "daemon-secret-of-the-emulator"

	// The registrations of [ExternalTenantID]: an API with the scope ExternalAppIDURI/[Scope] and a browser client like [SPAClientID].
	ExternalAPIClientID     = "ac5a0000-0000-4000-a000-0000000000e1"
	ExternalAPIClientSecret = "external-api-secret-of-the-emulator"
	ExternalAppIDURI        = "api://" + ExternalAPIClientID
	ExternalSPAClientID     = "ac5a0000-0000-4000-a000-0000000000e2"
	// The registrations of [B2CTenantID], likewise.
	B2CAPIClientID     = "ac5a0000-0000-4000-a000-0000000000b1"
	B2CAPIClientSecret = "b2c-api-secret-of-the-emulator"
	B2CAppIDURI        = "https://" + B2CDomain + "/" + B2CAPIClientID
	B2CSPAClientID     = "ac5a0000-0000-4000-a000-0000000000b2"

	// Object ids of the users. gail is a guest in the first tenant; at home she has another id.
	AliceObjectID    = "ac5a0000-0000-4000-a000-0000000a11ce"
	BobObjectID      = "ac5a0000-0000-4000-a000-000000000b0b"
	CarolObjectID    = "ac5a0000-0000-4000-a000-0000000ca401"
	GailObjectID     = "ac5a0000-0000-4000-a000-000000006a11"
	GailHomeObjectID = "ac5a0000-0000-4000-a000-00000000f6a1"
	OttoObjectID     = "ac5a0000-0000-4000-a000-000000000770" // in more groups than a token holds
	FredObjectID     = "ac5a0000-0000-4000-a000-00000000f4ed" // of OtherTenantID
	CoraObjectID     = "ac5a0000-0000-4000-a000-00000000c04a" // of ExternalTenantID
	CarlObjectID     = "ac5a0000-0000-4000-a000-00000000ca41" // of ExternalTenantID
	BeaObjectID      = "ac5a0000-0000-4000-a000-000000000bea" // of B2CTenantID

	// Object ids of the groups that alice is in.
	StaffGroupID   = "ac5a0000-0000-4000-a000-00000000f001"
	SupportGroupID = "ac5a0000-0000-4000-a000-00000000f002"
	CallsGroupID   = "ac5a0000-0000-4000-a000-00000000f003"

	// ResourceID is the ACS resource; identities are 8:acs:ResourceID_....
	ResourceID = "ac5a0000-0000-4000-a000-0000000000c5"
	// AccessKeyPrimary and AccessKeySecondary are the access keys of the ACS resource, in base64.
	AccessKeyPrimary   = "YWNzYXV0aCBlbXVsYXRvciBwcmltYXJ5IGFjY2VzcyBrZXksIHdlbGwga25vd24gYW5kIG5vdCBhIHNlY3JldA=="
	AccessKeySecondary = "YWNzYXV0aCBlbXVsYXRvciBzZWNvbmRhcnkgYWNjZXNzIGtleSwgd2VsbCBrbm93biBhbmQgbm90IGEgc2Vjcg=="

	// OtherResourceID is a second ACS resource on the same address. Requests signed with [OtherAccessKey] are for it, and
	// identities of the one are not the other's.
	OtherResourceID = "ac5a0000-0000-4000-a000-0000000000c6"
	// OtherAccessKey is the access key of [OtherResourceID], in base64.
	OtherAccessKey = "YWNzYXV0aCBlbXVsYXRvciBhY2Nlc3Mga2V5IG9mIHRoZSBvdGhlciByZXNvdXJjZSwgd2VsbCBrbm93biwgdG9vLg=="

	graphID       = "00000003-0000-0000-c000-000000000000"
	teamsID       = "1fd5118e-2576-4263-8130-9503064c837a" // Azure Communication Services
	acsClientsID  = "2a04943b-b6a7-4f65-8786-2bb6131b59f6" // Azure Communication Services Clients
	communication = "ac5a0000-0000-4000-a000-0000000000a4" // its management scope; the real id is not known
)
