package graph

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route reads the path and the query into c and finds the operation.
func (c *call) route() *refusal {
	segments, ref := c.segments()
	if ref != nil {
		return ref
	}
	kind, ref := c.root(segments)
	if ref != nil {
		return ref
	}
	if ref := c.choose(kind); ref != nil {
		return ref
	}
	return c.readQuery()
}

// segments returns the decoded segments after the version. A key in parentheses, as in users('id'), is a segment, too.
func (c *call) segments() ([]string, *refusal) {
	var out []string
	for _, s := range strings.Split(strings.Trim(c.r.URL.EscapedPath(), "/"), "/") {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return nil, bad("BadRequest", "The request path is not valid.")
		}
		name, key, found := strings.Cut(decoded, "('")
		if key, closed := strings.CutSuffix(key, "')"); found && closed && name != "" {
			out = append(out, name, strings.ReplaceAll(key, "''", "'"))
			continue
		}
		out = append(out, decoded)
	}
	version := strings.ToLower(out[0])
	if version != "v1.0" && version != "beta" {
		return nil, bad("BadRequest", "Invalid version: "+out[0])
	}
	c.version = version
	return out[1:], nil
}

// root reads /me, /users, /users/{id} and what follows, and /$batch.
func (c *call) root(segments []string) (resource, *refusal) {
	if len(segments) == 0 {
		return 0, unknownSegment(c.version)
	}
	first, rest := strings.ToLower(segments[0]), segments[1:]
	switch {
	case first == "$batch" && len(rest) == 0:
		return batch, nil
	case first == "me":
		c.isMe = true
		return c.relation(rest)
	case first != "users":
		return 0, unknownSegment(segments[0])
	case len(rest) == 0:
		return allUsers, nil
	case rest[0] == "$count" && len(rest) == 1:
		return countUsers, nil
	case rest[0] == "":
		return 0, unknownSegment("users")
	}
	c.pathUser = rest[0]
	return c.relation(rest[1:])
}

// relation reads what follows a user.
func (c *call) relation(rest []string) (resource, *refusal) {
	if len(rest) == 0 {
		return oneUser, nil
	}
	kind := relations[strings.ToLower(rest[0])]
	if kind == 0 {
		return 0, unknownSegment(rest[0])
	}
	if len(rest) == 1 {
		return kind, nil
	}
	c.name = rest[1]
	switch {
	case len(rest) > 2:
		return 0, unknownSegment(rest[2])
	case kind == allExtensions:
		return oneExtension, nil
	case kind == memberships && c.name == "$count":
		return countMemberships, nil
	case kind == memberships && strings.EqualFold(c.name, groupType), kind == photo && c.name == "$value":
		return kind, nil
	}
	return 0, unknownSegment(c.name)
}

func (c *call) choose(kind resource) *refusal {
	var allow []string
	for _, op := range operations {
		if op.kind != kind {
			continue
		}
		if op.method == c.r.Method {
			c.op = op
			return nil
		}
		allow = append(allow, op.method)
	}
	return &refusal{
		status: http.StatusMethodNotAllowed, code: "Request_BadRequest",
		message: "Specified HTTP method is not allowed for the request target.",
		allow:   strings.Join(slices.Compact(allow), ", "),
	}
}

func unknownSegment(name string) *refusal {
	return bad("RequestBroker--ParseUri", "Resource not found for the segment '"+name+"'.")
}
