package emulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// everything changes a little of all parts of the state and returns what to recognise it by.
func everything(t *testing.T, e *emulator.Emulator) (graphToken, acsToken string) {
	t.Helper()
	acsToken = issueACS(t, e)
	add := `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"com.example.state","x":"1"}`
	if a := graphCall(t, e, "POST", "/me/extensions", add); a.status != http.StatusCreated {
		t.Fatalf("%+v", a)
	}
	graphToken = mint(t, e, emulator.TokenRequest{Flaw: emulator.FlawGraph})
	for _, err := range []error{
		e.Seed([]byte(`{"version":1,"users":[{"name":"dora"}]}`)),
		e.AddFault("entra.keys", 2, emulator.Fault{Status: 503}),
		e.SetEntra(emulator.EntraObstacle{Code: 50079, User: "bob"}),
		e.SetACS(emulator.ACSBehaviour{RevocationDelay: time.Minute}),
		e.SetGraph(emulator.GraphBehaviour{DuplicateStatus: 409}),
		e.Advance(time.Hour / 2),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return graphToken, acsToken
}

// A snapshot goes into another emulator, where tokens stay valid and everything is as it was.
func TestSnapshotRestore(t *testing.T) {
	e := emulator.Start(t, emulator.Options{PublicURL: "http://emu.invalid"})
	graphToken, acsToken := everything(t, e)
	if _, err := e.RegenerateKey(emulator.SecondaryKey); err != nil {
		t.Fatal(err)
	}
	text, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	other := emulator.Start(t, emulator.Options{PublicURL: "http://emu.invalid"})
	b := newBrowser(t)
	if r := b.get(e.AdminURL() + "/snapshot"); len(r.body) > len(text)+100 || r.json(t)["kind"] != "acsauth emulator" {
		t.Errorf("the administration's snapshot is %d bytes, want about %d, as what can be restored is bounded", len(r.body), len(text))
	}
	if r := b.send("POST", other.AdminURL()+"/restore", string(text)); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := b.get(other.GraphURL()+"/v1.0/me/extensions/com.example.state", "Authorization", "Bearer "+graphToken); r.status != 200 {
		t.Errorf("Graph: %d %s", r.status, r.body)
	}
	if other.TokenState(acsToken) != "active" || len(other.Identities()) != 1 || len(other.Mappings()) != 1 || other.AccessKey(emulator.SecondaryKey) != e.AccessKey(emulator.SecondaryKey) {
		t.Errorf("token %s, %d identities, %d mappings", other.TokenState(acsToken), len(other.Identities()), len(other.Mappings()))
	}
	for _, path := range []string{"/users", "/faults", "/entra", "/acs", "/graph", "/tokens", "/mappings"} {
		if is, want := b.get(other.AdminURL()+path), b.get(e.AdminURL()+path); is.status != 200 || is.body != want.body {
			t.Errorf("%s: %s, want %s", path, is.body, want.body)
		}
	}
	if d := other.Now().Sub(e.Now()); d < -time.Minute || d > time.Minute {
		t.Errorf("the clocks are %v apart", d)
	}
	other.Reset()
	if strings.Contains(b.get(other.AdminURL()+"/users").body, "dora") || time.Until(other.Now()) > time.Minute || other.AccessKey(emulator.SecondaryKey) != emulator.AccessKeySecondary {
		t.Error("a reset leads back to the start, not to the snapshot")
	}
	for path, want := range map[string]string{"/faults": "[]", "/entra": "{}", "/tokens": "[]", "/mappings": "[]", "/identities": "[]"} {
		if got := strings.TrimSpace(b.get(other.AdminURL() + path).body); got != want {
			t.Errorf("after a reset %s is %s", path, got)
		}
	}
}

// A snapshot that is wrong anywhere changes nothing.
func TestRestoreIsAllOrNothing(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	everything(t, e)
	good, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	e.Reset()
	newIdentity(t, e)
	e.SetFault(nil)
	before, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	with := func(name, value string) string {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(good, &all); err != nil {
			t.Fatal(err)
		}
		all[name] = json.RawMessage(value)
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, bad := range []string{
		"", "{}", "[]", string(good[:len(good)/2]), string(good) + "{}", with("version", "2"), with("kind", `"other"`), with("more", "1"),
		with("clock", `"soon"`), with("clock", `"100000h"`), with("entra", "{}"), with("graph", `{"version":9}`), with("acs", "null"),
		with("faults", `[{"op":"dance","times":1}]`), with("acsBehaviour", `{"revocationDelay":"16m"}`),
	} {
		r := newBrowser(t).send("POST", e.AdminURL()+"/restore", bad)
		if r.status != http.StatusBadRequest || len(r.body) > 1000 {
			t.Errorf("%.60s: %d %.300s", bad, r.status, r.body)
		}
	}
	after, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(withoutTaken(t, before), withoutTaken(t, after)) {
		t.Errorf("changed:\n%s\n%s", withoutTaken(t, before), withoutTaken(t, after))
	}
	if err := e.Restore(good); err != nil {
		t.Error(err)
	}
}

func withoutTaken(t *testing.T, text []byte) []byte {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "taken")
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const dora = `{"name":"dora","displayName":"Dora","teamsLicense":true}`

func TestSeed(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	id := "8:acs:" + emulator.ResourceID + "_22222222-0000-4000-8000-000000000002"
	r := b.send("POST", e.AdminURL()+"/seed", `{"version":1,"users":[`+dora+`],
		"apps":[{"id":"11111111-0000-4000-8000-000000000001","name":"shop","secret":"s","roles":{"`+emulator.APIClientID+`":["`+emulator.AppRole+`"]},
			"exposes":{"scopes":["access_as_user"],"version":"2.0"}}],
		"identities":[{"id":"`+id+`"},{}],
		"extensions":[{"user":"dora","name":"com.example.shop","data":{"tier":"gold"}}]}`)
	if r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	_, claims := parts(t, mint(t, e, emulator.TokenRequest{User: "dora"}))
	wantClaims(t, claims, map[string]any{"name": "Dora", "preferred_username": "dora@" + emulator.Domain})
	form := with(daemonForm(emulator.AppIDURI+"/.default"), "client_id", "11111111-0000-4000-8000-000000000001", "client_secret", "s")
	if a := tokenCall(t, e, form); a.status != 200 {
		t.Errorf("the new application: %+v", a)
	}
	if a := acsCall(t, e, "POST", issuePath(id), `{"scopes":["chat"]}`); a.status != 200 || len(e.Identities()) != 2 {
		t.Errorf("the new identity: %+v, %d identities", a, len(e.Identities()))
	}
	if m := e.Mappings(); len(m) != 1 || m[0].Name != "com.example.shop" || m[0].App != emulator.APIClientID {
		t.Errorf("%+v", m)
	}
	users, apps := len(e.Users()), len(e.Apps())
	for _, bad := range []string{
		"", "[]", "{}", `{"version":2}`, `{"version":1,"user":[]}`, `{"version":1}{}`, `{"version":1,"users":[{"name":"eve"},` + dora + `]}`,
		`{"version":1,"users":[{"name":"eve"}],"extensions":[{"user":"nobody","name":"com.example.x","data":{}}]}`,
		`{"version":1,"users":[{"name":"eve"}],"identities":[{"id":"8:acs:x"}]}`, `{"version":1,"users":[{"name":"eve"}],"identities":[{"id":"` + id + `"}]}`,
		`{"version":1,"users":[{"name":"eve"}],"apps":[{"id":"` + emulator.APIClientID + `","secret":"x"}]}`,
	} {
		if r := b.send("POST", e.AdminURL()+"/seed", bad); r.status != http.StatusBadRequest || r.json(t)["error"] == "" {
			t.Errorf("%s: %d %s", bad, r.status, r.body)
		}
	}
	if len(e.Users()) != users || len(e.Apps()) != apps || len(e.Identities()) != 2 || len(e.Mappings()) != 1 {
		t.Error("a seed that failed left something behind")
	}
	for _, a := range e.Apps() {
		if a.ID == "" || a.TenantID == "" || strings.Contains(b.get(e.AdminURL()+"/apps").body, emulator.APIClientSecret) {
			t.Errorf("%+v", a)
		}
	}
}

// Tokens are listed without themselves, and requests without what is in them.
func TestInspect(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	acsToken := issueACS(t, e)
	entraToken := mint(t, e, emulator.TokenRequest{})
	b.get(e.URL()+"/identities/"+acsToken+"?api-version=2023-10-01&secret=topsecret", "x-ms-client-request-id", "11111111-2222-4333-8444-555555555555")
	b.get(e.URL()+"/v1.0/me?$select=topsecret", "client-request-id", "not a GUID topsecret")
	tokens, requests := b.get(e.AdminURL()+"/tokens").body, b.get(e.AdminURL()+"/requests").body
	issued := e.Issued()
	if len(issued) != 2 || issued[0].Service != "entra" || issued[0].Subject != emulator.AliceObjectID || issued[1].Kind != "issue" || issued[1].Grant != "primary" || len(issued[1].SHA256) != 64 {
		t.Errorf("%+v", issued)
	}
	if strings.Contains(tokens, entraToken) || strings.Contains(tokens, acsToken) || strings.Contains(requests, "topsecret") {
		t.Error("a list holds what it must not hold")
	}
	q := e.Requests()
	if len(q) != 4 || q[0].Operation != "create" || q[1].Operation != "issue" || q[2].ClientID != "11111111-2222-4333-8444-555555555555" || q[2].APIVersion != "2023-10-01" ||
		q[3].ErrorCode != "InvalidAuthenticationToken" || q[3].ClientID != "" || q[3].Operation != "graph.user" {
		t.Errorf("%+v", q)
	}
}

func TestACSBehaviour(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	set := func(body string) reply { return b.send("POST", e.AdminURL()+"/acs", body) }
	if r := set(`{"limits":{"create":1}}`); r.status != 200 {
		t.Fatalf("%s", r.body)
	}
	newIdentity(t, e)
	if a := acsCall(t, e, "POST", "/identities", "{}"); a.status != 429 {
		t.Errorf("%+v", a)
	}
	if r := set(`{"serviceLimits":true,"revocationDelay":"5m","customIdRace":true,"loose":true}`); r.json(t)["limits"] == nil || r.json(t)["revocationDelay"] != "5m0s" {
		t.Errorf("%s", r.body)
	}
	if r := b.send("POST", e.URL()+"/identities", "{}", "Content-Type", "application/json"); r.status != 201 {
		t.Errorf("loose: %d %s", r.status, r.body)
	}
	for _, bad := range []string{`{"revocationDelay":"16m"}`, `{"revocationDelay":"x"}`, `{"limits":{"dance":1}}`, `{"limits":{},"serviceLimits":true}`, `{"x":1}`} {
		if r := set(bad); r.status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
	if a := try(t, signed(t, e, emulator.OtherAccessKey, "POST", "/identities", "{}")); a.status != 201 || !strings.Contains(a.body, emulator.OtherResourceID) {
		t.Errorf("the other resource: %+v", a)
	}
	for _, bad := range []string{`{"code":1}`, `{"grants":["dance"]}`, `{"user":"nobody"}`, `{"times":-1}`} {
		if r := b.send("POST", e.AdminURL()+"/entra", bad); r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, r.status, r.body)
		}
	}
	for _, slot := range []string{"primary", "secondary"} {
		r := b.send("POST", e.AdminURL()+"/acs/keys/"+slot, "").json(t)
		if a := try(t, signed(t, e, r["accessKey"].(string), "POST", "/identities", "{}")); a.status != 201 || r["slot"] != slot {
			t.Errorf("%s: %+v", slot, a)
		}
	}
	e.Reset()
	if a := acsCall(t, e, "POST", "/identities", "{}"); a.status != 201 {
		t.Errorf("after a reset: %+v", a)
	}
}

// Credentials for programs of other languages, by the administration.
func TestAdminCredentials(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	assertion, ok := b.send("POST", e.AdminURL()+"/token/workload", "").json(t)["access_token"].(string)
	form := with(daemonForm("https://graph.microsoft.com/.default"), "client_id", emulator.APIClientID, "client_secret", "", "client_assertion", assertion,
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	if a := tokenCall(t, e, form); !ok || a.status != http.StatusOK {
		t.Errorf("a workload token in place of the secret: %+v", a)
	}
	if r := b.send("POST", e.AdminURL()+"/sessions/revoke", `{"user":"alice"}`); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	for path, body := range map[string]string{
		"/sessions/revoke": `{"user":"nobody"}`, "/certificates": `{"client":"` + emulator.APIClientID + `","certificate":"x"}`,
		"/token/workload": `{"expiresInSeconds":100000}`,
	} {
		if r := b.send("POST", e.AdminURL()+path, body); r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}
