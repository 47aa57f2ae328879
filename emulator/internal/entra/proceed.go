package entra

import (
	"net/http"
	"slices"
)

// step is how far a sign-in has come.
type step struct {
	user     *User
	pressed  bool   // a person pressed a button, so it is interactive
	accepted bool   // the button of the consent page
	have     proofs // what the sign-in has shown
}

// proceed goes from a known user to the code: challenges, obstacles, consent.
func (s *Service) proceed(w http.ResponseWriter, r *http.Request, req authRequest, st step) {
	silent := req.prompt == "none"
	if current, ok := s.session(r); ok && current.user.ObjectID == st.user.ObjectID {
		st.have = current.have
	}
	st.have = st.have.with(newness(req.demands))
	if st.pressed {
		st.have = st.have.with(s.signInProofs(st.user, req.demands))
	}
	if !metAll(req.demands, st.have) {
		e := fail(50076, "%s", obstacleKinds[50076].text)
		e.Suberror, e.Claims = "basic_action", req.params.Get("claims")
		s.askAgain(w, r, req, st.user, e)
		return
	}
	again := false
	if e := s.meet("authorize", presented{req.app, st.user, st.have}); e != nil {
		switch kind := obstacleKinds[e.Code].remedy; {
		case silent || e.Code == 65004:
			s.sendError(w, r, req, e)
			return
		case kind == consent:
			again = true
		case kind == noRemedy:
			s.blocked(w, r, req, st.user, e)
			return
		default:
			s.askAgain(w, r, req, st.user, e)
			return
		}
	}
	if s.consentGiven(w, r, req, st, again) {
		s.signIn(w, r, req, st)
	}
}

// askAgain answers what only a person can do: by a page, or for a silent request by the error.
func (s *Service) askAgain(w http.ResponseWriter, r *http.Request, req authRequest, user *User, e *Error) {
	if req.prompt == "none" {
		s.sendError(w, r, req, e)
		return
	}
	s.counts.add("step-up")
	s.show(w, "verify", http.StatusOK, s.loginPage(req, user, page{
		Title: "Verify your identity", Text: e.Text, Details: []string{user.DisplayName, user.UPN},
	}))
}

// blocked shows an error page from which the user can go back to the application only.
func (s *Service) blocked(w http.ResponseWriter, r *http.Request, req authRequest, user *User, e *Error) {
	s.counts.add("refused")
	b := s.body(r, e)
	status := http.StatusBadRequest
	if e.status() == http.StatusServiceUnavailable {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	title := "Sorry, but we're having trouble signing you in"
	if e.Code == 90094 || e.Code == 90095 {
		title = "Need admin approval"
	}
	s.show(w, "blocked", status, s.loginPage(req, user, page{
		Title: title, Text: e.Error(), Details: []string{"Trace ID: " + b.TraceID, "Correlation ID: " + b.CorrelationID, "Timestamp: " + b.Timestamp},
	}))
}

// consentGiven reports whether the user has consented to what the request needs, and stores a consent that was just given. When
// it is missing, the answer has been written.
func (s *Service) consentGiven(w http.ResponseWriter, r *http.Request, req authRequest, st step, again bool) bool {
	all := again || req.prompt == "consent"
	wish := s.missing(req.app, st.user, req.scopes, all)
	if wish.empty() && !all {
		return true
	}
	switch {
	case req.prompt == "none":
		s.sendError(w, r, req, noConsent(req.app))
		return false
	case len(wish.adminOnly) > 0:
		e := fail(90094, "%s Permissions: %s.", obstacleKinds[90094].text, clip(slices.Sorted(slices.Values(wish.adminOnly))[0]))
		s.blocked(w, r, req, st.user, e)
		return false
	case !st.accepted:
		s.show(w, "consent", http.StatusOK, s.loginPage(req, st.user, page{
			Title: "Permissions requested", Text: req.app.Name + " would like to:", Details: s.describe(wish.permissions),
		}))
		return false
	}
	if e := s.flow.consents.add(userConsent(req.app, st.user), wish.permissions); e != nil {
		s.errorPage(w, r, e)
		return false
	}
	s.counts.add("consent")
	if _, id, found := s.flow.conditions.find(st.user); found {
		s.flow.consents.renew(userConsent(req.app, st.user), id)
	}
	return true
}

// loginPage fills in where the form of a page leads to.
func (s *Service) loginPage(req authRequest, user *User, p page) page {
	p.Action = "/" + req.tenant.segment + "/login?" + req.params.Encode()
	p.App, p.Hint = req.app.Name, user
	p.formDest = "'self' " + formSource(req.redirectURI)
	return p
}
