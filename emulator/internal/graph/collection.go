package graph

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// Page sizes of GET /users.
const (
	defaultPage = 100
	maxPage     = 999
)

// listUsers answers a page of users in the order of their object ids. Graph's
// own tokens are opaque; here $skiptoken is the last id of the page before.
func (s *Service) listUsers(c *call) (reply, *refusal) {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return reply{}, bad("BadRequest", "The query string is not valid.")
	}
	size := defaultPage
	if top := option(query, "top"); top != "" {
		if size, err = strconv.Atoi(top); err != nil || size < 1 || size > maxPage {
			return reply{}, bad("Request_UnsupportedQuery", "Invalid page size specified: '"+top+"'. Must be between 1 and 999 inclusive.")
		}
	}
	after := option(query, "skiptoken")
	users := slices.DeleteFunc(s.allUsers(), func(u emu.User) bool { return u.ObjectID <= after })
	more := len(users) > size
	users = users[:min(size, len(users))]
	value := []map[string]any{}
	for _, u := range users {
		body, _, ref := selectProperties(u, option(query, "select"))
		if expand := strings.TrimSpace(option(query, "expand")); ref == nil && expand != "" {
			ref = s.expand(u.ObjectID, expand, body)
		}
		if ref != nil {
			return reply{}, ref
		}
		value = append(value, body)
	}
	body := map[string]any{"@odata.context": metadata + "users", "value": value}
	if more {
		query.Set("$skiptoken", users[len(users)-1].ObjectID)
		body["@odata.nextLink"] = c.origin() + "/v1.0/users?" + query.Encode()
	}
	return reply{http.StatusOK, body}, nil
}

// allUsers is the listed users and those of the crowd that have an extension, by object id.
func (s *Service) allUsers() []emu.User {
	var users []emu.User
	if s.opts.All != nil {
		users = slices.Clone(s.opts.All())
	}
	for _, id := range s.store.holders() {
		if u, ok := s.opts.Users(id); ok {
			users = append(users, u)
		}
	}
	slices.SortFunc(users, func(a, b emu.User) int { return strings.Compare(a.ObjectID, b.ObjectID) })
	return slices.CompactFunc(users, func(a, b emu.User) bool { return a.ObjectID == b.ObjectID })
}

// origin is where the client found this service.
func (c *call) origin() string {
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}
