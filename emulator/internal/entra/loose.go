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

// appAt finds a registration that can be used at the tenant of a path.
func (s *Service) appAt(t tenant, id string) (*App, *Error) {
	app, e := s.dir.appAt(t, id)
	if e == nil || !s.flow.loose || s.dir.app(id) != nil || !looseClient.MatchString(id) {
		return app, e
	}
	id = strings.ToLower(id)
	all := make(map[string][]string)
	for i := range s.dir.Resources {
		all[s.dir.Resources[i].ID] = s.dir.Resources[i].Scopes
	}
	return &App{
		ID: id, ObjectID: id, Name: "unregistered client", Public: true, MultiTenant: true, TenantID: s.homeOf(t), Delegated: all,
	}, nil
}

// homeOf is the id of the tenant of a path; where the path names none it is the first one.
func (s *Service) homeOf(t tenant) string {
	if t.common() || t.id == "" {
		return s.dir.TenantID
	}
	return t.id
}

// redirectAllowed reports whether a redirect URI is good for an application.
func (s *Service) redirectAllowed(app *App, uri string) bool {
	return app.redirectAllowed(uri) || s.flow.loose && anyLoopback(uri)
}

// anyLoopback reports whether a URL leads to this machine by http or https.
func anyLoopback(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.ContainsAny(uri, `#\`) {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
