package attack

// The ids of the world of attacks. PublicHost is the authority for tests without sockets.
const (
	PublicHost = "https://login.microsoftonline.com"
	TenantA    = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
	TenantB    = "bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb"
	TenantX    = "cccccccc-3333-4333-8333-cccccccccccc" // not configured
	Consumers  = "9188040d-6c67-4c5b-b112-36a304b66dad" // personal accounts of Microsoft
	APIID      = "12345678-aaaa-4bbb-8ccc-1234567890ab"
	APIURI     = "api://" + APIID
	SPAID      = "87654321-aaaa-4bbb-8ccc-ba0987654321"
	StrangerID = "99999999-aaaa-4bbb-8ccc-999999999999" // client that is not allowed
	Alice      = "a11ce000-0000-4000-8000-00000000000a"
	Bob        = "b0b00000-0000-4000-8000-00000000000b"
	GraphID    = "00000003-0000-0000-c000-000000000000"
	TeamsID    = "1fd5118e-2576-4263-8130-9503064c837a"
	TeamsURL   = "https://auth.msft.communication.azure.com"
	// AdminRole is the app role of the administration routes.
	AdminRole = "Identities.Manage"
)
