package azure

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	scopeID = "d133ec7e-7bd3-47e4-87ec-d0c94066e226"
	acsApp  = "1fd5118e-2576-4263-8130-9503064c837a"
)

// A tenant is a pretended directory that the script is run against.
type tenant struct {
	t   *testing.T
	dir string
}

func newTenant(t *testing.T, d directory) tenant {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := tenant{t, t.TempDir()}
	for _, name := range []string{"az", "azd"} {
		if err := os.Symlink(self, filepath.Join(e.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	d.Tenant = tenantID
	e.put(d)
	return e
}

func (e tenant) put(d directory) {
	e.t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		e.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(e.dir, "directory.json"), text, 0o600); err != nil {
		e.t.Fatal(err)
	}
}

func (e tenant) state() (d directory) {
	e.t.Helper()
	text, err := os.ReadFile(filepath.Join(e.dir, "directory.json"))
	if err != nil {
		e.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		e.t.Fatal(err)
	}
	return d
}

// run runs the script, with environment variables and options.
func (e tenant) run(environ []string, options ...string) (string, error) {
	e.t.Helper()
	script, err := filepath.Abs("register-app.sh")
	if err != nil {
		e.t.Fatal(err)
	}
	c := exec.CommandContext(e.t.Context(), "bash", append([]string{script}, options...)...)
	c.Dir = e.dir
	// With the race detector, a program would wait for a second at its end: each call of az is one.
	c.Env = append([]string{"GORACE=atexit_sleep_ms=0", "PATH=" + e.dir + ":" + os.Getenv("PATH"), "FAKE_DIRECTORY=" + filepath.Join(e.dir, "directory.json")}, environ...)
	out, err := c.CombinedOutput()
	return string(out), err
}

func (e tenant) good(options ...string) string {
	e.t.Helper()
	out, err := e.run(nil, options...)
	if err != nil {
		e.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func has(t *testing.T, v any, steps ...any) {
	t.Helper()
	want := steps[len(steps)-1]
	if got := at(t, v, steps[:len(steps)-1]...); got != want {
		t.Errorf("%v is %v, want %v", steps[:len(steps)-1], got, want)
	}
}

// The first run makes all; the second one writes nothing at all.
func TestRegister(t *testing.T) {
	e := newTenant(t, directory{})
	options := []string{"--redirect", "https://app.contoso.com/", "--redirect", "http://localhost:5173/", "--identity", person, "--graph", "--url", "https://auth.contoso.com/", "--client-env", "client.env"}
	first := e.good(options...)
	made := e.state()
	api, app := made.find("acsauth-api"), made.find("acsauth-app")
	if api == nil || app == nil || len(made.Applications) != 2 {
		t.Fatalf("%v", made.Applications)
	}
	apiID, appID := api["appId"].(string), app["appId"].(string)
	has(t, api, "signInAudience", "AzureADMyOrg")
	has(t, api, "identifierUris", 0, "api://"+apiID)
	has(t, api, "api", "requestedAccessTokenVersion", 2.0)
	has(t, api, "api", "oauth2PermissionScopes", 0, "id", scopeID)
	has(t, api, "api", "oauth2PermissionScopes", 0, "value", "access_as_user")
	has(t, api, "api", "oauth2PermissionScopes", 0, "isEnabled", true)
	has(t, api, "api", "preAuthorizedApplications", 0, "appId", appID)
	has(t, api, "api", "preAuthorizedApplications", 0, "delegatedPermissionIds", 0, scopeID)
	has(t, api, "appRoles", 0, "value", "Identities.Read")
	has(t, api, "appRoles", 1, "value", "Identities.Manage")
	has(t, app, "spa", "redirectUris", 0, "https://app.contoso.com/")
	has(t, app, "spa", "redirectUris", 1, "http://localhost:5173/")
	has(t, app, "requiredResourceAccess", 0, "resourceAppId", apiID)
	has(t, app, "requiredResourceAccess", 0, "resourceAccess", 0, "id", scopeID)
	has(t, app, "requiredResourceAccess", 1, "resourceAppId", acsApp)
	credential := made.Credentials["acsauth-api"]
	has(t, credential, 0, "subject", person)
	has(t, credential, 0, "issuer", "https://login.microsoftonline.com/"+tenantID+"/v2.0")
	has(t, credential, 0, "audiences", 0, "api://AzureADTokenExchange")
	if len(credential) != 1 || len(made.Principals) != 3 {
		t.Errorf("%d credentials, %d service principals", len(credential), len(made.Principals))
	}
	for _, line := range []string{"ACSAUTH_TENANT_IDS=" + tenantID, "ACSAUTH_CLIENT_ID=" + apiID, "ACSAUTH_ALLOWED_CLIENTS=" + appID} {
		if !strings.Contains(first, line+"\n") {
			t.Errorf("%q is not printed in %s", line, first)
		}
	}

	if second := e.good(options...); second != first {
		t.Errorf("the second run says %s", second)
	}
	after := e.state()
	if len(after.Writes) != len(made.Writes) {
		t.Errorf("the second run writes %+v", after.Writes[len(made.Writes):])
	}
	text, err := os.ReadFile(filepath.Join(e.dir, "client.env"))
	if err != nil {
		t.Fatal(err)
	}
	want := "# What the app needs. None of it is secret.\nAUTHORITY=https://login.microsoftonline.com/" + tenantID + "\nCLIENT_ID=" + appID +
		"\nSCOPE=api://" + apiID + "/access_as_user\nSERVICE_URL=https://auth.contoso.com\n"
	if string(text) != want {
		t.Errorf("client.env is\n%s", text)
	}
}

// What people have changed since stays, and what is new is added.
func TestRegisterKeepsWhatIsThere(t *testing.T) {
	e := newTenant(t, directory{})
	e.good("--redirect", "https://one.contoso.com/", "--no-teams")
	d := e.state()
	api, app := d.find("acsauth-api"), d.find("acsauth-app")
	api["displayName"], app["displayName"] = "Contoso calling", "Contoso app"
	api["identifierUris"] = []any{"api://contoso.com/acsauth"}
	scopes := at(t, api, "api", "oauth2PermissionScopes").([]any)
	scopes[0].(map[string]any)["id"] = person
	other := map[string]any{"appId": appClient, "delegatedPermissionIds": []any{person}}
	api["api"].(map[string]any)["preAuthorizedApplications"] = []any{other}
	e.put(d)
	e.good("--redirect", "https://two.contoso.com/", "--identity", person)
	e.good("--redirect", "https://two.contoso.com/", "--identity", apiClient)
	d = e.state()
	api, app = d.find("acsauth-api"), d.find("acsauth-app")
	has(t, api, "displayName", "Contoso calling")
	has(t, api, "identifierUris", 0, "api://contoso.com/acsauth")
	has(t, api, "api", "oauth2PermissionScopes", 0, "id", person)
	has(t, api, "api", "preAuthorizedApplications", 0, "appId", appClient)
	has(t, api, "api", "preAuthorizedApplications", 1, "appId", app["appId"])
	has(t, api, "api", "preAuthorizedApplications", 1, "delegatedPermissionIds", 0, person)
	has(t, app, "displayName", "Contoso app")
	has(t, app, "spa", "redirectUris", 0, "https://one.contoso.com/")
	has(t, app, "spa", "redirectUris", 1, "https://two.contoso.com/")
	has(t, app, "requiredResourceAccess", 1, "resourceAppId", acsApp)
	if n := len(d.Credentials["acsauth-api"]); n != 2 {
		t.Errorf("%d credentials for two identities", n)
	}
}

// Under azd the ids are handed on, consent is asked for only if somebody says so, and a person can keep the script out.
func TestRegisterForAzd(t *testing.T) {
	e := newTenant(t, directory{})
	e.good("--azd", "--consent")
	d := e.state()
	apiID, appID := d.find("acsauth-api")["appId"].(string), d.find("acsauth-app")["appId"].(string)
	want := []string{"ad app permission admin-consent --id " + appID, "azd env set ACSAUTH_CLIENT_ID " + apiID, "azd env set ACSAUTH_ALLOWED_CLIENTS " + appID}
	if !slices.Equal(d.Notes, want) {
		t.Errorf("%q", d.Notes)
	}
	if out, err := e.run([]string{"ACSAUTH_ALLOWED_CLIENTS=*", "DEPLOY_REDIRECT_URIS=https://a.contoso.com/,https://b.contoso.com/"}, "--azd"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	d = e.state()
	has(t, d.find("acsauth-app"), "spa", "redirectUris", 1, "https://b.contoso.com/")
	if want = append(want, want[1]); !slices.Equal(d.Notes, want) {
		t.Errorf("%q", d.Notes)
	}
	kept := newTenant(t, directory{})
	if out, err := kept.run([]string{"DEPLOY_REGISTRATION=skip"}, "--azd"); err != nil || len(kept.state().Applications) != 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestRegisterRefuses(t *testing.T) {
	for what, options := range map[string][]string{
		"an option that is not known": {"--secret"}, "no value": {"--identity"}, "no GUID": {"--identity", "me"}, "plain http": {"--redirect", "http://app.contoso.com/"},
		"a quote in a URI": {"--redirect", `https://app.contoso.com/","x":"`}, "a quote in a name": {"--api-name", "a'b"}, "one name for both": {"--api-name", "x", "--app-name", "x"},
		"a path": {"--url", "https://auth.contoso.com/api"},
	} {
		e := newTenant(t, directory{})
		if out, err := e.run(nil, options...); err == nil || !strings.HasPrefix(out, "register-app.sh: ") || len(e.state().Writes) > 0 {
			t.Errorf("%s: %v, %s", what, err, out)
		}
	}
	other := map[string]any{"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": []any{map[string]any{"id": person, "value": "read"}}}
	e := newTenant(t, directory{Applications: []map[string]any{{"uniqueName": "acsauth-api", "appId": apiClient, "identifierUris": []any{"api://x"}, "api": other}}})
	if out, err := e.run(nil); err == nil || !strings.Contains(out, "add it in the portal") || len(e.state().Writes) > 0 {
		t.Errorf("a registration with other scopes: %v, %s", err, out)
	}
}

// appregistration.bicep says the same as the script: what both make of an empty directory.
func TestBothRegistrationsAgree(t *testing.T) {
	m, err := readModule("appregistration.bicep")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compile(m); err != nil { // every name is declared, every function known
		t.Fatal(err)
	}
	e := newTenant(t, directory{})
	e.good("--identity", person, "--graph")
	d := e.state()
	api, app := d.find("acsauth-api"), d.find("acsauth-app")
	b := cloudOfGraph(t, m, map[string]any{"apiClientId": api["appId"], "identityPrincipalId": person, "graph": true}, app["appId"].(string))
	for _, path := range [][]any{
		{"signInAudience"}, {"identifierUris"}, {"api", "requestedAccessTokenVersion"}, {"api", "oauth2PermissionScopes"}, {"api", "preAuthorizedApplications"},
		{"appRoles"}, {"optionalClaims"}, {"requiredResourceAccess"},
	} {
		same(t, path, at(t, api, path...), at(t, b["api"], path...))
	}
	for _, path := range [][]any{{"signInAudience"}, {"requiredResourceAccess"}} {
		same(t, path, at(t, app, path...), at(t, b["app"], path...))
	}
	credential := d.Credentials["acsauth-api"][0]
	for _, path := range [][]any{{"issuer"}, {"subject"}, {"audiences"}, {"description"}} {
		same(t, path, at(t, credential, path...), at(t, b["credential"], path...))
	}
}

func same(t *testing.T, path []any, script, bicep any) {
	t.Helper()
	a, errA := json.Marshal(script)
	b, errB := json.Marshal(bicep)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("%v: the script makes %s, Bicep %s (%v, %v)", path, a, b, errA, errB)
	}
}

// cloudOfGraph evaluates the bodies of the registrations; app is the id that the directory gives to the second one.
func cloudOfGraph(t *testing.T, m *module, given map[string]any, appID string) (out map[string]map[string]any) {
	t.Helper()
	template, err := compile(m)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := asMap(template)
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{there: map[string]resource{}}
	for _, r := range m.all("resource") {
		id := r.kind + "/" + r.name
		c.there[id] = resource{id: id, kind: inDirectory, body: map[string]any{"appId": appID, "id": guidOf(id), "uniqueName": r.name}}
	}
	if out, err = bodies(c, m, doc, given); err != nil {
		t.Fatal(err)
	}
	return out
}

func bodies(c *cloud, m *module, doc, given map[string]any) (out map[string]map[string]any, err error) {
	defer caught(&err)
	d := &deployment{cloud: c, subscription: subscriptionID, group: "rg", variables: doc["variables"].(map[string]any)}
	d.take(doc["parameters"].(map[string]any), given)
	out = map[string]map[string]any{}
	for i, r := range m.all("resource") {
		out[r.name] = d.evaluate(doc["resources"].([]any)[i]).(map[string]any)
	}
	return out, nil
}
