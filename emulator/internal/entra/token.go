package entra

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The grants of the token endpoint.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
	grantClient  = "client_credentials"
	grantOBO     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// tokenRequest is a request to the token endpoint whose client is known to be who it says.
type tokenRequest struct {
	form   url.Values
	tenant tenant
	app    *App
}

// tokenAnswer is a successful answer.
type tokenAnswer struct {
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    int64  `json:"expires_in"`
	ExtExpiresIn int64  `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// grantFacts are what a sign-in leaves for the tokens that follow from it.
type grantFacts struct {
	user    *User
	scopes  string // the scope parameter of the sign-in
	nonce   string
	session string
	email   bool
	expires time.Time // of the refresh token; zero: a fresh one
}

// token is the token endpoint.
func (s *Service) token(w http.ResponseWriter, r *http.Request, t tenant) {
	answer, e := s.redeem(r, t)
	if e != nil {
		s.writeError(w, r, e)
		return
	}
	noStore(w.Header())
	w.Header().Set("X-Ms-Clitelem", "1,0,0,,")
	writeJSON(w, http.StatusOK, answer)
}

// redeem checks the request and runs its grant.
func (s *Service) redeem(r *http.Request, t tenant) (*tokenAnswer, *Error) {
	if e := readForm(r); e != nil {
		return nil, e
	}
	form := r.PostForm
	grant := form.Get("grant_type")
	if grant == "" {
		return nil, missing("grant_type")
	}
	run, known := map[string]func(tokenRequest) (*tokenAnswer, *Error){
		grantCode: s.redeemCode, grantRefresh: s.redeemRefresh, grantClient: s.redeemClient, grantOBO: s.redeemOBO,
	}[grant]
	if !known {
		return nil, fail(70003, "The app requested an unsupported grant type '%s'.", clip(grant))
	}
	app, e := s.authenticate(r, form)
	if e != nil {
		return nil, e
	}
	s.counts.add("token." + strings.TrimPrefix(grant, "urn:ietf:params:oauth:grant-type:"))
	return run(tokenRequest{form: form, tenant: t, app: app})
}

// readForm parses a form body. A parameter that appears twice is refused.
func readForm(r *http.Request) *Error {
	if err := r.ParseForm(); err != nil {
		return fail(90023, "The request body could not be read as a form.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return fail(90100, "The parameter '%s' appears more than once.", clip(name))
		}
	}
	return nil
}

// scope parses the request's scope, which is for one resource, or that of the sign-in when the request has none.
func (s *Service) scope(raw, fallback string) (scopeSet, *Error) {
	given := raw != ""
	if !given {
		raw = fallback
	}
	set, e := s.dir.parseScope(raw)
	if e == nil && set.several && given {
		e = fail(28000, "Provided value for the input parameter scope is not valid because it contains more than one resource. "+
			"Scope %s is not valid.", clip(raw))
	}
	return set, e
}

// delegated answers a grant that acts for a user.
func (s *Service) delegated(req tokenRequest, set scopeSet, g grantFacts) (*tokenAnswer, *Error) {
	granted, e := set.consented(req.app)
	if e != nil {
		return nil, e
	}
	g.email = set.has("email")
	sub := subject{
		app: req.app, user: g.user, resource: set.resource, audience: set.audience, version: set.resource.Version,
		scopes: granted, lifetime: s.tokenLifetime(), cae: wantsCAE(req.form.Get("claims")),
	}
	if set.resource.ID == s.dir.Graph {
		sub.scopes = append(withoutOffline(set.oidc), granted...)
	}
	answer, e := s.answer(sub)
	if e != nil {
		return nil, e
	}
	answer.Scope = set.echo(granted)
	return answer, s.addExtras(answer, req, set, g)
}

// answer signs the access token of an answer.
func (s *Service) answer(sub subject) (*tokenAnswer, *Error) {
	token, err := s.accessToken(sub)
	if err != nil {
		return nil, internal()
	}
	seconds := int64(sub.lifetime / time.Second)
	return &tokenAnswer{TokenType: "Bearer", ExpiresIn: seconds, ExtExpiresIn: seconds, AccessToken: token}, nil
}

// addExtras adds what the OpenID Connect scopes and client_info ask for.
func (s *Service) addExtras(answer *tokenAnswer, req tokenRequest, set scopeSet, g grantFacts) *Error {
	if set.has("openid") {
		token, err := s.idToken(req.app, g.user, g)
		if err != nil {
			return internal()
		}
		answer.IDToken = token
	}
	if set.has("offline_access") {
		answer.RefreshToken = s.newRefresh(req.app, g)
	}
	if req.form.Get("client_info") == "1" {
		answer.ClientInfo = clientInfo(g.user)
	}
	return nil
}

// internal is the answer to a failure of the emulator itself.
func internal() *Error {
	e := fail(90033, "A transient error has occurred. Please try again.")
	e.OAuth = "temporarily_unavailable"
	return e
}

// clientInfo tells MSAL the home account.
func clientInfo(u *User) string {
	b, _ := json.Marshal(map[string]string{"uid": u.HomeObjectID, "utid": u.HomeTenantID}) // strings always encode
	return base64.RawURLEncoding.EncodeToString(b)
}

// withoutOffline drops offline_access, which is never in a token.
func withoutOffline(oidc []string) []string {
	var kept []string
	for _, scope := range oidc {
		if scope != "offline_access" {
			kept = append(kept, scope)
		}
	}
	return kept
}

// wantsCAE reports whether a claims parameter says that the client can handle claims challenges.
func wantsCAE(claims string) bool {
	var c struct {
		AccessToken struct {
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(claims), &c) != nil {
		return false
	}
	for _, v := range c.AccessToken.Capabilities.Values {
		if strings.EqualFold(v, "cp1") {
			return true
		}
	}
	return false
}
