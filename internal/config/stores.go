package config

import (
	"regexp"
	"strings"
)

// The values of ACSAUTH_REHOME.
const (
	Refuse   = "refuse"
	Recreate = "recreate"
)

// The values of ACSAUTH_GRAPH_MODE.
const (
	Delegated   = "delegated"
	Application = "application"
)

// minMACKey is the least length of a key that signs mappings, in bytes.
const minMACKey = 32

var extensionForm = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+){1,8}$`)

// store checks where mappings are kept.
func (k *check) store() {
	c := k.c
	n, ok := k.storeName("ACSAUTH_STORE", c.Store)
	if c.StoreCredential != "" {
		k.oneOf("ACSAUTH_STORE_CREDENTIAL", c.StoreCredential, ManagedIdentity, WorkloadIdentity, AzureCLI)
		if !c.StoreSecret.IsZero() {
			k.add("ACSAUTH_STORE_CREDENTIAL", "is set beside ACSAUTH_STORE_SECRET", "only one of them")
		}
	}
	k.oneOf("ACSAUTH_REHOME", c.Rehome, Refuse, Recreate)
	if !ok || n.Kind != Graph {
		if ok && c.GraphAdopt {
			k.graph()
		}
		return
	}
	if _, err := c.MACKeys(); err != nil && !c.GraphMACKeys.Pending() {
		k.bad("ACSAUTH_GRAPH_MAC_KEYS", err.Error())
	}
	if c.ACSCustomIDs {
		k.bad("ACSAUTH_ACS_CUSTOM_IDS", "is true, and with the graph store a suspect may be alive")
	}
	if c.Rehome == Recreate {
		k.bad("ACSAUTH_REHOME", "is recreate, which the graph store cannot do")
	}
	if j, ok := k.storeName("ACSAUTH_GRAPH_JOURNAL", c.GraphJournal); ok && j.Kind == Graph {
		k.bad("ACSAUTH_GRAPH_JOURNAL", "is graph: itself")
	}
	k.graph()
}

// storeName checks one name of a store. A service without TLS is for development.
func (k *check) storeName(setting, value string) (StoreName, bool) {
	n, err := ParseStore(value)
	if err != nil {
		k.bad(setting, err.Error())
		return n, false
	}
	if n.Kind == Tables || n.Kind == Cosmos {
		k.upstream(setting, n.site())
	}
	return n, true
}

// graph checks what is needed to call Graph.
func (k *check) graph() {
	c := k.c
	k.oneOf("ACSAUTH_GRAPH_MODE", c.GraphMode, Delegated, Application)
	k.upstream("ACSAUTH_GRAPH_URL", c.GraphURL)
	lower := strings.ToLower(c.GraphExtension)
	if !extensionForm.MatchString(c.GraphExtension) || len(lower) > 128 || strings.HasPrefix(lower, "com.microsoft") || strings.HasPrefix(lower, "com.onmicrosoft") {
		k.bad("ACSAUTH_GRAPH_EXTENSION", "is "+quote(c.GraphExtension))
	}
	given := 0
	for _, set := range [...]bool{!c.ClientSecret.IsZero(), !c.ClientCertificate.IsZero(), c.ClientCredential != ""} {
		if set {
			given++
		}
	}
	switch {
	case given == 0:
		k.add("ACSAUTH_CLIENT_SECRET", missing+", and Graph is called as this API", find("ACSAUTH_CLIENT_SECRET").write+" (or set ACSAUTH_CLIENT_CREDENTIAL or ACSAUTH_CLIENT_CERTIFICATE)")
	case given > 1:
		k.add("ACSAUTH_CLIENT_SECRET", "is not the only one of ACSAUTH_CLIENT_SECRET, ACSAUTH_CLIENT_CERTIFICATE and ACSAUTH_CLIENT_CREDENTIAL", "only one of them")
	}
	if c.ClientCredential != "" {
		k.oneOf("ACSAUTH_CLIENT_CREDENTIAL", c.ClientCredential, ManagedIdentity, WorkloadIdentity)
	}
}

// UsesGraph reports whether mappings are kept in Graph.
func (c *Config) UsesGraph() bool { return c.Store == Graph+":" }

// Delegates reports whether Graph is called with the rights of the caller.
func (c *Config) Delegates() bool {
	return c.GraphMode == Delegated && (c.UsesGraph() || c.GraphAdopt)
}

// MACKeys returns the keys that sign mappings in Graph; the first signs. Its error shows no part of them.
func (c *Config) MACKeys() ([][]byte, error) {
	if c.GraphMACKeys.Pending() {
		return nil, ErrUnresolved
	}
	if c.GraphMACKeys.IsZero() {
		return nil, problem(missing + ", and users can write their own values")
	}
	return keyList(c.GraphMACKeys.Reveal())
}
