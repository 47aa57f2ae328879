package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// Names of the services in [Request].
const (
	serviceACS   = "acs"
	serviceEntra = "entra"
	serviceGraph = "graph"
)

// serviceOf finds the service by the first path segment.
func serviceOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch strings.ToLower(first) {
	case "identities", "teamsuser", "access":
		return serviceACS
	case "v1.0", "beta":
		return serviceGraph
	case "":
		return ""
	}
	return serviceEntra
}

// operationOf names what a request asks for, as faults and the list of requests do. It is empty where the path says
// nothing; the services look closer.
func operationOf(service string, r *http.Request) string {
	segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch service {
	case serviceACS:
		return acsOperation(r.Method, segments)
	case serviceGraph:
		return graphOperation(r.Method, segments[1:])
	case serviceEntra:
		return entraOperation(strings.ToLower(strings.Join(segments, "/")))
	}
	return ""
}

// acsVerbs are what paths of ACS end in.
var acsVerbs = map[string]string{
	":issueAccessToken": "issue", "token": "issue", ":revokeAccessTokens": "revoke", ":exchangeAccessToken": "exchange",
}

func acsOperation(method string, segments []string) string {
	last := segments[len(segments)-1]
	if segments[0] == "access" {
		return accessOperation(method, segments)
	}
	if verb, ok := acsVerbs[last]; ok && method == http.MethodPost {
		return verb
	}
	if segments[0] != "identities" || len(segments) > 2 {
		return ""
	}
	if len(segments) == 1 {
		return map[string]string{http.MethodPost: "create"}[method]
	}
	return map[string]string{http.MethodDelete: "delete", http.MethodGet: "get", http.MethodPatch: "revoke"}[method]
}

// accessOperation names what is below /access: the exchange of an Entra user, and who may exchange.
func accessOperation(method string, segments []string) string {
	entra, last := len(segments) > 1 && segments[1] == "entra", segments[len(segments)-1]
	switch {
	case last == ":exchangeAccessToken" && entra:
		return "entraExchange"
	case last == ":exchangeAccessToken":
		return "teamsExtensionExchange"
	case last == "assignments" && entra:
		return map[string]string{http.MethodGet: "entraAssignmentsList", http.MethodPatch: "entraAssignmentsUpdate"}[method]
	}
	verb := map[string]string{http.MethodGet: "Get", http.MethodPut: "Put", http.MethodDelete: "Delete"}[method]
	if verb == "" || !slices.Contains(segments, "assignments") {
		return ""
	}
	if entra {
		return "entraAssignments" + verb
	}
	return "teamsExtension" + verb
}

// graphRelations are what may follow a user in a path, in lower case.
var graphRelations = map[string]string{
	"memberof": "memberOf", "transitivememberof": "memberOf", "getmemberobjects": "memberObjects", "getmembergroups": "memberObjects",
	"checkmemberobjects": "checkMembers", "checkmembergroups": "checkMembers", "photo": "photo", "manager": "manager", "directreports": "reports",
}

func graphOperation(method string, segments []string) string {
	switch {
	case len(segments) == 0:
		return ""
	case segments[0] == "users" && len(segments) == 1:
		return graphPrefix + "users"
	case segments[0] == "$batch":
		return graphPrefix + "batch"
	case segments[0] == "users":
		segments = segments[1:]
	case segments[0] != "me":
		return ""
	}
	if len(segments) == 1 && method == http.MethodGet {
		return graphPrefix + "user"
	}
	if len(segments) < 2 {
		return ""
	}
	if name := graphRelations[strings.ToLower(segments[1])]; name != "" {
		return graphPrefix + name
	}
	if segments[1] != "extensions" {
		return ""
	}
	names := map[string]string{http.MethodGet: "list", http.MethodPost: "add"}
	if len(segments) == 3 {
		names = map[string]string{http.MethodGet: "get", http.MethodPatch: "update", http.MethodDelete: "remove"}
	}
	if name := names[method]; name != "" {
		return graphPrefix + name
	}
	return ""
}

// entraEndings are what paths of Entra ID end in, the longer ones first.
var entraEndings = []struct{ ending, op string }{
	{"metadata/identity/oauth2/token", "identity"},
	{"msi/token", "identity"},
	{".well-known/openid-configuration", "discovery"},
	{"discovery/instance", "discovery"},
	{"keys", "keys"},
	{"jwks", "keys"},
	{"authorize", "authorize"},
	{"devicecode", "devicecode"},
	{"devicelogin", "devicelogin"},
	{"token", "token"},
	{"logout", "logout"},
	{"login", "login"},
	{"consent", "consent"},
	{"userinfo", "userinfo"},
}

// EntraOperations are the names that [Emulator.AddFault] and the administration take for requests to Entra ID.
func EntraOperations() []string {
	var names []string
	for _, e := range entraEndings {
		names = append(names, entraPrefix+e.op)
	}
	return slices.Compact(names)
}

func entraOperation(path string) string {
	for _, e := range entraEndings {
		if strings.HasSuffix(path, e.ending) {
			return entraPrefix + e.op
		}
	}
	return ""
}
