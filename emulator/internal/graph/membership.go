package graph

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// groupType is the type of what a user is a member of here; roles and administrative units there are none.
const groupType = "microsoft.graph.group"

// maxCheck is the number of groups that one check takes.
const maxCheck = 20

// group is a group as the caller may see it: without a right to groups, only its id.
func (c *call) group(id string) map[string]any {
	out := map[string]any{
		"@odata.type": "#" + groupType, "id": id, "displayName": nil, "description": nil, "mail": nil,
		"mailEnabled": nil, "securityEnabled": nil, "groupTypes": []string{},
	}
	if c.grant.has(groupRights) {
		out["displayName"], out["mailEnabled"], out["securityEnabled"] = "Group "+id, false, true
	}
	return out
}

// listMemberships answers a page of the user's groups, in the order of the directory.
func (s *Service) listMemberships(c *call) (reply, *refusal) {
	if c.name != "" && !c.query.advanced() { // a cast needs the eventual index
		return reply{}, errUnsupported
	}
	after, ref := readToken(c.query.token)
	if ref != nil {
		return reply{}, ref
	}
	ids := c.user.Groups
	context := "directoryObjects"
	if c.name != "" {
		context = "groups"
	}
	body := map[string]any{"@odata.context": c.metadata() + context}
	if c.query.counted() {
		body["@odata.count"] = len(ids)
	}
	start := slices.Index(ids, after.ID)
	if c.query.token != "" && start < 0 {
		return reply{}, errPageToken
	}
	ids = ids[start+1:]
	size := cmp.Or(c.query.top, defaultPage)
	if len(ids) > size {
		ids = ids[:size]
		body["@odata.nextLink"] = c.origin() + c.r.URL.EscapedPath() + "?" + c.query.next(position{ID: ids[size-1]}.token())
	}
	value := []map[string]any{}
	for _, id := range ids {
		one, ref := c.selectGroup(id)
		if ref != nil {
			return reply{}, ref
		}
		value = append(value, one)
	}
	body["value"] = value
	return reply{http.StatusOK, body}, nil
}

// selectGroup keeps what $select names.
func (c *call) selectGroup(id string) (map[string]any, *refusal) {
	all := c.group(id)
	if len(c.query.selected) == 0 {
		return all, nil
	}
	out := map[string]any{"@odata.type": all["@odata.type"]}
	for _, name := range c.query.selected {
		value, known := all[name]
		if !known {
			return nil, bad("BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph.directoryObject'.")
		}
		out[name] = value
	}
	return out, nil
}

// countMemberships answers the number of groups as plain text.
func (s *Service) countMemberships(c *call) (reply, *refusal) {
	if !c.query.eventual {
		return reply{}, errNoCount
	}
	return reply{http.StatusOK, strconv.Itoa(len(c.user.Groups))}, nil
}

// strings answers a collection of ids.
func (c *call) strings(ids []string) reply {
	return reply{http.StatusOK, map[string]any{
		"@odata.context": c.metadata() + "Collection(Edm.String)", "value": append([]string{}, ids...),
	}}
}

// memberObjects answers the ids of all groups. All are security groups.
func (s *Service) memberObjects(c *call) (reply, *refusal) {
	fields, ref := c.readObject(maxBody)
	if ref != nil {
		return reply{}, ref
	}
	if value, sent := fields["securityEnabledOnly"]; sent {
		var only bool
		if json.Unmarshal(value, &only) != nil {
			return reply{}, errNotJSON
		}
	}
	return c.strings(c.user.Groups), nil
}

// checkMembers answers which of the given groups the user is in.
func (s *Service) checkMembers(c *call) (reply, *refusal) {
	fields, ref := c.readObject(maxBody)
	if ref != nil {
		return reply{}, ref
	}
	var ids []string
	for _, name := range []string{"groupIds", "ids"} {
		if value, sent := fields[name]; sent && json.Unmarshal(value, &ids) != nil {
			return reply{}, errNotJSON
		}
	}
	if len(ids) == 0 || len(ids) > maxCheck {
		return reply{}, bad("Request_BadRequest", "The number of ids must be between 1 and 20.")
	}
	return c.strings(slices.DeleteFunc(ids, func(id string) bool {
		return !slices.ContainsFunc(c.user.Groups, func(g string) bool { return sameID(g, id) })
	})), nil
}
