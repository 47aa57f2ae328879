package emulator_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// The names in the list of requests are those that faults take.
func TestOperationNames(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	for request, want := range map[string]string{
		"POST /identities": "create", "DELETE /identities/x": "delete", "GET /identities/x": "get", "PATCH /identities/x": "revoke", "POST /identities/x/token": "issue",
		"POST /identities/x/:issueAccessToken": "issue", "POST //identities/x/:revokeAccessTokens": "revoke", "POST /teamsUser/:exchangeAccessToken": "exchange",
		"POST /access/entra/:exchangeAccessToken": "entraExchange", "POST /access/teamsExtension/:exchangeAccessToken": "teamsExtensionExchange",
		"GET /access/entra/assignments": "entraAssignmentsList", "PATCH /access/entra/assignments": "entraAssignmentsUpdate",
		"PUT /access/entra/tenants/t/assignments/x": "entraAssignmentsPut", "DELETE /access/teamsExtension/tenants/t/assignments/x": "teamsExtensionDelete",
		"GET /v1.0/me": "graph.user", "GET /beta/users/x": "graph.user", "GET /v1.0/users": "graph.users", "POST /v1.0/$batch": "graph.batch",
		"GET /v1.0/me/extensions": "graph.list", "POST /v1.0/users/x/extensions": "graph.add", "GET /v1.0/me/extensions/e": "graph.get",
		"PATCH /v1.0/me/extensions/e": "graph.update", "DELETE /v1.0/me/extensions/e": "graph.remove", "GET /v1.0/me/memberOf": "graph.memberOf",
		"POST /t/oauth2/v2.0/token": "entra.token", "GET /t/oauth2/v2.0/authorize": "entra.authorize", "GET /common/discovery/v2.0/keys": "entra.keys",
		"GET /t/v2.0/.well-known/openid-configuration": "entra.discovery", "GET /metadata/identity/oauth2/token": "entra.identity",
		"POST /t/oauth2/v2.0/devicecode": "entra.devicecode", "GET /devicelogin": "entra.devicelogin", "GET /workload/openid/v1/jwks": "entra.keys",
		"GET /": "", "GET /identities/x/y/z": "", "PUT /v1.0/me": "", "GET /v1.0": "", "GET /t/nothing": "", "POST /access": "",
	} {
		method, path, _ := strings.Cut(request, " ")
		e.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
		q := e.Requests()
		if got := q[len(q)-1].Operation; got != want {
			t.Errorf("%s is %q, want %q", request, got, want)
		}
		if want == "" {
			continue
		}
		if err := e.AddFault(want, 1, emulator.Fault{}); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		e.ClearFaults()
	}
}
