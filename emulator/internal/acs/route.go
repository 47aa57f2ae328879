package acs

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is one call of the REST API. Calls that do the same in different
// api-versions share a name, and so their faults, limits and counts.
type operation struct {
	name     string
	method   string
	path     []string // segments; "*" stands for a parameter
	versions []string // api-versions that have it
	row      string   // whose limit it falls under if it has none of its own; "" is none
	byUser   bool     // asked for with the Entra token of a user, not a credential of the resource
	do       func(*Service, *call) (reply, *refusal)
}

var (
	onlyLegacy  = []string{versionLegacy}
	onlyPreview = []string{versionPreview}

	identityPath     = []string{"identities", "*"}
	entraPath        = []string{"access", "entra", "assignments"}
	entraPathOne     = []string{"access", "entra", "assignments", "*"}
	extensionPathOne = []string{"access", "teamsExtension", "tenants", "*", "assignments", "*"}
)

// operations are the calls of the API.
var operations = []operation{
	{name: "create", method: "POST", path: []string{"identities"}, versions: versions, do: (*Service).create},
	{name: "issue", method: "POST", path: []string{"identities", "*", ":issueAccessToken"}, versions: since(versionActions), do: (*Service).issue},
	{name: "issue", method: "POST", path: []string{"identities", "*", "token"}, versions: onlyLegacy, do: (*Service).issueLegacy},
	{name: "revoke", method: "POST", path: []string{"identities", "*", ":revokeAccessTokens"}, versions: since(versionActions), do: (*Service).revoke},
	{name: "revoke", method: "PATCH", path: identityPath, versions: onlyLegacy, do: (*Service).revokeLegacy},
	{name: "delete", method: "DELETE", path: identityPath, versions: versions, do: (*Service).delete},
	{name: "get", method: "GET", path: identityPath, versions: onlyPreview, do: (*Service).get},
	{name: "exchange", method: "POST", path: []string{"teamsUser", ":exchangeAccessToken"}, versions: since(versionTeams), do: (*Service).exchange},

	{name: "entraExchange", method: "POST", path: []string{"access", "entra", ":exchangeAccessToken"}, versions: onlyPreview,
		row: "exchange", byUser: true, do: (*Service).exchangeEntra},
	{name: "entraAssignmentsList", method: "GET", path: entraPath, versions: onlyPreview, do: (*Service).listAssignments},
	{name: "entraAssignmentsUpdate", method: "PATCH", path: entraPath, versions: onlyPreview, do: (*Service).updateAssignments},
	{name: "entraAssignmentsGet", method: "GET", path: entraPathOne, versions: onlyPreview, do: (*Service).getAssignment},
	{name: "entraAssignmentsPut", method: "PUT", path: entraPathOne, versions: onlyPreview, do: (*Service).putAssignment},
	{name: "entraAssignmentsDelete", method: "DELETE", path: entraPathOne, versions: onlyPreview, do: (*Service).deleteAssignment},

	{name: "teamsExtensionExchange", method: "POST", path: []string{"access", "teamsExtension", ":exchangeAccessToken"}, versions: since(versionPreview),
		row: "exchange", byUser: true, do: (*Service).exchangeExtension},
	{name: "teamsExtensionGet", method: "GET", path: extensionPathOne, versions: since(versionPreview), do: (*Service).getAssignment},
	{name: "teamsExtensionPut", method: "PUT", path: extensionPathOne, versions: since(versionPreview), do: (*Service).putAssignment},
	{name: "teamsExtensionDelete", method: "DELETE", path: extensionPathOne, versions: since(versionPreview), do: (*Service).deleteAssignment},
}

// Operations lists the names that faults, limits and counters go by.
func Operations() []string {
	var out []string
	for _, op := range operations {
		if !slices.Contains(out, op.name) {
			out = append(out, op.name)
		}
	}
	return out
}

// route finds the operation of a request and the parameters in its path.
// Repeated slashes at the start of the path are ignored, since some clients
// send them; the signature still covers them.
func route(r *http.Request) (op *operation, params []string, ref *refusal) {
	segments, ok := split(r.URL)
	if !ok {
		return nil, nil, plain(http.StatusBadRequest, "The request path is not valid.")
	}
	var allow []string
	for i := range operations {
		params, ok := operations[i].match(segments)
		if !ok {
			continue
		}
		if operations[i].method == r.Method {
			return &operations[i], params, nil
		}
		allow = append(allow, operations[i].method)
	}
	if allow == nil {
		return nil, nil, plain(http.StatusNotFound, "The requested resource does not exist.")
	}
	slices.Sort(allow)
	ref = plain(http.StatusMethodNotAllowed, "The method is not allowed on this resource.")
	ref.allow = strings.Join(allow, ", ")
	return nil, nil, ref
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

// match returns what stands in the place of the path's parameters.
func (op *operation) match(segments []string) (params []string, ok bool) {
	if len(segments) != len(op.path) {
		return nil, false
	}
	for i, want := range op.path {
		switch {
		case want == "*":
			params = append(params, segments[i])
		case want != segments[i]:
			return nil, false
		}
	}
	return params, true
}
