package graph

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// expandShape is the one expansion of extensions there is: all, or one by id.
var expandShape = regexp.MustCompile(`^(?i:extensions)(?:\(\$filter=id eq '((?:[^']|'')*)'\))?$`)

// defaultProperties are what a user shows without $select.
var defaultProperties = []string{
	"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
	"officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
}

// basicProperties are what User.ReadBasic.All shows of other users.
var basicProperties = []string{"id", "displayName", "givenName", "surname", "mail", "userPrincipalName"}

// properties returns all that can be selected. null is what a user has not got.
func properties(u emu.User) map[string]any {
	kind := "Member"
	if u.Guest {
		kind = "Guest"
	}
	nickname, _, _ := strings.Cut(u.UPN, "@")
	return map[string]any{
		"id": u.ObjectID, "displayName": u.DisplayName, "userPrincipalName": u.UPN,
		"givenName": orNull(u.GivenName), "surname": orNull(u.Surname), "mail": orNull(u.Mail),
		"userType": kind, "accountEnabled": true, "businessPhones": []string{}, "mailNickname": nickname,
		"jobTitle": nil, "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
		"department": nil, "companyName": nil, "city": nil, "country": nil, "usageLocation": nil,
		"employeeId": nil, "otherMails": []string{}, "proxyAddresses": []string{},
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// getUser answers a user, with relations if $expand asks for them.
func (s *Service) getUser(c *call) (reply, *refusal) {
	body, ref := s.shape(c, c.user)
	if ref != nil {
		return reply{}, ref
	}
	c.units = c.cost(1)
	body["@odata.context"] = c.userContext() + "/$entity"
	return reply{http.StatusOK, body}, nil
}

// cost is what a read takes of the resource units: less with $select, more with $expand, at least one.
func (c *call) cost(units int) int {
	if len(c.query.selected) > 0 {
		units--
	}
	if c.query.expand != "" {
		units++
	}
	return max(units, 1)
}

// userContext names users and what is selected of them.
func (c *call) userContext() string {
	listed := slices.Clone(c.query.selected)
	if c.query.expand != "" {
		listed = append(listed, c.query.expanded()+"()")
	}
	if len(listed) == 0 {
		return c.metadata() + "users"
	}
	return c.metadata() + "users(" + strings.Join(listed, ",") + ")"
}

// shape is a user as $select and $expand want it.
func (s *Service) shape(c *call, u emu.User) (map[string]any, *refusal) {
	body, ref := c.selectProperties(u)
	if ref != nil || c.query.expand == "" {
		return body, ref
	}
	name := c.query.expanded()
	switch match := expandShape.FindStringSubmatch(c.query.expand); {
	case match != nil:
		return body, s.expandExtensions(c, u, strings.ReplaceAll(match[1], "''", "'"), body)
	case c.query.expand == "memberOf", c.query.expand == "transitiveMemberOf":
		if c.grant.shows(readMemberships, c.owns(u)) == nothing {
			return nil, errPrivileges
		}
		list := []map[string]any{}
		for _, id := range u.Groups {
			list = append(list, c.group(id))
		}
		body[name] = list
	case c.query.expand == "manager": // a user without one shows nothing
	default:
		return nil, bad("BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph.user'.")
	}
	return body, nil
}

func (c *call) selectProperties(u emu.User) (map[string]any, *refusal) {
	all, wanted := properties(u), c.query.selected
	if len(wanted) == 0 {
		wanted = defaultProperties
	}
	body := make(map[string]any)
	for _, name := range wanted {
		value, known := all[name]
		switch visible := c.level == full || slices.Contains(basicProperties, name); {
		case known && visible:
			body[name] = value
		case known && len(c.query.selected) == 0:
			body[name] = emptyOf(value)
		case known:
			return nil, errPrivileges
		case name == "*":
			for name, value := range all {
				body[name] = value
			}
		case relations[strings.ToLower(name)] == 0: // a relation selects nothing
			return nil, bad("BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph.user'.")
		}
	}
	return body, nil
}

// emptyOf is what stands for a value that the caller may not see.
func emptyOf(value any) any {
	if _, list := value.([]string); list {
		return []string{}
	}
	return nil
}

// expandExtensions adds the extensions of a user, or the one of that id.
func (s *Service) expandExtensions(c *call, u emu.User, id string, body map[string]any) *refusal {
	if c.grant.shows(readExtensions, c.owns(u)) == nothing {
		return errPrivileges
	}
	user := u.ObjectID
	shown := []map[string]any{}
	for _, e := range s.seen(user) {
		if id == "" || e.matches(id) {
			shown = append(shown, e.object())
		}
	}
	body["extensions"] = shown
	body["extensions@odata.context"] = c.extensionsContext(user)
	return nil
}

// readOnly answers what would change the directory: that is the business of the emulator's administration.
func (s *Service) readOnly(*call) (reply, *refusal) {
	return reply{}, &refusal{
		status: http.StatusNotImplemented, code: "NotImplemented",
		message: "The directory of the emulator is read-only here: add users through its administration.",
	}
}

// getPhoto answers as for a user without a photo.
func (s *Service) getPhoto(*call) (reply, *refusal) {
	return reply{}, &refusal{
		status: http.StatusNotFound, code: "ImageNotFound",
		message: "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
	}
}

// getManager answers as for a user without a manager.
func (s *Service) getManager(*call) (reply, *refusal) { return reply{}, notFound("manager") }

// listReports answers as for a user whom nobody reports to.
func (s *Service) listReports(c *call) (reply, *refusal) {
	return reply{http.StatusOK, map[string]any{"@odata.context": c.metadata() + "directoryObjects", "value": []any{}}}, nil
}
