package stores

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/acs-solutions/acsauth/internal/config"
)

// NewCredential makes just the kind of Azure credential that is named, for the
// identity of the settings. There is no chain, which would one day find a
// credential that nobody meant.
func NewCredential(kind string, c *config.Config, watch ...policy.Policy) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{PerRetryPolicies: watch}
	switch kind {
	case config.ManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if c.ACSClientID != "" {
			o.ID = azidentity.ClientID(c.ACSClientID)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case config.WorkloadIdentity:
		options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: c.AuthorityHost + "/"}
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, ClientID: c.ACSClientID, TenantID: c.ACSTenantID, TokenFilePath: c.ACSTokenPath,
		})
	case config.AzureCLI:
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: c.ACSTenantID})
	}
	return nil, fmt.Errorf("no kind of credential is called %q", kind)
}
