package entra

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// maxNonce bounds a nonce, in bytes. Entra ID's own bound is not documented.
const maxNonce = 4 << 10

// authRequest is a checked request to the authorize endpoint.
type authRequest struct {
	tenant      tenant
	params      url.Values // as sent
	app         *App
	redirectURI string
	mode        string
	state       string
	prompt      string
	hint        string
	scopes      string
	challenge   string
	plain       bool
	demands     []demand // of the claims parameter
}

// authorize is the authorize endpoint.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request, t tenant) {
	s.counts.add("authorize")
	params := r.URL.Query()
	if r.Method == http.MethodPost {
		if e := readForm(r); e != nil {
			s.errorPage(w, r, e)
			return
		}
		params = r.PostForm
	}
	req, ok := s.readAuthorize(w, r, t, params)
	if !ok {
		return
	}
	user, show := s.silentUser(r, req)
	switch {
	case user != nil:
		s.proceed(w, r, req, step{user: user})
	case show:
		s.picker(w, req)
	default:
		s.sendError(w, r, req, fail(50058, "A silent sign-in request was sent but no user is signed in."))
	}
}

// readAuthorize checks the request. When it is wrong, the answer has been written: as a page as long as the redirect URI
// cannot be trusted, after that to the redirect URI.
func (s *Service) readAuthorize(w http.ResponseWriter, r *http.Request, t tenant, params url.Values) (authRequest, bool) {
	req := authRequest{tenant: t, params: params}
	if e := req.trust(s); e != nil {
		s.errorPage(w, r, e)
		return req, false
	}
	if e := req.check(s); e != nil {
		s.sendError(w, r, req, e)
		return req, false
	}
	return req, true
}

// trust checks client and redirect URI.
func (q *authRequest) trust(s *Service) *Error {
	for name, values := range q.params {
		if len(values) > 1 {
			return fail(90100, "The parameter '%s' appears more than once.", clip(name))
		}
	}
	id, redirect := q.params.Get("client_id"), q.params.Get("redirect_uri")
	if id == "" {
		return missing("client_id")
	}
	var e *Error
	if q.app, e = s.clientAt(q.tenant, id, ""); e != nil {
		return e
	}
	if redirect == "" {
		return missing("redirect_uri")
	}
	if !s.redirectAllowed(q.app, redirect) {
		return wrongRedirect(redirect, q.app)
	}
	if len(q.params.Get("nonce")) > maxNonce { // it is kept with the code
		return fail(90023, "The parameter 'nonce' is longer than %d bytes.", maxNonce)
	}
	q.redirectURI, q.state, q.mode = redirect, q.params.Get("state"), "query"
	switch mode := q.params.Get("response_mode"); mode {
	case "", "query":
	case "fragment", "form_post":
		q.mode = mode
	default:
		return fail(70007, "'%s' is not a supported value for 'response_mode'.", clip(mode))
	}
	return nil
}

func wrongRedirect(uri string, app *App) *Error {
	return fail(50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the "+
		"application '%s'.", clip(uri), app.ID)
}

// check checks the rest.
func (q *authRequest) check(s *Service) *Error {
	switch kind := q.params.Get("response_type"); kind {
	case "":
		return missing("response_type")
	case "code":
	default:
		return fail(70005, "response_type '%s' isn't supported for the application.", clip(kind))
	}
	q.hint, q.prompt, q.scopes = q.params.Get("login_hint"), q.params.Get("prompt"), q.params.Get("scope")
	switch q.prompt {
	case "", "none", "login", "select_account", "consent":
	default:
		return fail(90023, "Unsupported 'prompt' value.")
	}
	var err error
	if q.demands, err = parseChallenge(q.params.Get("claims")); err != nil {
		return fail(90023, "The claims parameter is not right: %s.", err)
	}
	set, e := s.dir.parseScope(q.scopes)
	if e != nil {
		return e
	}
	if _, e := set.consented(registered(s.effective(q.app, s.dir.concrete(q.tenant), nil))); e != nil {
		return e
	}
	return q.checkPKCE(s.flow.loose)
}

var challengePattern = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// checkPKCE demands S256 of public clients (RFC 7636).
func (q *authRequest) checkPKCE(loose bool) *Error {
	challenge, method := q.params.Get("code_challenge"), q.params.Get("code_challenge_method")
	if challenge == "" && (!q.app.Public || loose) {
		return nil
	}
	if challenge == "" || method != "S256" && q.app.Public {
		return fail(9002325, "Proof Key for Code Exchange is required for cross-origin authorization code redemption. "+
			"A public client has to send a code_challenge with the method S256.")
	}
	if method != "" && method != "S256" && method != "plain" {
		return fail(90023, "Unsupported 'code_challenge_method' value.")
	}
	if !challengePattern.MatchString(challenge) {
		return fail(50147, "The size of the code challenge parameter isn't valid.")
	}
	q.challenge, q.plain = challenge, method != "S256"
	return nil
}

