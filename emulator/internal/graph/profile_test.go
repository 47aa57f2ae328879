package graph

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

// TestReadBasic: the name and little more of others, all of oneself, and extensions.
func TestReadBasic(t *testing.T) {
	f := newFixture(t)
	f.opts.All = func() []emu.User { return people }
	basic := emu.Claims{"scp": "User.ReadBasic.All"}
	want(t, f.as(basic, "GET", "/v1.0/users/"+bobID, ""), 200, object{
		"@odata.context": metadata + "users/$entity", "id": bobID, "displayName": "Bob", "givenName": nil, "surname": nil, "mail": nil,
		"userPrincipalName": "bob@contoso.example", "businessPhones": []any{}, "jobTitle": nil, "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
	})
	if got := idsOf(t, f.as(basic, "GET", "/v1.0/users", "")); got != aliceID+" "+bobID {
		t.Errorf("users %s", got)
	}
	for target, status := range map[string]int{
		"/v1.0/users/" + bobID + "?$select=userType":        403,
		"/v1.0/users/" + bobID + "?$select=displayName":     200,
		"/v1.0/me?$select=userType":                         200,
		"/v1.0/users/" + bobID + "/extensions":              200,
		"/v1.0/users/" + bobID + "/memberOf":                403,
		"/v1.0/users/" + bobID + "?$expand=memberOf":        403,
		"/v1.0/users?$select=accountEnabled":                403,
		"/v1.0/users/" + bobID + "?$expand=extensions":      200,
		"/v1.0/users/" + bobID + "/manager":                 404,
		"/v1.0/users/" + bobID + "/directReports":           200,
		"/v1.0/me?$select=*":                                200,
		"/v1.0/me?$select=id,extensions&$expand=manager":    200,
		"/v1.0/me?$expand=extensions($filter=id eq 'a''b')": 200,
	} {
		if w := f.as(basic, "GET", strings.ReplaceAll(target, " ", "%20"), ""); w.Code != status {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	noExtensions := emu.Claims{"scp": "Directory.Read.All"}
	wantRefusal(t, f.as(noExtensions, "GET", "/v1.0/users/"+bobID+"?$expand=extensions", ""), 403, "Authorization_RequestDenied", "")
}

// TestReadOnly: the directory itself cannot be changed, but only who might is told so.
func TestReadOnly(t *testing.T) {
	f := newFixture(t)
	writer := emu.Claims{"scp": nil, "idtyp": "app", "roles": []string{"User.ReadWrite.All"}}
	for _, call := range []struct{ method, target string }{{"POST", "/v1.0/users"}, {"PATCH", "/v1.0/users/" + bobID}, {"DELETE", "/v1.0/users/" + bobID}} {
		wantRefusal(t, f.as(writer, call.method, call.target, "{}"), 501, "NotImplemented", "")
		wantRefusal(t, f.as(nil, call.method, call.target, "{}"), 403, "Authorization_RequestDenied", "")
	}
	wantRefusal(t, f.as(nil, "PATCH", "/v1.0/me", "{}"), 501, "NotImplemented", "")
	wantRefusal(t, f.as(emu.Claims{"scp": "User.Read"}, "PATCH", "/v1.0/me", "{}"), 403, "Authorization_RequestDenied", "")
	for path, code := range map[string]string{"/v1.0/me/photo": "ImageNotFound", "/v1.0/me/photo/$value": "ImageNotFound", "/v1.0/me/manager": "Request_ResourceNotFound"} {
		wantRefusal(t, f.as(nil, "GET", path, ""), 404, code, "")
	}
	w := f.as(nil, "PUT", "/v1.0/users", "")
	if w.Code != 405 || w.Header().Get("Allow") != "GET, POST" {
		t.Errorf("%d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// TestBeta: the same answers, with its own name in contexts and links.
func TestBeta(t *testing.T) {
	f := newFixture(t)
	body := strings.Replace(mappingBody, "acsUserIdentity", "other", 1)
	list := "https://graph.microsoft.com/beta/$metadata#users('" + aliceID + "')/extensions"
	entity := object{"@odata.context": list + "/$entity", "@odata.type": "#microsoft.graph.openTypeExtension", "id": mappingName, "extensionName": mappingName, "other": "8:acs:x"}
	want(t, f.as(nil, "POST", "/beta/me/extensions", body), 201, entity)
	want(t, f.as(nil, "GET", "/beta/users('"+aliceID+"')/extensions('"+mappingName+"')", ""), 200, entity)
	delete(entity, "other")
	delete(entity, "extensionName")
	want(t, f.as(nil, "GET", "/beta/me/extensions/"+mappingName+"?$select=id", ""), 200, entity)
	delete(entity, "@odata.context")
	want(t, f.as(nil, "GET", "/beta/me/extensions?$select=id", ""), 200, object{"@odata.context": list, "value": []any{entity}})
	if w := f.as(nil, "GET", "/v1.0/me/extensions/"+mappingName, ""); w.Code != 200 {
		t.Errorf("version 1: %d", w.Code)
	}
}

// TestContentType: JSON must be declared.
func TestContentType(t *testing.T) {
	f := newFixture(t)
	token, _ := json.Marshal(claims(nil))
	for kind, status := range map[string]int{
		"": 400, "text/plain": 400, "application/x-www-form-urlencoded": 400, ";": 400, "application/json": 201, "Application/JSON; charset=utf-8": 201,
	} {
		f.Reset()
		r := httptest.NewRequest("POST", "/v1.0/me/extensions", strings.NewReader(mappingBody))
		r.Header.Set("Authorization", "Bearer "+string(token))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%q: %d %s", kind, w.Code, w.Body)
		}
	}
}

// TestOrigins: a page of another origin may call, and may read the headers that SDKs read.
func TestOrigins(t *testing.T) {
	f := newFixture(t)
	r := httptest.NewRequest("OPTIONS", "/v1.0/me", nil)
	r.Header.Set("Origin", "http://localhost:3000")
	r.Header.Set("Access-Control-Request-Headers", "authorization,sdkversion")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Headers") != "authorization,sdkversion" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	r = httptest.NewRequest("GET", "/v1.0/me", nil)
	r.Header.Set("Origin", "http://localhost:3000")
	w = httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := f.as(nil, "GET", "/v1.0/me", ""); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("allowed without an origin")
	}
	wantRefusal(t, f.send("", http.MethodOptions, "/v1.0/me", ""), 401, "InvalidAuthenticationToken", "")
}

func TestResourceUnits(t *testing.T) {
	f := newFixture(t)
	got := make(map[string]string)
	for _, query := range []string{"/me", "/me?$select=id", "/me?$expand=extensions", "/me?$select=id&$expand=extensions", "/users?$top=1", "/none"} {
		got[query] = f.as(emu.Claims{"scp": "User.Read.All"}, "GET", "/v1.0"+query, "").Header().Get("x-ms-resource-unit")
	}
	want := map[string]string{"/me": "1", "/me?$select=id": "1", "/me?$expand=extensions": "2", "/me?$select=id&$expand=extensions": "1", "/users?$top=1": "2", "/none": "1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
