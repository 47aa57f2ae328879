package entra

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// metadata is an OpenID Connect discovery document.
type metadata struct {
	TokenEndpoint         string   `json:"token_endpoint"`
	TokenEndpointAuth     []string `json:"token_endpoint_auth_methods_supported"`
	JWKSURI               string   `json:"jwks_uri"`
	ResponseModes         []string `json:"response_modes_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	Scopes                []string `json:"scopes_supported"`
	Issuer                string   `json:"issuer"`
	RequestURISupported   bool     `json:"request_uri_parameter_supported"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	HTTPLogout            bool     `json:"http_logout_supported"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	PKCEMethods           []string `json:"code_challenge_methods_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	Claims                []string `json:"claims_supported"`
	TenantRegion          *string  `json:"tenant_region_scope"`
	CloudInstance         string   `json:"cloud_instance_name,omitempty"`
	CloudGraphHost        string   `json:"cloud_graph_host_name,omitempty"`
	GraphHost             string   `json:"msgraph_host,omitempty"`
	UserInfo              string   `json:"userinfo_endpoint,omitempty"`
	DeviceEndpoint        string   `json:"device_authorization_endpoint,omitempty"`
	FrontChannelLogout    bool     `json:"frontchannel_logout_supported"`
}

// reachedAt is the base URL for the endpoints in an answer. Clients want issuer and authority to agree, so on the TLS
// listener it is the loopback name that the client used; everywhere else it is the canonical base.
func (s *Service) reachedAt(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	if r.TLS == nil || !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
		return s.Base()
	}
	return "https://" + strings.ToLower(r.Host)
}

// metadataFor fills the document of a tenant.
func (s *Service) metadataFor(r *http.Request, t tenant) metadata {
	base := s.reachedAt(r)
	at := base + "/" + t.segment
	return metadata{
		TokenEndpoint:         at + "/oauth2/v2.0/token",
		TokenEndpointAuth:     []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		JWKSURI:               at + "/discovery/v2.0/keys",
		ResponseModes:         []string{"query", "fragment", "form_post"},
		SubjectTypes:          []string{"pairwise"},
		IDTokenAlgorithms:     []string{"RS256"},
		ResponseTypes:         []string{"code"},
		Scopes:                oidcScopes,
		Issuer:                base + "/" + t.id + "/v2.0",
		AuthorizationEndpoint: at + "/oauth2/v2.0/authorize",
		HTTPLogout:            true,
		EndSessionEndpoint:    at + "/oauth2/v2.0/logout",
		PKCEMethods:           []string{"S256"},
		GrantTypes:            []string{grantCode, grantRefresh, grantClient, grantOBO, grantDevice},
		Claims: []string{"sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver",
			"oid", "email"},
		CloudInstance:  hostOf(base),
		CloudGraphHost: hostOf(base),
		GraphHost:      hostOf(base),
		UserInfo:       base + userInfoPath,

		DeviceEndpoint:     at + "/oauth2/v2.0/devicecode",
		FrontChannelLogout: true,
	}
}

// hostOf is the host and port of a base URL.
func hostOf(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host
}

// writeMetadata writes a document that may be cached.
func writeMetadata(w http.ResponseWriter, v any) {
	w.Header().Set("Cache-Control", "max-age=86400, private")
	writeJSON(w, http.StatusOK, v)
}

func (s *Service) discoverV2(w http.ResponseWriter, r *http.Request, t tenant) {
	s.counts.add("discovery")
	if t.kind == B2C {
		writeMetadata(w, s.metadataB2C(r, t))
		return
	}
	writeMetadata(w, s.metadataFor(r, t))
}

// discoverV1 serves the issuer and keys of v1 tokens. The other endpoints are those of v2: there is no v1 authorize endpoint.
func (s *Service) discoverV1(w http.ResponseWriter, r *http.Request, t tenant) {
	s.counts.add("discovery")
	m := s.metadataFor(r, t)
	m.Issuer = s.reachedAt(r) + "/sts/" + t.id + "/"
	m.JWKSURI = s.reachedAt(r) + "/" + t.segment + "/discovery/keys"
	writeMetadata(w, m)
}

// keySet is a JSON Web Key Set.
type keySet struct {
	Keys []jwk `json:"keys"`
}

// keysV2 lists the keys with the issuer that tokens signed by them must have: a template for workforce tenants, the one
// issuer of an External ID tenant, and none at B2C, whose keys have no certificates either.
func (s *Service) keysV2(w http.ResponseWriter, r *http.Request, t tenant) {
	issuer := s.issuerV2("{tenantid}")
	switch t.kind {
	case ExternalID:
		issuer = s.issuerV2(t.id)
	case B2C:
		issuer = ""
	}
	s.writeKeys(w, r, t, issuer)
}

func (s *Service) keysV1(w http.ResponseWriter, r *http.Request, t tenant) { s.writeKeys(w, r, t, "") }

func (s *Service) writeKeys(w http.ResponseWriter, r *http.Request, t tenant, issuer string) {
	s.counts.add("keys")
	ring, err := s.ringOf(t)
	if err != nil {
		s.writeError(w, r, internal())
		return
	}
	set := keySet{ring.jwks(issuer)}
	if t.kind == B2C {
		for i := range set.Keys {
			set.Keys[i].X5t, set.Keys[i].X5c = "", nil
		}
	}
	writeMetadata(w, set)
}

// cloud is one entry of the instance discovery answer.
type cloud struct {
	Network string   `json:"preferred_network"`
	Cache   string   `json:"preferred_cache"`
	Aliases []string `json:"aliases"`
}

// discoverInstance tells a client that this host is an authority.
func (s *Service) discoverInstance(w http.ResponseWriter, r *http.Request, _ tenant) {
	s.counts.add("discovery")
	endpoint := r.URL.Query().Get("authorization_endpoint")
	if endpoint == "" {
		s.writeError(w, r, missing("authorization_endpoint"))
		return
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		s.writeError(w, r, fail(90023, "The authorization_endpoint is not a URL."))
		return
	}
	segment, _, _ := strings.Cut(strings.TrimLeft(u.Path, "/"), "/")
	t, ok := s.dir.tenant(segment)
	if !ok {
		s.writeError(w, r, unknownTenant(segment))
		return
	}
	base := s.reachedAt(r)
	writeMetadata(w, map[string]any{
		"tenant_discovery_endpoint": base + "/" + t.segment + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  []cloud{{hostOf(base), hostOf(base), []string{hostOf(base)}}},
	})
}
