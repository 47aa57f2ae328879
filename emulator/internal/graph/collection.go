package graph

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// Page sizes of collections.
const (
	defaultPage = 100
	maxPage     = 999
)

// position is what a $skiptoken stands for: the last user of the page before. Graph's own tokens are opaque, too.
type position struct {
	Key string `json:"k"` // value of the property that orders
	ID  string `json:"i"`
}

func (p position) token() string {
	text, _ := json.Marshal(p) // two strings
	return base64.RawURLEncoding.EncodeToString(text)
}

var errPageToken = bad("Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")

// readToken reads a $skiptoken; the empty one is the start.
func readToken(token string) (p position, ref *refusal) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || token != "" && json.Unmarshal(text, &p) != nil {
		return p, errPageToken
	}
	return p, nil
}

// listUsers answers a page of users.
func (s *Service) listUsers(c *call) (reply, *refusal) {
	if _, ref := s.shape(c, emu.User{}); ref != nil {
		return reply{}, ref
	}
	users, ref := s.match(c)
	if ref != nil {
		return reply{}, ref
	}
	order, ref := readOrder(c.query)
	if ref != nil {
		return reply{}, ref
	}
	after, ref := readToken(c.query.token)
	if ref != nil {
		return reply{}, ref
	}
	body := map[string]any{"@odata.context": c.userContext()}
	if c.query.counted() {
		body["@odata.count"] = len(users)
	}
	slices.SortFunc(users, func(a, b emu.User) int { return order.compare(order.of(a), order.of(b)) })
	if c.query.token != "" {
		users = slices.DeleteFunc(users, func(u emu.User) bool { return order.compare(order.of(u), after) <= 0 })
	}
	size := cmp.Or(c.query.top, defaultPage)
	if len(users) > size {
		users = users[:size]
		body["@odata.nextLink"] = c.origin() + "/" + c.version + "/users?" + c.query.next(order.of(users[size-1]).token())
	}
	value := []map[string]any{}
	for _, u := range users {
		one, ref := s.shape(c, u)
		if ref != nil {
			return reply{}, ref
		}
		value = append(value, one)
	}
	c.units = c.cost(2)
	body["value"] = value
	return reply{http.StatusOK, body}, nil
}

// countUsers answers the number of users as plain text.
func (s *Service) countUsers(c *call) (reply, *refusal) {
	if !c.query.eventual {
		return reply{}, errNoCount
	}
	c.query.count = true // what it is
	users, ref := s.match(c)
	if ref != nil {
		return reply{}, ref
	}
	return reply{http.StatusOK, strconv.Itoa(len(users))}, nil
}

var errNoCount = bad("Request_BadRequest", "$count is not currently supported.")

// match returns the users of the tenant that $filter and $search let through.
func (s *Service) match(c *call) ([]emu.User, *refusal) {
	test, ref := c.query.predicate()
	if ref != nil {
		return nil, ref
	}
	users := s.allUsers(c.grant)
	return slices.DeleteFunc(users, func(u emu.User) bool { return !test(properties(u)) }), nil
}

// allUsers is the listed users and those of the crowd that have an extension.
func (s *Service) allUsers(g grant) []emu.User {
	var users []emu.User
	known := make(map[string]bool)
	add := func(u emu.User) {
		if !known[u.ObjectID] && g.sees(u) {
			known[u.ObjectID] = true
			users = append(users, u)
		}
	}
	if s.opts.All != nil {
		for _, u := range s.opts.All() {
			add(u)
		}
	}
	for _, id := range s.store.holders() {
		if u, ok := s.opts.Users(id); ok {
			add(u)
		}
	}
	return users
}

// ordering is $orderby: by object id, or by one property.
type ordering struct {
	property   string
	descending bool
}

// readOrder reads $orderby. Together with a filter it needs the eventual index.
func readOrder(q query) (ordering, *refusal) {
	if q.orderBy == "" {
		return ordering{}, nil
	}
	words := strings.Fields(q.orderBy)
	ok := len(words) == 1 || len(words) == 2 && (words[1] == "asc" || words[1] == "desc")
	if !ok || !slices.Contains([]string{"displayName", "userPrincipalName"}, words[0]) {
		return ordering{}, errUnsupported
	}
	if q.filter != "" && !q.advanced() {
		return ordering{}, bad("Request_UnsupportedQuery", "Sorting not supported for current query.")
	}
	return ordering{words[0], len(words) == 2 && words[1] == "desc"}, nil
}

func (o ordering) of(u emu.User) position {
	if o.property == "" {
		return position{ID: u.ObjectID}
	}
	key, _ := properties(u)[o.property].(string)
	return position{strings.ToLower(key), u.ObjectID}
}

func (o ordering) compare(a, b position) int {
	n := cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.ID, b.ID))
	if o.descending {
		return -n
	}
	return n
}
