package service

import (
	"fmt"

	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/cmd/internal/failpoint"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// newACS makes the client of the ACS resource with the one credential that the settings name.
func newACS(o Options, m *telemetry.Metrics, g *quota.Governor) (*acsidentity.Client, error) {
	c := o.Config
	options := &acsidentity.ClientOptions{APIVersion: c.ACSAPIVersion, InsecureAllowHTTP: o.AllowLoopback, Now: o.Now}
	if limit := g.Policy(); limit != nil {
		options.PerRetryPolicies = append(options.PerRetryPolicies, limit) // first: a call that is shed is none
	}
	options.PerRetryPolicies = append(append(options.PerRetryPolicies, meter{m, acsOperation}), failpoint.Policies()...)
	if !c.ACSConnectionString.IsZero() {
		return newKeyACS(c, options)
	}
	credential, err := stores.NewCredential(c.ACSCredential, c, meter{m, identityOperation})
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_CREDENTIAL: %w", err)
	}
	client, err := acsidentity.NewClient(c.ACSEndpoint, credential, options)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_ENDPOINT: %w", err)
	}
	return client, nil
}

// newKeyACS makes the client that signs with the access key, or with both.
func newKeyACS(c *config.Config, options *acsidentity.ClientOptions) (*acsidentity.Client, error) {
	if c.ACSConnectionString.Pending() || c.ACSConnectionString2.Pending() {
		return nil, fmt.Errorf("ACSAUTH_ACS_CONNECTION_STRING: %w", config.ErrUnresolved)
	}
	client, err := acsidentity.NewClientFromConnectionString(c.ACSConnectionString.Reveal(), options)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_CONNECTION_STRING: %w", err)
	}
	if err := setACSKeys(client, c.ACSKeys()); err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_CONNECTION_STRING_2: %w", err)
	}
	return client, nil
}

// setACSKeys lets the client sign with these keys, one or two, from its next request on.
func setACSKeys(client *acsidentity.Client, keys []config.Secret) error {
	if len(keys) == 2 {
		return client.Key().UpdatePair(keys[0].Reveal(), keys[1].Reveal())
	}
	return client.Key().Update(keys[0].Reveal())
}
