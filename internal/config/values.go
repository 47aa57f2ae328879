package config

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Words of the settings.
const (
	Off              = "off"               // of ACSAUTH_METRICS_LISTEN and others
	Auto             = "auto"              // of ACSAUTH_MAPPING_CACHE
	ManagedIdentity  = "managed-identity"  // of ACSAUTH_ACS_CREDENTIAL and its like
	WorkloadIdentity = "workload-identity" // of ACSAUTH_ACS_CREDENTIAL and its like
	AzureCLI         = "azure-cli"         // of ACSAUTH_ACS_CREDENTIAL and its like
)

// Limits of ACSAUTH_SHUTDOWN_DELAY and ACSAUTH_SHUTDOWN_TIMEOUT.
const (
	maxDelay    = time.Minute
	minShutdown = time.Second
	maxShutdown = 10 * time.Minute
)

// AllAudiences lists the audiences that a caller's token may carry: the client id, api://<client id>, and the extra ones.
func (c *Config) AllAudiences() []string {
	out := []string{c.ClientID, "api://" + c.ClientID}
	for _, a := range c.Audiences {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// Endpoint is the endpoint of the ACS resource, from whichever setting names it, or "".
func (c *Config) Endpoint() string {
	if c.ACSEndpoint != "" {
		return c.ACSEndpoint
	}
	endpoint, _, _ := splitConnectionString(c.ACSConnectionString.Reveal()) // Validate reports the fault
	return endpoint
}

// Resource is the label that mappings carry: ACSAUTH_ACS_RESOURCE, else the host of the endpoint.
func (c *Config) Resource() string {
	if c.ACSResource != "" {
		return c.ACSResource
	}
	u, err := url.Parse(c.Endpoint())
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// LoopbackOnly reports whether an address to listen on is reached from this machine only.
func LoopbackOnly(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopback(host)
}
