package entra

import (
	"net"
	"net/url"
	"regexp"
	"strings"
)

// The loose mode takes what Entra ID refuses: no PKCE, any redirect URI on loopback, any client secret, and client ids that
// are not registered, which then have consent for all delegated permissions.

var looseClient = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// client finds a registration by client id.
func (s *Service) client(id string) *App {
	app := s.dir.app(id)
	if app != nil || !s.flow.loose || !looseClient.MatchString(id) {
		return app
	}
	id = strings.ToLower(id)
	all := make(map[string][]string)
	for id, resource := range s.dir.allResources() {
		all[id] = resource.Scopes
	}
	return &App{ID: id, ObjectID: id, Name: "unregistered client", Public: true, Delegated: all}
}

// redirectAllowed reports whether a redirect URI is good for an application.
func (s *Service) redirectAllowed(app *App, uri string) bool {
	return app.redirectAllowed(uri) || s.flow.loose && anyLoopback(uri)
}

// anyLoopback reports whether a URL leads to this machine by http or https.
func anyLoopback(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || len(uri) > maxURI || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.ContainsAny(uri, `#\`) {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
