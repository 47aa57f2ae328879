package server

import (
	"net/http"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/api"
)

const (
	metadataPath      = "/.well-known/oauth-protected-resource"
	authorizationPath = "/.well-known/oauth-authorization-server"
)

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

// authorizationMetadata tells clients of OAuth 2.0 where tokens are exchanged (RFC 8414 section 2).
type authorizationMetadata struct {
	Issuer        string          `json:"issuer"`
	TokenEndpoint string          `json:"token_endpoint"`
	Scopes        []acsauth.Scope `json:"scopes_supported"`
	ResponseTypes []string        `json:"response_types_supported"` // required; none, as there is no authorization endpoint
	GrantTypes    []string        `json:"grant_types_supported"`
	AuthMethods   []string        `json:"token_endpoint_auth_methods_supported"`
	Documentation string          `json:"service_documentation"`
}

func (s *Server) authorization(x *exchange, _ *http.Request) error {
	at := strings.TrimSuffix(s.public.resource, "/")
	return x.answer(http.StatusOK, "application/json", authorizationMetadata{
		Issuer: s.public.resource, TokenEndpoint: at + tokenEndpoint, Scopes: acsauth.AllScopes(), ResponseTypes: []string{},
		GrantTypes: []string{grantTokenExchange}, AuthMethods: []string{"none"}, Documentation: at + "/docs",
	})
}

func openAPI(x *exchange, _ *http.Request) error {
	return x.send(http.StatusOK, "application/yaml", api.OpenAPI())
}
