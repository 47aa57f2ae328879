package entra

import (
	"net/http"
	"net/url"
)

const sessionCookie = "ESTSAUTH"

// session is a signed-in browser.
type session struct {
	user *User
	id   string // sid and session_state
}

// session finds the session of a request.
func (s *Service) session(r *http.Request) (session, bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, false
	}
	current, _, fresh := s.sessions.get(c.Value, s.now())
	if !fresh {
		return session{}, false
	}
	return current, true
}

// startSession keeps the session of the same user, or makes a new one, and returns its id.
func (s *Service) startSession(w http.ResponseWriter, r *http.Request, user *User) string {
	if current, ok := s.session(r); ok && current.user == user {
		return current.id
	}
	next := session{user: user, id: newGUID()}
	name := s.sessions.put("", next, s.now().Add(sessionLifetime))
	http.SetCookie(w, cookieFor(r, name, 0))
	return next.id
}

// cookieFor makes the session cookie. Over TLS it goes to frames of other sites, too, as silent sign-in needs it.
func cookieFor(r *http.Request, value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if r.TLS != nil {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	return c
}

// logout ends the session and goes to the post-logout URI when some application registered it.
func (s *Service) logout(w http.ResponseWriter, r *http.Request, _ tenant) {
	s.counts.add("logout")
	if e := readForm(r); e != nil {
		s.errorPage(w, r, e)
		return
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.sessions.expire(c.Value)
	}
	http.SetCookie(w, cookieFor(r, "", -1))
	noStore(w.Header())
	to := r.Form.Get("post_logout_redirect_uri")
	if !s.logoutAllowed(to) {
		s.signedOutPage(w)
		return
	}
	if r.Form.Has("state") {
		to = withQuery(to, url.Values{"state": {r.Form.Get("state")}}) // a registered URI has no fragment
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

// logoutAllowed reports whether a post-logout URI is registered with some application.
func (s *Service) logoutAllowed(uri string) bool {
	for _, app := range s.dir.allApps() {
		if uri != "" && app.redirectAllowed(uri) {
			return true
		}
	}
	return false
}
