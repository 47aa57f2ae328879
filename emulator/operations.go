package emulator

import (
	"net/http"
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
	if verb, ok := acsVerbs[last]; ok && method == http.MethodPost {
		if segments[0] == "access" {
			return "entraExchange"
		}
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
	if len(segments) < 2 || segments[1] != "extensions" {
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
	{"authorize", "authorize"},
	{"devicecode", "devicecode"},
	{"deviceauth", "deviceauth"},
	{"token", "token"},
	{"logout", "logout"},
	{"login", "login"},
	{"consent", "consent"},
	{"userinfo", "userinfo"},
}

// EntraOperations are the names that [Emulator.AddFault] and the administration take for requests to Entra ID.
func EntraOperations() []string {
	var names []string
	for _, e := range entraEndings[1:] {
		if name := entraPrefix + e.op; len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names
}

func entraOperation(path string) string {
	for _, e := range entraEndings {
		if strings.HasSuffix(path, e.ending) {
			return entraPrefix + e.op
		}
	}
	return ""
}
