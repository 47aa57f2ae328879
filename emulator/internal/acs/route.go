package acs

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is one call of the REST API.
type operation struct {
	name   string
	method string
	path   []string // segments; "*" stands for an identity
	since  string   // oldest api-version that has it
	only   string   // the one api-version that has it, if not ""
	do     func(*Service, *call) (reply, *refusal)
}

// operations are the calls of the API.
var operations = []operation{
	{name: "create", method: "POST", path: []string{"identities"}, do: (*Service).create},
	{name: "issue", method: "POST", path: []string{"identities", "*", ":issueAccessToken"}, do: (*Service).issue},
	{name: "revoke", method: "POST", path: []string{"identities", "*", ":revokeAccessTokens"}, do: (*Service).revoke},
	{name: "delete", method: "DELETE", path: []string{"identities", "*"}, do: (*Service).delete},
	{name: "get", method: "GET", path: []string{"identities", "*"}, only: versionPreview, do: (*Service).get},
	{name: "exchange", method: "POST", path: []string{"teamsUser", ":exchangeAccessToken"}, since: versionTeams, do: (*Service).exchange},
}

// route finds the operation of a request and the identity in its path.
// Repeated slashes at the start of the path are ignored, since some clients
// send them; the signature still covers them.
func route(r *http.Request) (op *operation, id string, ref *refusal) {
	segments, ok := split(r.URL)
	if !ok {
		return nil, "", plain(http.StatusBadRequest, "The request path is not valid.")
	}
	var allow []string
	for i := range operations {
		if !operations[i].matches(segments) {
			continue
		}
		if operations[i].method == r.Method {
			return &operations[i], identityIn(segments), nil
		}
		allow = append(allow, operations[i].method)
	}
	if allow == nil {
		return nil, "", plain(http.StatusNotFound, "The requested resource does not exist.")
	}
	ref = plain(http.StatusMethodNotAllowed, "The method is not allowed on this resource.")
	ref.allow = strings.Join(allow, ", ")
	return nil, "", ref
}

// split cuts the path at its slashes first and decodes the segments then, so
// that an encoded slash stays inside its segment.
func split(u *url.URL) ([]string, bool) {
	segments := strings.Split(strings.TrimLeft(u.EscapedPath(), "/"), "/")
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return nil, false
		}
		segments[i] = decoded
	}
	return segments, true
}

func (op *operation) matches(segments []string) bool {
	return slices.EqualFunc(op.path, segments, func(want, got string) bool {
		return want == "*" || want == got
	})
}

func identityIn(segments []string) string {
	if len(segments) > 1 {
		return segments[1]
	}
	return ""
}
