package service

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/cmd/internal/failpoint"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// newACS makes the client of the ACS resource with the one credential that the settings name.
func newACS(c *config.Config, m *telemetry.Metrics, loopback bool) (*acsidentity.Client, error) {
	options := &acsidentity.ClientOptions{APIVersion: c.ACSAPIVersion, InsecureAllowHTTP: loopback}
	options.PerRetryPolicies = append([]policy.Policy{meter{m}}, failpoint.Policies()...)
	if c.ACSConnectionString != "" {
		client, err := acsidentity.NewClientFromConnectionString(c.ACSConnectionString.Reveal(), options)
		if err != nil {
			return nil, fmt.Errorf("ACSAUTH_ACS_CONNECTION_STRING: %w", err)
		}
		return client, nil
	}
	credential, err := stores.NewCredential(c.ACSCredential, c)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_CREDENTIAL: %w", err)
	}
	client, err := acsidentity.NewClient(c.ACSEndpoint, credential, options)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_ENDPOINT: %w", err)
	}
	return client, nil
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
