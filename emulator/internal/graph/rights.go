package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// adminRoles are the directory roles, by template id, that may write other
// users with a delegated token: Global Administrator and User Administrator.
var adminRoles = []string{"62e90394-69f5-4237-9190-012177145e10", "fe930be7-5e62-47db-91af-98c3a49a38b1"}

// right is what an operation needs.
type right int

const (
	anyRight right = iota
	readUsers
	writeUsers
	readExtensions
	writeExtensions
	readMemberships
)

// level is how much a grant shows.
type level int

const (
	nothing level = iota
	basic         // the properties that User.ReadBasic.All is for
	full
)

// permissions are the permissions that give a right: to the signed-in user's own object, and to any.
var permissions = map[right]struct{ own, any, basic []string }{
	readUsers: {
		own: []string{"User.Read", "User.ReadWrite", "User.ReadBasic.All"}, basic: []string{"User.ReadBasic.All"},
		any: []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	},
	writeUsers: {own: []string{"User.ReadWrite"}, any: []string{"User.ReadWrite.All"}},
	readExtensions: {
		own: []string{"User.Read", "User.ReadWrite"}, basic: []string{"User.ReadBasic.All"},
		any: []string{"User.Read.All", "User.ReadWrite.All"},
	},
	writeExtensions: {own: []string{"User.ReadWrite"}, any: []string{"User.ReadWrite.All"}},
	readMemberships: {
		own: []string{"User.Read", "User.ReadWrite"}, basic: []string{"User.Read.All", "User.ReadWrite.All"},
		any: groupRights,
	},
}

// groupRights show what a group is; without one only its id is shown.
var groupRights = []string{"GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}

func (g grant) has(names []string) bool {
	return slices.ContainsFunc(g.rights, func(r string) bool { return slices.Contains(names, r) })
}

// shows returns how far a right reaches on the own user, or on another.
func (g grant) shows(need right, own bool) level {
	p := permissions[need]
	writes := need == writeExtensions || need == writeUsers
	switch {
	case need == anyRight, own && g.has(p.own):
		return full
	case g.has(p.any) && (!writes || own || g.appOnly || g.admin):
		return full
	case g.has(p.basic):
		return basic
	}
	return nothing
}

var errPrivileges = &refusal{
	status: http.StatusForbidden, code: "Authorization_RequestDenied",
	message: "Insufficient privileges to complete the operation.",
}

// resolve finds the user of the path and checks the caller's right to it. Who
// lacks the right does not learn whether the user exists.
func (s *Service) resolve(c *call) *refusal {
	if c.isMe && c.grant.appOnly {
		return bad("BadRequest", "/me request is only valid with delegated authentication flow.")
	}
	if !c.isMe && c.pathUser == "" {
		if c.level = c.grant.shows(c.op.right, false); c.level == nothing {
			return errPrivileges
		}
		return nil
	}
	user, found := s.find(c.grant, c.userID())
	if c.level = c.grant.shows(c.op.right, c.isMe || found && c.owns(user)); c.level == nothing {
		return errPrivileges
	}
	if !found {
		return notFound(c.userID())
	}
	c.user = user
	return nil
}

// owns reports whether the caller is that user, signed in.
func (c *call) owns(u emu.User) bool { return !c.grant.appOnly && sameID(u.ObjectID, c.grant.object) }

// find returns a user of the caller's tenant. A guest elsewhere may go by the same name, hence the second look.
func (s *Service) find(g grant, id string) (emu.User, bool) {
	user, found := s.opts.Users(id)
	if found && g.sees(user) {
		return user, true
	}
	if s.opts.All == nil {
		return emu.User{}, false
	}
	for _, u := range s.opts.All() {
		if g.sees(u) && (strings.EqualFold(u.UPN, id) || sameID(u.ObjectID, id)) {
			return u, true
		}
	}
	return emu.User{}, false
}

// sees reports whether a user belongs to the tenant of the token.
func (g grant) sees(u emu.User) bool {
	return u.TenantID == "" || g.tenant == "" || sameID(u.TenantID, g.tenant)
}

func notFound(id string) *refusal {
	return &refusal{
		status: http.StatusNotFound, code: "Request_ResourceNotFound",
		message: "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present.",
	}
}
