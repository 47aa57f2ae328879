package graph

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

const (
	aliceID = "aaaaaaaa-1111-4222-8333-444444444444"
	bobID   = "bbbbbbbb-1111-4222-8333-444444444444"
	appOne  = "11111111-1111-4222-8333-444444444444"
	appTwo  = "22222222-1111-4222-8333-444444444444"
)

var people = []emu.User{
	{ObjectID: aliceID, UPN: "alice@contoso.example", DisplayName: "Alice", GivenName: "Alice", Surname: "A", Mail: "alice@contoso.example"},
	{ObjectID: bobID, UPN: "bob@contoso.example", DisplayName: "Bob", Guest: true},
}

func findUser(id string) (emu.User, bool) {
	for _, u := range people {
		if u.ObjectID == id || u.UPN == id {
			return u, true
		}
	}
	return emu.User{}, false
}

// fakeVerify takes JSON claims for a valid token.
func fakeVerify(token string) (emu.Claims, error) {
	var c emu.Claims
	if err := json.Unmarshal([]byte(token), &c); err != nil || c == nil {
		return nil, errors.New("not a token")
	}
	return c, nil
}

type fixture struct {
	*Service
	t testing.TB
}

func newFixture(t testing.TB) *fixture {
	now := func() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 4, time.UTC) }
	return &fixture{New(Options{Verify: fakeVerify, Users: findUser, Now: now}), t}
}

func claims(change emu.Claims) emu.Claims {
	c := emu.Claims{"aud": "https://graph.microsoft.com", "appid": appOne, "oid": aliceID, "scp": "openid User.ReadWrite"}
	for name, v := range change {
		c[name] = v
	}
	return c
}

// as sends a request with alice's token, changed.
func (f *fixture) as(change emu.Claims, method, target, body string) *httptest.ResponseRecorder {
	f.t.Helper()
	token, err := json.Marshal(claims(change))
	if err != nil {
		f.t.Fatal(err)
	}
	return f.send("Bearer "+string(token), method, target, body)
}

func (f *fixture) send(authorization, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if method == "POST" || method == "PATCH" {
		r.Header.Set("Content-Type", "application/json")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

type object = map[string]any

// metadata begins the OData contexts of version 1.
const metadata = "https://graph.microsoft.com/v1.0/$metadata#"

func want(t testing.TB, w *httptest.ResponseRecorder, status int, body object) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if body == nil {
		if w.Body.Len() != 0 {
			t.Errorf("body %q, want none", w.Body)
		}
		return
	}
	var got object
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body, got); diff != "" {
		t.Error(diff)
	}
}

func wantRefusal(t testing.TB, w *httptest.ResponseRecorder, status int, code, message string) {
	t.Helper()
	var got struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Code != status || got.Error.Code != code || (message != "" && got.Error.Message != message) || got.Error.Message == "" {
		t.Errorf("%d %+v, want %d %q %q", w.Code, got.Error, status, code, message)
	}
}

