package acs

import (
	"net/http"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/uuid"
)

// entraAudiences are the names of the first-party application "Azure
// Communication Services Clients", which the token of an Entra user must be for.
var entraAudiences = []string{
	"https://communication.azure.com/clients",
	"https://communication.azure.com/clients/",
	"2a04943b-b6a7-4f65-8786-2bb6131b59f6",
}

// permission is a delegated permission with the scope of the token that it is
// exchanged for.
type permission struct{ name, scope string }

// entraPermissions are those of the Entra API.
var entraPermissions = []permission{
	{"Chat", "chat"}, {"Chat.Join", "chat.join"}, {"Chat.Join.Limited", "chat.join.limited"},
	{"VoIP", "voip"}, {"VoIP.Join", "voip.join"},
}

// extensionPermissions are those of the Teams extension.
var extensionPermissions = []permission{{"TeamsExtension.ManageCalls", "voip"}}

// user is an Entra user as their token tells.
type user struct {
	tenant, object, client string
	groups                 []string
}

// userOf reads a user from a token; ok is false for the token of an
// application.
func userOf(claims emu.Claims) (u user, ok bool) {
	u = user{
		tenant: strings.ToLower(textOf(claims, "tid")), object: strings.ToLower(textOf(claims, "oid")),
		client: strings.ToLower(clientOf(claims)),
	}
	for _, group := range textsOf(claims, "groups") {
		u.groups = append(u.groups, strings.ToLower(group))
	}
	return u, guidShape.MatchString(u.tenant) && guidShape.MatchString(u.object) && textOf(claims, "idtyp") != "app"
}

// exchangeEntra turns an Entra user's token into an identity of theirs and a
// token that expires with it. An assignment to the user, to one of their
// groups or to their tenant has to allow it.
func (s *Service) exchangeEntra(c *call) (reply, *refusal) {
	return s.exchangeUser(c, entraAudiences, entraPermissions, func(u user) (kind, bool) {
		return kindWorkforce, s.entraAdmits(u)
	})
}

// exchangeExtension does the same for a Teams user or resource account.
func (s *Service) exchangeExtension(c *call) (reply, *refusal) {
	return s.exchangeUser(c, teamsAudiences, extensionPermissions, func(u user) (kind, bool) {
		a, _ := s.registry.assignment(grantKey{resource: s.resources[0].id, extension: true, tenant: u.tenant, object: u.object})
		return kindExtension, a.admits(principalUser, u.tenant, u.client) || a.admits(principalResource, u.tenant, u.client)
	})
}

// entraAdmits looks for an assignment to the user, their groups or their
// tenant.
func (s *Service) entraAdmits(u user) bool {
	admits := func(principal, object string) bool {
		a, _ := s.registry.assignment(grantKey{resource: s.resources[0].id, object: object})
		return a.admits(principal, u.tenant, u.client)
	}
	if admits(principalUser, u.object) || admits(principalTenant, u.tenant) {
		return true
	}
	groups := u.groups
	if s.opts.Groups != nil {
		groups = append(groups, s.opts.Groups(u.object)...)
	}
	for _, group := range groups {
		if admits(principalGroup, strings.ToLower(group)) {
			return true
		}
	}
	return false
}

func (s *Service) exchangeUser(c *call, audiences []string, known []permission, admit func(user) (kind, bool)) (reply, *refusal) {
	if ref := decode(c.body, &struct{}{}); ref != nil {
		return reply{}, ref
	}
	u, ok := userOf(c.who.claims)
	scopes := granted(c.who.claims, known)
	switch {
	case !ok:
		return reply{}, invalidAccessToken("not the token of a user")
	case !isFor(c.who.claims, audiences):
		return reply{}, invalidAccessToken("token for another audience")
	case len(scopes) == 0:
		return reply{}, invalidAccessToken("token without a permission of this service")
	}
	kind, ok := admit(u)
	if !ok {
		return reply{}, forbidden("no assignment for this user and application")
	}
	now := s.opts.Now()
	expires, _ := timeOf(c.who.claims, "exp") // checked on the way in
	made, err := s.registry.admit(key{kind: kind, tenant: uuid.MustParse(u.tenant), user: uuid.MustParse(u.object)}, now)
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	token, ref := s.mint(c, payload{ID: made.id, Scopes: scopes, Serial: made.issued, Issued: now, Expires: expires})
	if ref != nil {
		return reply{}, ref
	}
	s.counts.add(c.op.name)
	return reply{http.StatusOK, createReply{Identity: identityBody{ID: made.id}, AccessToken: token}}, nil
}

// granted returns the scopes for the permissions that a token carries.
func granted(claims emu.Claims, known []permission) []string {
	held := strings.Fields(textOf(claims, "scp"))
	var out []string
	for _, p := range known {
		if slices.Contains(held, p.name) {
			out = append(out, p.scope)
		}
	}
	return out
}
