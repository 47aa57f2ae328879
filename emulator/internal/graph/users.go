package graph

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// expandShape is the one expansion there is, all extensions or one by id.
var expandShape = regexp.MustCompile(`^(?i:extensions)(?:\(\$filter=id eq '([^']*)'\))?$`)

// defaultProperties are what a user shows without $select.
var defaultProperties = []string{
	"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
	"officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
}

// properties returns all that can be selected. null is what a user has not got.
func properties(u emu.User) map[string]any {
	kind := "Member"
	if u.Guest {
		kind = "Guest"
	}
	return map[string]any{
		"id": u.ObjectID, "displayName": u.DisplayName, "userPrincipalName": u.UPN,
		"givenName": orNull(u.GivenName), "surname": orNull(u.Surname), "mail": orNull(u.Mail),
		"userType": kind, "accountEnabled": true, "businessPhones": []string{},
		"jobTitle": nil, "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// getUser answers a user, with extensions if $expand asks for them.
func (s *Service) getUser(c *call) (reply, *refusal) {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return reply{}, bad("BadRequest", "The query string is not valid.")
	}
	body, listed, ref := selectProperties(c.user, option(query, "select"))
	if ref != nil {
		return reply{}, ref
	}
	if expand := strings.TrimSpace(option(query, "expand")); expand != "" {
		if ref := s.expand(c.user.ObjectID, expand, body); ref != nil {
			return reply{}, ref
		}
		listed = append(listed, "extensions()")
	}
	body["@odata.context"] = metadata + "users/$entity"
	if len(listed) > 0 {
		body["@odata.context"] = metadata + "users(" + strings.Join(listed, ",") + ")/$entity"
	}
	return reply{http.StatusOK, body}, nil
}

// option returns a query option; its $ may be left out.
func option(query url.Values, name string) string {
	if v := query.Get("$" + name); v != "" {
		return v
	}
	return query.Get(name)
}

func selectProperties(u emu.User, list string) (body map[string]any, listed []string, ref *refusal) {
	all, wanted := properties(u), defaultProperties
	if strings.TrimSpace(list) != "" {
		wanted = strings.Split(list, ",")
	}
	body = make(map[string]any)
	for _, name := range wanted {
		name = strings.TrimSpace(name)
		value, known := all[name]
		switch {
		case known:
			body[name] = value
		case name != "extensions": // a navigation property: selects nothing
			return nil, nil, bad("BadRequest", "Could not find a property named '"+name+"' on type 'microsoft.graph.user'.")
		}
		if list != "" {
			listed = append(listed, name)
		}
	}
	return body, listed, nil
}

func (s *Service) expand(user, expand string, body map[string]any) *refusal {
	match := expandShape.FindStringSubmatch(expand)
	if match == nil {
		return bad("BadRequest", "The $expand option is not supported by this emulator.")
	}
	shown := []map[string]any{}
	for _, e := range s.seen(user) {
		if match[1] == "" || e.matches(match[1]) {
			shown = append(shown, e.object())
		}
	}
	body["extensions"] = shown
	body["extensions@odata.context"] = extensionsContext(user)
	return nil
}
