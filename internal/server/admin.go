package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/acs-solutions/acsauth"
)

// The app roles of the administration routes. Who may manage may also read.
const (
	roleRead   = "Identities.Read"
	roleManage = "Identities.Manage"
)

// maxBatch is how many users and how many identities one resolve may name.
const maxBatch = 100

// adminRoutes are the routes for administration. They are all POST with a body,
// so that nobody's id is part of a URL, which logs and histories keep.
func (s *Server) adminRoutes() map[string]route {
	post := func(h handler) route { return route{http.MethodPost: h} }
	return map[string]route{
		"/api/admin/lookup":    post(handle(s, operation{name: adminLookup, role: roleRead}, s.userInput, s.doLookup)),
		"/api/admin/find":      post(handle(s, operation{name: adminFind, role: roleRead}, identityInput, s.doFind)),
		"/api/admin/resolve":   post(handle(s, operation{name: adminResolve, role: roleRead}, s.batchInput, s.doResolve)),
		"/api/admin/provision": post(handle(s, operation{name: adminProvision, role: roleManage}, s.userInput, s.doProvision)),
		"/api/admin/revoke":    post(handle(s, operation{name: adminRevoke, role: roleManage}, s.userInput, s.doRevoke)),
		"/api/admin/delete":    post(handle(s, operation{name: adminDelete, role: roleManage}, s.userInput, s.doDelete)),
	}
}

// requireAdmin returns nil if the caller, a program or a person, may use a route that needs role.
func (s *Server) requireAdmin(c acsauth.Caller, role string) error {
	switch {
	case len(s.o.AdminClients) == 0:
		e := forbidden("admin_disabled", "The administration routes are switched off.",
			"Operator: ACSAUTH_ADMIN_CLIENTS lists the client applications that may use them.")
		e.Expected, e.Found = "a server with ACSAUTH_ADMIN_CLIENTS", "one without"
		return e
	case !slices.Contains(s.o.AdminClients, c.Client):
		e := forbidden("admin_client", "The client application may not use the administration routes.",
			"Operator: add its client id to ACSAUTH_ADMIN_CLIENTS.")
		e.Expected, e.Found = "a client of ACSAUTH_ADMIN_CLIENTS", c.Client
		return e
	case slices.Contains(c.Roles, role) || slices.Contains(c.Roles, roleManage):
		return nil
	}
	e := forbidden("admin_role", "The token lacks the app role "+role+".",
		"Portal: Enterprise applications or App registrations, the API, App roles: make the role "+role+"; then give it to the calling "+
			"application (API permissions, Application permissions, with admin consent) or to the person (Users and groups).")
	e.Expected, e.Found = "roles with "+role, list(c.Roles)
	return e
}

func (s *Server) doLookup(ctx context.Context, c *call, key acsauth.UserKey) (int, mappingResponse, error) {
	c.target = key
	row, err := s.o.Broker.Describe(ctx, key)
	c.identity = row.Identity
	return http.StatusOK, newMappingResponse(row), err
}

func (s *Server) doFind(ctx context.Context, c *call, id acsauth.Identity) (int, ownerResponse, error) {
	c.identity = id
	row, err := s.o.Broker.Owner(ctx, id)
	c.target = row.Key
	return http.StatusOK, newOwnerResponse(row), err
}

func (s *Server) doProvision(ctx context.Context, c *call, key acsauth.UserKey) (int, userResponse, error) {
	c.target = key
	return s.ensureFor(ctx, c, acsauth.Caller{Key: key})
}

func (s *Server) doRevoke(ctx context.Context, c *call, key acsauth.UserKey) (int, none, error) {
	c.target = key
	return http.StatusNoContent, none{}, s.o.Broker.RevokeTokens(ctx, acsauth.Caller{Key: key})
}

func (s *Server) doDelete(ctx context.Context, c *call, key acsauth.UserKey) (int, deletionResponse, error) {
	c.target = key
	return s.deleteFor(ctx, acsauth.Caller{Key: key})
}