// silentUser decides who is signed in without a page; show says that a page may be shown instead.
func (s *Service) silentUser(r *http.Request, req authRequest) (user *User, show bool) {
	current, signedIn := s.session(r)
	if signedIn {
		var e *Error
		current.user, e = s.dir.accountAt(req.tenant, current.user)
		signedIn = e == nil
	}
	hinted, _ := s.dir.userAt(req.tenant, req.hint)
	switch req.prompt {
	case "none":
		if req.hint != "" {
			return hinted, false
		}
		return current.user, false
	case "":
		if signedIn && req.hint == "" {
			return current.user, true
		}
		if signedIn && hinted != nil {
			return hinted, true
		}
	}
	return nil, true
}

// login receives the choice made on the picker page. Its query is that of the authorize request and is checked again.
func (s *Service) login(w http.ResponseWriter, r *http.Request, t tenant) {
	if !s.ownForm(w, r) {
		return
	}
	req, ok := s.readAuthorize(w, r, t, r.URL.Query())
	if !ok {
		return
	}
	s.counts.add("login")
	action := r.PostForm.Get("action")
	if action == "cancel" {
		s.sendError(w, r, req, fail(65004, "User declined to consent to access the app."))
		return
	}
	user, e := s.dir.userAt(t, r.PostForm.Get("user"))
	if user == nil && e == nil {
		e = fail(50034, "The user account does not exist in the directory.")
	}
	if e != nil {
		s.errorPage(w, r, e)
		return
	}
	s.proceed(w, r, req, step{user: user, pressed: true, accepted: action == "accept"})
}

// ownForm reads a form of one of our pages. When it is not that, the answer has been written.
func (s *Service) ownForm(w http.ResponseWriter, r *http.Request) bool {
	if err := s.origin.Check(r); err != nil {
		http.Error(w, "the form was sent from another site", http.StatusForbidden)
		return false
	}
	if e := readForm(r); e != nil {
		s.errorPage(w, r, e)
		return false
	}
	return true
}

// signIn starts or keeps the session, and sends a code to the redirect URI.
func (s *Service) signIn(w http.ResponseWriter, r *http.Request, req authRequest, st step) {
	sid := s.startSession(w, r, req.app, st)
	facts := s.newFacts(st.user, req.scopes, st.have)
	facts.nonce, facts.session = req.params.Get("nonce"), sid
	facts.tenant, facts.policy = req.tenant.id, req.tenant.policy
	name := s.codes.put("1.Aa", code{
		app: req.app, redirectURI: req.redirectURI, challenge: req.challenge, plain: req.plain, facts: facts,
	}, s.now().Add(codeLifetime))
	answer := url.Values{"code": {name}, "session_state": {sid}}
	if req.params.Get("client_info") == "1" {
		answer.Set("client_info", clientInfo(st.user, req.tenant.policy))
	}
	s.send(w, req, answer)
}

// sendError sends an error to the redirect URI.
func (s *Service) sendError(w http.ResponseWriter, r *http.Request, req authRequest, e *Error) {
	s.counts.add("refused")
	b := s.body(r, e)
	name := b.Error
	if e.Suberror == "consent_required" {
		name = e.Suberror // at this endpoint the name is that of OpenID Connect
	}
	answer := url.Values{"error": {name}, "error_description": {b.Description}, "error_uri": {b.URI}}
	if b.Suberror != "" {
		answer.Set("suberror", b.Suberror)
	}
	if b.Claims != "" {
		answer.Set("claims", b.Claims)
	}
	s.send(w, req, answer)
}

// send delivers an authorization response in the mode that was asked for. State is echoed exactly.
func (s *Service) send(w http.ResponseWriter, req authRequest, answer url.Values) {
	if req.params.Has("state") {
		answer.Set("state", req.state)
	}
	noStore(w.Header())
	w.Header().Set("Referrer-Policy", "no-referrer")
	switch req.mode {
	case "form_post":
		s.postPage(w, req, answer)
		return
	case "fragment":
		w.Header().Set("Location", req.redirectURI+"#"+answer.Encode())
	default:
		w.Header().Set("Location", withQuery(req.redirectURI, answer))
	}
	w.WriteHeader(http.StatusFound)
}

// withQuery adds parameters to a URL that may have some.
func withQuery(uri string, answer url.Values) string {
	if strings.Contains(uri, "?") {
		return uri + "&" + answer.Encode()
	}
	return uri + "?" + answer.Encode()
}