func TestUnauthenticated(t *testing.T) {
	f := newFixture(t)
	for authorization, message := range map[string]string{
		"":             "Access token is empty.",
		"Basic x":      "Authentication scheme is not supported.",
		"Bearer":       "Access token is empty.",
		"Bearer x":     malformed,
		"Bearer x.y.z": "CompactToken validation failed with reason code: 80049228.",
		"Bearer x." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1}`)) + ".z": "Lifetime validation failed, the token is expired.",
		`Bearer {"aud":"x"}`:                             "Access token validation failure. Invalid audience.",
		`Bearer {"aud":["https://graph.microsoft.com"]}`: "Access token validation failure. Invalid audience.",
	} {
		w := f.send(authorization, "GET", "/v1.0/me", "")
		wantRefusal(t, w, 401, "InvalidAuthenticationToken", message)
		if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer ") {
			t.Errorf("WWW-Authenticate %q", got)
		}
	}
	for _, aud := range audiences {
		if w := f.as(emu.Claims{"aud": aud}, "GET", "/v1.0/me", ""); w.Code != 200 {
			t.Errorf("audience %s: %d", aud, w.Code)
		}
	}
}

func TestPermissions(t *testing.T) {
	user := func(scp string) emu.Claims { return emu.Claims{"scp": scp} }
	admin := func(scp string) emu.Claims { return emu.Claims{"scp": scp, "wids": []string{adminRoles[0]}} }
	app := func(roles ...string) emu.Claims {
		return emu.Claims{"scp": nil, "idtyp": "app", "oid": appOne, "roles": roles}
	}
	for _, tc := range []struct {
		name                                     string
		claims                                   emu.Claims
		readOwn, writeOwn, readOther, writeOther bool
	}{
		{"User.Read", user("User.Read"), true, false, false, false},
		{"User.ReadWrite", user("User.ReadWrite"), true, true, false, false},
		{"User.Read.All", user("User.Read.All"), true, false, true, false},
		{"User.ReadWrite.All", user("User.ReadWrite.All"), true, true, true, false},
		{"administrator", admin("User.ReadWrite.All"), true, true, true, true},
		{"administrator without the scope", admin("User.ReadWrite"), true, true, false, false},
		{"other scopes", user("openid Mail.Read"), false, false, false, false},
		{"no scopes", user(""), false, false, false, false},
		{"roles do not help a user", emu.Claims{"scp": "openid", "roles": []string{"User.ReadWrite.All"}}, false, false, false, false},
		{"app User.Read.All", app("User.Read.All"), true, false, true, false},
		{"app User.ReadWrite.All", app("User.ReadWrite.All"), true, true, true, true},
		{"app User.Read", app("User.Read", "User.ReadWrite"), false, false, false, false},
		{"app that has alice's id", emu.Claims{"scp": nil, "idtyp": "app", "roles": []string{"User.ReadWrite"}}, false, false, false, false},
		{"app without roles", app(), false, false, false, false},
	} {
		f := newFixture(t)
		for _, probe := range []struct {
			write bool
			user  string
			allow bool
		}{{false, aliceID, tc.readOwn}, {true, aliceID, tc.writeOwn}, {false, bobID, tc.readOther}, {true, bobID, tc.writeOther}} {
			w := f.as(tc.claims, "GET", "/v1.0/users/"+probe.user+"/extensions", "")
			status := 200
			if probe.write {
				w = f.as(tc.claims, "POST", "/v1.0/users/"+probe.user+"/extensions", `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"a"}`)
				status = 201
			}
			if probe.allow && w.Code != status {
				t.Errorf("%s, %+v: %d %s", tc.name, probe, w.Code, w.Body)
			}
			if !probe.allow {
				wantRefusal(t, w, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
			}
		}
	}
}

func TestUsers(t *testing.T) {
	f := newFixture(t)
	context := metadata + "users/$entity"
	alice := object{
		"@odata.context": context, "id": aliceID, "displayName": "Alice", "givenName": "Alice", "surname": "A",
		"mail": "alice@contoso.example", "userPrincipalName": "alice@contoso.example", "businessPhones": []any{},
		"jobTitle": nil, "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
	}
	for _, path := range []string{"/v1.0/me", "/v1.0/me/", "/v1.0/users/" + aliceID, "/v1.0/users/" + strings.ToUpper(aliceID), "/v1.0/users/Alice%40contoso.example", "/v1.0/users('" + aliceID + "')", "/V1.0/ME"} {
		want(t, f.as(nil, "GET", path, ""), 200, alice)
	}
	all := emu.Claims{"scp": "User.Read.All"}
	for query, body := range map[string]object{
		"$select=id,userType":           {"@odata.context": metadata + "users(id,userType)/$entity", "id": bobID, "userType": "Guest"},
		"select=%20id%20,mail":          {"@odata.context": metadata + "users(id,mail)/$entity", "id": bobID, "mail": nil},
		"$select=id&$expand=extensions": {"@odata.context": metadata + "users(id,extensions())/$entity", "id": bobID, "extensions": []any{}, "extensions@odata.context": metadata + "users('" + bobID + "')/extensions"},
	} {
		want(t, f.as(all, "GET", "/v1.0/users/"+bobID+"?"+query, ""), 200, body)
	}
	if diff := cmp.Diff(map[string]int64{"user": 10}, f.Counters()); diff != "" {
		t.Error(diff)
	}
}

func TestUserRefusals(t *testing.T) {
	f := newFixture(t)
	all := emu.Claims{"scp": "User.Read.All"}
	const missing = "Resource 'nobody' does not exist or one of its queried reference-property objects are not present."
	wantRefusal(t, f.as(all, "GET", "/v1.0/users/nobody", ""), 404, "Request_ResourceNotFound", missing)
	wantRefusal(t, f.as(nil, "GET", "/v1.0/users/nobody", ""), 403, "Authorization_RequestDenied", "")
	wantRefusal(t, f.as(emu.Claims{"scp": "User.Read.All", "oid": "nobody"}, "GET", "/v1.0/me", ""), 404, "Request_ResourceNotFound", missing)
	wantRefusal(t, f.as(emu.Claims{"scp": nil, "roles": []string{"User.Read.All"}}, "GET", "/v1.0/me", ""), 400, "BadRequest",
		"/me request is only valid with delegated authentication flow.")
	for _, query := range []string{"$select=shoeSize", "$expand=shoes", "$expand=(", "$expand=extensions,memberOf", "$select=id&$select=mail", "$expand=extensions($filter=id%20ne%20'a')", "$select=%zz"} {
		wantRefusal(t, f.as(nil, "GET", "/v1.0/me?"+query, ""), 400, "BadRequest", "")
	}
	for path, segment := range map[string]string{
		"/v1.0": "v1.0", "/v1.0/me/messages": "messages", "/v1.0/me/extensions/a/b": "b", "/v1.0/groups/x": "groups", "/v1.0/v1.0/me": "v1.0",
		"/v1.0/me/memberOf/microsoft.graph.user": "microsoft.graph.user", "/v1.0/$batch/x": "$batch", "/v1.0/users//extensions": "users",
	} {
		wantRefusal(t, f.as(nil, "GET", path, ""), 400, "RequestBroker--ParseUri", "Resource not found for the segment '"+segment+"'.")
	}
	wantRefusal(t, f.as(nil, "GET", "/v2.0/me", ""), 400, "BadRequest", "Invalid version: v2.0")
	w := f.as(nil, "PUT", "/v1.0/me/extensions/a", "")
	wantRefusal(t, w, 405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	if got := w.Header().Get("Allow"); got != "GET, PATCH, DELETE" {
		t.Errorf("Allow %q", got)
	}
}

func TestRequestIDs(t *testing.T) {
	f := newFixture(t)
	r := httptest.NewRequest("GET", "/v1.0/me", nil)
	r.Header.Set("client-request-id", "mine")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	id := w.Header().Get("request-id")
	if id == "" || w.Header().Get("client-request-id") != "mine" || w.Header().Get("x-ms-ags-diagnostic") == "" {
		t.Errorf("headers %v", w.Header())
	}
	want(t, w, 401, object{"error": object{
		"code": "InvalidAuthenticationToken", "message": "Access token is empty.",
		"innerError": object{"date": "2026-11-24T01:02:03", "request-id": id, "client-request-id": "mine"},
	}})
	w = f.as(nil, "GET", "/v1.0/me", "")
	if a, b := w.Header().Get("request-id"), w.Header().Get("client-request-id"); a == "" || a != b {
		t.Errorf("request-id %q, client-request-id %q", a, b)
	}
}
