package service

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// newACS makes the client of the ACS resource with the one credential that the settings name.
func newACS(c *config.Config, m *telemetry.Metrics, loopback bool) (*acsidentity.Client, error) {
	options := &acsidentity.ClientOptions{APIVersion: c.ACSAPIVersion, InsecureAllowHTTP: loopback}
	options.PerRetryPolicies = []policy.Policy{meter{m}}
	if c.ACSConnectionString != "" {
		client, err := acsidentity.NewClientFromConnectionString(c.ACSConnectionString.Reveal(), options)
		if err != nil {
			return nil, fmt.Errorf("ACSAUTH_ACS_CONNECTION_STRING: %w", err)
		}
		return client, nil
	}
	credential, err := newCredential(c)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_CREDENTIAL: %w", err)
	}
	client, err := acsidentity.NewClient(c.ACSEndpoint, credential, options)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_ENDPOINT: %w", err)
	}
	return client, nil
}

// newCredential makes just the kind of credential that was named. There is no
// chain, which would one day find a credential that nobody meant.
func newCredential(c *config.Config) (azcore.TokenCredential, error) {
	switch c.ACSCredential {
	case config.ManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{}
		if c.ACSClientID != "" {
			o.ID = azidentity.ClientID(c.ACSClientID)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case config.WorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: c.AuthorityHost + "/"}},
			ClientID:      c.ACSClientID, TenantID: c.ACSTenantID, TokenFilePath: c.ACSTokenPath,
		})
	case config.AzureCLI:
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: c.ACSTenantID})
	}
	return nil, errors.New("no such kind: " + c.ACSCredential)
}

// A meter counts each try of a call to ACS.
type meter struct{ metrics *telemetry.Metrics }

// Do passes the request on and counts its answer; status 0 stands for none.
func (m meter) Do(req *policy.Request) (*http.Response, error) {
	start := time.Now()
	res, err := req.Next()
	status := 0
	if res != nil {
		status = res.StatusCode
	}
	m.metrics.Upstream(operation(req.Raw()), status, time.Since(start))
	return res, err
}

// operation names the call of ACS that a request makes, such as acs.issueAccessToken.
func operation(r *http.Request) string {
	if i := strings.LastIndex(r.URL.Path, "/:"); i >= 0 {
		return "acs." + r.URL.Path[i+2:]
	}
	if r.Method == http.MethodDelete {
		return "acs.deleteIdentity"
	}
	return "acs.createIdentity"
}
