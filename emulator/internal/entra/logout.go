package entra

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxSessionApps bounds the applications of a session that front-channel logout reaches.
const maxSessionApps = 50

// leaveScript goes on when all frames have loaded, or after five seconds.
const leaveScript = `const go=()=>location.replace(document.getElementById("next").href);addEventListener("load",go);setTimeout(go,5000)`

// logout ends the session, tells the applications that have a front-channel logout URI, and goes to the post-logout URI when
// the application of the id_token_hint registered it; without a hint, when some application did.
func (s *Service) logout(w http.ResponseWriter, r *http.Request, t tenant) {
	s.counts.add("logout")
	if e := readForm(r); e != nil {
		s.errorPage(w, r, e)
		return
	}
	current, signedIn := s.session(r)
	hinted, _ := s.dir.userAt(t, r.Form.Get("logout_hint"))
	if other := signedIn && hinted != nil && hinted.ObjectID != current.user.ObjectID; other {
		signedIn = false // an account without a session here is meant; that of this browser stays
	} else if c, err := r.Cookie(sessionCookie(r)); err == nil {
		s.sessions.expire(c.Value)
		http.SetCookie(w, cookieFor(r, "", -1))
	}
	var frames []string
	if signedIn {
		frames = s.frontChannel(current)
	}
	to := r.Form.Get("post_logout_redirect_uri")
	if !s.logoutAllowed(to, s.hintedApp(r.Form.Get("id_token_hint"))) {
		to = ""
	} else if r.Form.Has("state") {
		to = withQuery(to, url.Values{"state": {r.Form.Get("state")}}) // a registered URI has no fragment
	}
	s.signedOut(w, to, frames)
}

// signedOut sends the browser on, by way of a page when there are applications to tell.
func (s *Service) signedOut(w http.ResponseWriter, to string, frames []string) {
	noStore(w.Header())
	if to != "" && len(frames) == 0 {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
		return
	}
	p := page{Title: "You signed out of your account", Text: "It's a good idea to close all browser windows.", Frames: frames, Next: to}
	if to != "" {
		p.Script = template.JS(leaveScript)
	}
	var sources []string
	for _, frame := range frames {
		if source := formSource(frame); !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
	}
	p.frameSrc = strings.Join(sources, " ")
	s.show(w, "signedout", http.StatusOK, p)
}

// frontChannel lists the logout URIs of the applications of a session, each with the session's id and the issuer.
func (s *Service) frontChannel(current session) []string {
	var list []string
	for _, id := range current.apps {
		app := s.dir.app(id)
		if app == nil || app.FrontChannel == "" {
			continue
		}
		u, err := url.Parse(app.FrontChannel)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		list = append(list, withQuery(app.FrontChannel, url.Values{"sid": {current.id}, "iss": {s.issuerV2(current.user.TenantID)}}))
	}
	return list
}

// hintedApp is the application that an id_token was issued to, expired or not. A hint that is not ours means nothing.
func (s *Service) hintedApp(hint string) *App {
	parts := strings.Split(hint, ".")
	if len(hint) > maxToken || len(parts) != 3 {
		return nil
	}
	var h header
	var c map[string]any
	if decodeSegment(parts[0], &h) != nil || decodeSegment(parts[1], &c) != nil || s.checkSignature(s.tenantOfToken(c), h, parts) != nil {
		return nil
	}
	return s.dir.app(text(c, "aud"))
}

// logoutAllowed reports whether a post-logout URI is registered: with the application, or with any when none is known.
func (s *Service) logoutAllowed(uri string, app *App) bool {
	if uri == "" {
		return false
	}
	if app != nil {
		return s.redirectAllowed(app, uri)
	}
	for _, app := range s.dir.allApps() {
		if s.redirectAllowed(app, uri) {
			return true
		}
	}
	return false
}
