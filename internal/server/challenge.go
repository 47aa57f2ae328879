package server

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/acs-solutions/acsauth"
)

const (
	realm          = "acsauth"
	maxDescription = 300
)

// challenge returns the WWW-Authenticate value of an error, or "" (RFC 6750
// section 3; resource_metadata: RFC 9728 section 5.1).
func (s *Server) challenge(e *acsauth.Error) string {
	about := strings.HasPrefix(e.Code, "token_")
	switch {
	case e.Kind == acsauth.StepUp && e.Claims != "":
		return s.claimsChallenge(e)
	case e.Kind == acsauth.StepUp: // the word by which MSAL knows that the user has to be asked
		return s.bearer("interaction_required", e)
	case e.Code == "token_missing":
		return s.bearer("", e)
	case e.Kind == acsauth.Unauthenticated:
		return s.bearer("invalid_token", e)
	case e.Kind == acsauth.Invalid && about:
		return s.bearer("invalid_request", e)
	case e.Code == "token_app_only" || e.Code == "token_scope":
		return s.bearer("insufficient_scope", e)
	}
	return ""
}

// challengeFor is the challenge of an answer. A token endpoint has one only for clients that tried to authenticate, in the scheme that they tried.
func (s *Server) challengeFor(x *exchange, r *http.Request, e *acsauth.Error) string {
	switch {
	case !x.oauth:
		return s.challenge(e)
	case e.Code != clientAuthentication || r.Header.Get("Authorization") == "":
		return ""
	case strings.HasPrefix(strings.ToLower(r.Header.Get("Authorization")), "bearer "):
		return "Bearer " + parameter("realm", realm)
	}
	return "Basic " + parameter("realm", realm)
}

// bearer builds a challenge. Without an error code it says nothing of the token
// (RFC 6750 section 3.1: the request had none).
func (s *Server) bearer(code string, e *acsauth.Error) string {
	parts := []string{parameter("realm", realm)}
	if code != "" {
		parts = append(parts, parameter("error", code), parameter("error_description", e.Detail))
	}
	if code == "insufficient_scope" {
		parts = append(parts, parameter("scope", s.o.Scope))
	}
	if s.public != nil {
		parts = append(parts, parameter("resource_metadata", s.public.metadata))
	}
	return "Bearer " + strings.Join(parts, ", ")
}

// claimsChallenge is the form that the client libraries of Microsoft know: the
// claims as standard base64. An empty realm goes with the common endpoint.
func (s *Server) claimsChallenge(e *acsauth.Error) string {
	tenant, authority := s.authority()
	return "Bearer " + strings.Join([]string{
		parameter("realm", tenant), parameter("authorization_uri", authority+"/oauth2/v2.0/authorize"),
		parameter("error", "insufficient_claims"),
		parameter("claims", base64.StdEncoding.EncodeToString([]byte(e.Claims))),
	}, ", ")
}

// authority returns where a user signs in: at the one tenant that is accepted, or at common.
func (s *Server) authority() (tenant, authority string) {
	authority = "https://login.microsoftonline.com/common"
	servers := s.o.AuthorizationServers
	if len(servers) == 0 {
		return "", authority
	}
	u, err := url.Parse(servers[0])
	if err != nil {
		return "", authority
	}
	if len(servers) > 1 {
		return "", u.Scheme + "://" + u.Host + "/common"
	}
	tenant, _, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return tenant, u.Scheme + "://" + u.Host + "/" + tenant
}

// parameter writes name="value" with the characters that RFC 6750 section 3 allows only.
func parameter(name, value string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, value)
	if name == "error_description" && len(clean) > maxDescription {
		clean = clean[:maxDescription]
	}
	return name + `="` + clean + `"`
}
