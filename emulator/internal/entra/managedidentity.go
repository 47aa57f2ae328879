package entra

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const identityLifetime = 24 * time.Hour

// identityAnswer is a token of a managed identity. Numbers are strings.
type identityAnswer struct {
	AccessToken  string `json:"access_token"`
	ClientID     string `json:"client_id"`
	ExpiresIn    string `json:"expires_in,omitempty"`
	ExpiresOn    string `json:"expires_on"`
	ExtExpiresIn string `json:"ext_expires_in,omitempty"`
	NotBefore    string `json:"not_before,omitempty"`
	Resource     string `json:"resource"`
	TokenType    string `json:"token_type"`
}

// identityResource finds what a managed identity asks a token for.
func (s *Service) identityResource(name string) *Resource {
	if bare := strings.TrimSuffix(name, "/"); strings.EqualFold(bare, ExchangeAudience) || strings.EqualFold(bare, exchangeID) {
		return &Resource{ID: exchangeID, URIs: []string{strings.ToLower(ExchangeAudience)}, Version: "2.0"}
	}
	return s.dir.resource(name)
}

// ownIdentity reports whether a request is for the managed identity here. Without a name it stands for the system-assigned one.
func ownIdentity(q url.Values) bool {
	for name, id := range map[string]string{
		"client_id": ManagedIdentityClientID, "object_id": ManagedIdentityObjectID, "principal_id": ManagedIdentityObjectID,
		"mi_res_id": ManagedIdentityResourceID, "msi_res_id": ManagedIdentityResourceID,
	} {
		if got := q.Get(name); got != "" && !strings.EqualFold(got, id) {
			return false
		}
	}
	return true
}

// identityToken signs a token of the managed identity.
func (s *Service) identityToken(resource string) (*identityAnswer, *Error) {
	res := s.identityResource(resource)
	if res == nil {
		return nil, fail(500011, "The resource principal named %s was not found in the tenant named %s.", clip(resource), s.dir.TenantID)
	}
	app := s.dir.app(ManagedIdentityClientID)
	if app == nil {
		app = &App{ID: ManagedIdentityClientID, ObjectID: ManagedIdentityObjectID, Name: ManagedIdentityName}
	}
	lifetime := identityLifetime
	if s.lifetime > 0 {
		lifetime = s.lifetime
	}
	sub := subject{
		app: confidential(app, "2"), resource: res, audience: strings.ToLower(resource), version: res.Version, lifetime: lifetime,
		grant: "managed_identity",
	}
	key, claims := s.keys.current(), s.accessClaims(sub)
	claims["xms_mirid"] = ManagedIdentityResourceID
	token, err := key.sign(accessHeader(key, sub), claims)
	if err != nil {
		return nil, internal()
	}
	s.record(sub.grant, "access", token, claims)
	s.counts.add("token.managed_identity")
	now := s.now()
	seconds := strconv.FormatInt(int64(lifetime/time.Second), 10)
	return &identityAnswer{
		AccessToken: token, ClientID: app.ID, ExpiresIn: seconds, ExtExpiresIn: seconds, TokenType: "Bearer", Resource: resource,
		ExpiresOn: strconv.FormatInt(now.Add(lifetime).Unix(), 10), NotBefore: strconv.FormatInt(now.Unix(), 10),
	}, nil
}

// imdsToken is the endpoint of virtual machines. SDKs take the base URL from AZURE_POD_IDENTITY_AUTHORITY_HOST; that of Go knows the
// address 169.254.169.254 only.
func (s *Service) imdsToken(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	refuse := func(code, text string) {
		s.counts.add("refused")
		noStore(w.Header())
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": text})
	}
	switch {
	case !strings.EqualFold(r.Header.Get("Metadata"), "true"):
		refuse("invalid_request", "Required metadata header not specified")
	case r.Header.Get("X-Forwarded-For") != "":
		refuse("invalid_request", "Header X-Forwarded-For is not supported") // so that no proxy leads here
	case q.Get("api-version") == "":
		refuse("invalid_request", "Required query variable 'api-version' is missing")
	case q.Get("resource") == "":
		refuse("invalid_request", "Required query variable 'resource' is missing")
	case !ownIdentity(q):
		refuse("invalid_request", "Identity not found")
	default:
		answer, e := s.identityToken(q.Get("resource"))
		if e != nil {
			refuse(e.OAuth, e.Error())
			return
		}
		noStore(w.Header())
		writeJSON(w, http.StatusOK, answer)
	}
}

// appServiceToken is the endpoint of App Service: IDENTITY_ENDPOINT is {base}/msi/token, IDENTITY_HEADER is [IdentityHeader].
func (s *Service) appServiceToken(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	refuse := func(status int, text string) {
		s.counts.add("refused")
		noStore(w.Header())
		writeJSON(w, status, map[string]any{"statusCode": status, "message": text})
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Identity-Header")), []byte(IdentityHeader)) != 1:
		refuse(http.StatusUnauthorized, "The X-IDENTITY-HEADER header is missing or does not match.")
	case q.Get("api-version") != "2019-08-01":
		refuse(http.StatusBadRequest, "Unsupported api-version. The supported version is 2019-08-01.")
	case q.Get("resource") == "":
		refuse(http.StatusBadRequest, "The resource query parameter is missing.")
	case !ownIdentity(q):
		refuse(http.StatusBadRequest, "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.")
	default:
		answer, e := s.identityToken(q.Get("resource"))
		if e != nil {
			refuse(http.StatusBadRequest, e.Error())
			return
		}
		answer.ExpiresIn, answer.ExtExpiresIn, answer.NotBefore = "", "", ""
		noStore(w.Header())
		writeJSON(w, http.StatusOK, answer)
	}
}
