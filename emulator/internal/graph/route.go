package graph

import (
	"net/http"
	"net/url"
	"strings"
)

// operation is one call of the API.
type operation struct {
	name   string
	method string
	kind   resource
	write  bool
	do     func(*Service, *call) (reply, *refusal)
}

// resource is what a path names.
type resource int

const (
	oneUser resource = iota + 1
	allExtensions
	oneExtension
	allUsers
)

// operations are the calls of the API.
var operations = []operation{
	{name: "users", method: "GET", kind: allUsers, do: (*Service).listUsers},
	{name: "user", method: "GET", kind: oneUser, do: (*Service).getUser},
	{name: "list", method: "GET", kind: allExtensions, do: (*Service).listExtensions},
	{name: "add", method: "POST", kind: allExtensions, write: true, do: (*Service).addExtension},
	{name: "get", method: "GET", kind: oneExtension, do: (*Service).getExtension},
	{name: "update", method: "PATCH", kind: oneExtension, write: true, do: (*Service).updateExtension},
	{name: "remove", method: "DELETE", kind: oneExtension, write: true, do: (*Service).removeExtension},
}

// Operations returns the names of all operations.
func Operations() []string {
	var names []string
	for _, op := range operations {
		names = append(names, op.name)
	}
	return names
}

// route reads the path into c and finds the operation.
func (c *call) route() *refusal {
	rest, ref := c.readUser()
	if ref != nil {
		return ref
	}
	if !c.isMe && c.pathUser == "" {
		return c.choose(allUsers)
	}
	kind := oneUser
	if len(rest) > 0 {
		if rest[0] != "extensions" || len(rest) > 2 {
			return unknownSegment(rest[len(rest)-1])
		}
		kind = allExtensions
	}
	if len(rest) == 2 {
		kind, c.name = oneExtension, rest[1]
	}
	return c.choose(kind)
}

// readUser reads "/v1.0/me" or "/v1.0/users/{id}" and returns what follows.
func (c *call) readUser() ([]string, *refusal) {
	segments := strings.Split(strings.Trim(c.r.URL.EscapedPath(), "/"), "/")
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return nil, bad("BadRequest", "The request path is not valid.")
		}
		segments[i] = decoded
	}
	if segments[0] != "v1.0" {
		return nil, bad("BadRequest", "Invalid version: "+segments[0])
	}
	switch {
	case len(segments) >= 2 && segments[1] == "me":
		c.isMe = true
		return segments[2:], nil
	case len(segments) == 2 && segments[1] == "users":
		return nil, nil
	case len(segments) >= 3 && segments[1] == "users" && segments[2] != "":
		c.pathUser = segments[2]
		return segments[3:], nil
	}
	return nil, unknownSegment(segments[len(segments)-1])
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
		allow:   strings.Join(allow, ", "),
	}
}

func unknownSegment(name string) *refusal {
	return bad("RequestBroker--ParseUri", "Resource not found for the segment '"+name+"'.")
}
