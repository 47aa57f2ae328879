package server

import (
	"net/http"

	"github.com/acs-solutions/acsauth/api"
)

const metadataPath = "/.well-known/oauth-protected-resource"

// resourceMetadata tells clients whose tokens this API takes (RFC 9728 section 2).
type resourceMetadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers,omitempty"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	ResourceName         string   `json:"resource_name"`
}

func (s *Server) metadata(x *exchange, _ *http.Request) error {
	m := resourceMetadata{Resource: s.public.resource, AuthorizationServers: s.o.AuthorizationServers,
		BearerMethods: []string{"header"}, ResourceName: "acsauth"}
	if s.o.ScopeURI != "" {
		m.ScopesSupported = []string{s.o.ScopeURI}
	}
	return x.answer(http.StatusOK, "application/json", m)
}

func openAPI(x *exchange, _ *http.Request) error {
	return x.send(http.StatusOK, "application/yaml", api.OpenAPI())
}
