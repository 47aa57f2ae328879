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
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
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
	ExtExpiresIn int64  `json:"ext_expires_in,omitempty"`
	NotBefore    int64  `json:"not_before,omitempty"` // of B2C
	AccessToken  string `json:"access_token,omitempty"`
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
	tenant  string    // of the sign-in: the GUID, or {tenantid}
	policy  string    // of the sign-in at B2C
	grant   string    // that the tokens are for

	have       proofs
	issued     time.Time // when the user signed in
	generation int       // of the user's revocations at that time
}

// newFacts are the facts of a sign-in of this moment.
func (s *Service) newFacts(user *User, scopes string, have proofs) grantFacts {
	return grantFacts{user: user, scopes: scopes, have: have, issued: s.now(), generation: s.generation(user)}
}

// token is the token endpoint.
func (s *Service) token(w http.ResponseWriter, r *http.Request, t tenant) {
	answer, e := s.redeem(r, t)
	if e == nil {
		w.Header().Set("X-Ms-Clitelem", "1,0,0,,")
	}
	s.reply(w, r, answer, e)
}

// reply writes what a client asked for, or why it does not get it.
func (s *Service) reply(w http.ResponseWriter, r *http.Request, answer any, e *Error) {
	if e != nil {
		s.writeError(w, r, e)
		return
	}
	noStore(w.Header())
	writeJSON(w, http.StatusOK, answer)
}

// redeem checks the request and runs its grant.
func (s *Service) redeem(r *http.Request, t tenant) (*tokenAnswer, *Error) {
	if e := readForm(r); e != nil {
		return nil, e
	}
	return s.redeemForm(r, r.PostForm, t)
}

// redeemForm runs the grant of a form that has been read.
func (s *Service) redeemForm(r *http.Request, form url.Values, t tenant) (*tokenAnswer, *Error) {
	grant := form.Get("grant_type")
	if grant == "" {
		return nil, missing("grant_type")
	}
	if grant == "device_code" { // the name before RFC 8628, which MSAL uses
		grant = grantDevice
	}
	run, known := map[string]func(tokenRequest) (*tokenAnswer, *Error){
		grantCode: s.redeemCode, grantRefresh: s.redeemRefresh, grantClient: s.redeemClient, grantOBO: s.redeemOBO, grantDevice: s.redeemDevice,
	}[grant]
	if !known || t.kind == B2C && (grant == grantOBO || grant == grantDevice) {
		return nil, fail(70003, "The app requested an unsupported grant type '%s'.", clip(grant))
	}
	app, e := s.authenticate(r, form, t)
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
	user, e := s.dir.accountAt(req.tenant, g.user)
	if e != nil {
		return nil, e
	}
	granted, e := s.consented(req.app, user, set)
	if e != nil {
		return nil, e
	}
	g.user = user
	g.email, g.grant = set.has("email"), req.form.Get("grant_type")
	sub := subject{
		app: req.app, user: g.user, resource: set.resource, audience: set.audience, version: set.resource.Version,
		scopes: granted, lifetime: s.tokenLifetime(), cae: wantsCAE(req.form.Get("claims")), proofs: g.have,
		at: req.tenant, grant: g.grant,
	}
	if req.tenant.kind == B2C && set.oidcOnly() { // no API, no access token
		answer := &tokenAnswer{TokenType: "Bearer", Scope: set.echo(nil), ExpiresIn: 3600, NotBefore: s.now().Unix()}
		return answer, s.addExtras(answer, req, set, g)
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
	if e := s.reachable(sub); e != nil {
		return nil, e
	}
	token, err := s.accessToken(sub)
	if err != nil {
		return nil, internal()
	}
	seconds := int64(sub.lifetime / time.Second)
	answer := &tokenAnswer{TokenType: "Bearer", ExpiresIn: seconds, ExtExpiresIn: seconds, AccessToken: token}
	if s.tenantFor(sub).kind == B2C {
		answer.ExtExpiresIn, answer.NotBefore = 0, s.now().Unix()
	}
	return answer, nil
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
		answer.ClientInfo = clientInfo(g.user, req.tenant.policy)
	}
	return nil
}

// internal is the answer to a failure of the emulator itself.
func internal() *Error {
	e := fail(90033, "A transient error has occurred. Please try again.")
	e.OAuth = "temporarily_unavailable"
	return e
}

// clientInfo tells MSAL the home account. At B2C it is another one for each policy.
func clientInfo(u *User, policy string) string {
	uid := u.HomeObjectID
	if policy != "" {
		uid += "-" + strings.ToLower(policy)
	}
	b, _ := json.Marshal(map[string]string{"uid": uid, "utid": u.HomeTenantID}) // strings always encode
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
