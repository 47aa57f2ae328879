package entra

// The parts of workload federation that are the same at every start.
const (
	// WorkloadSubject is the service account whose tokens of the workload issuer stand in for the API's secret.
	WorkloadSubject = "system:serviceaccount:default:acsauth"
	// ExchangeAudience is the audience of tokens that stand in for a secret.
	ExchangeAudience = "api://AzureADTokenExchange"
	// exchangeID is the client id of that audience, which v2 tokens name instead.
	exchangeID = "fb60f99c-7a34-4190-8149-302f77469936"

	// ManagedIdentityName is the name of the managed identity.
	ManagedIdentityName = "acsauth-identity"
	// ManagedIdentityClientID is the client id of the managed identity.
	ManagedIdentityClientID = "ac5a0000-0000-4000-a000-0000000000a5"
	// ManagedIdentityObjectID is the object id of its service principal.
	ManagedIdentityObjectID = "ac5a0000-0000-4000-a000-0000000005a5"
	// ManagedIdentityResourceID is its Azure resource id.
	ManagedIdentityResourceID = "/subscriptions/ac5a0000-0000-4000-a000-0000000000aa/resourcegroups/acsauth/providers/" +
		"Microsoft.ManagedIdentity/userAssignedIdentities/" + ManagedIdentityName
	// IdentityHeader is the value of IDENTITY_HEADER for the App Service endpoint of managed identities.
	IdentityHeader = "identity-header-of-the-emulator"
)

// wellKnownFederated are the federated credentials of the API under test.
func wellKnownFederated() []Federated {
	return []Federated{
		{Issuer: "{base}/workload", Subject: WorkloadSubject, Audience: ExchangeAudience},
		{Issuer: "{base}/{tid}/v2.0", Subject: ManagedIdentityObjectID, Audience: ExchangeAudience},
	}
}

// federated are the federated credentials of an application.
func (s *Service) federated(app *App) []Federated {
	if app.ID == s.dir.API {
		return append(wellKnownFederated(), app.Federated...)
	}
	return app.Federated
}
