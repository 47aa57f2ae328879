package entra

import (
	"net/http"
	"slices"
)

// sessionCookie names the cookie of a session. The real External ID and B2C tenants have hosts, and so cookies, of their own.
func sessionCookie(r *http.Request) string {
	if t := tenantOf(r); t.kind != Workforce {
		return "ESTSAUTH-" + t.id
	}
	return "ESTSAUTH"
}

// session is a signed-in browser.
type session struct {
	user       *User
	id         string   // sid and session_state
	have       proofs   // what the user has shown beyond who it is
	apps       []string // client ids that the user signed in to
	generation int      // of the user's revocations
}

// session finds the session of a request.
func (s *Service) session(r *http.Request) (session, bool) {
	c, err := r.Cookie(sessionCookie(r))
	if err != nil {
		return session{}, false
	}
	current, _, fresh := s.sessions.get(c.Value, s.now())
	if !fresh || current.generation != s.generation(current.user) {
		return session{}, false
	}
	return current, true
}

// startSession keeps the session of the same user, or makes a new one, and returns its id.
func (s *Service) startSession(w http.ResponseWriter, r *http.Request, app *App, st step) string {
	current, ok := s.session(r)
	if !ok || current.user.ObjectID != st.user.ObjectID {
		next := session{user: st.user, id: newGUID(), have: st.have, apps: []string{app.ID}, generation: s.generation(st.user)}
		name := s.sessions.put("", next, s.now().Add(sessionLifetime))
		http.SetCookie(w, cookieFor(r, name, 0))
		return next.id
	}
	if c, err := r.Cookie(sessionCookie(r)); err == nil {
		s.sessions.update(c.Value, func(kept *session) {
			kept.have = kept.have.with(st.have)
			if !slices.Contains(kept.apps, app.ID) && len(kept.apps) < maxSessionApps {
				kept.apps = append(slices.Clone(kept.apps), app.ID)
			}
		})
	}
	return current.id
}

// cookieFor makes the session cookie. Over TLS it goes to frames of other sites, too, as silent sign-in needs it.
func cookieFor(r *http.Request, value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: sessionCookie(r), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if r.TLS != nil {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	return c
}
