package acs

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

const (
	homeTenant = "dddddddd-1111-4222-8333-444444444444"
	someGroup  = "eeeeeeee-1111-4222-8333-444444444444"
	entraRoute = "/access/entra/:exchangeAccessToken"
	phoneRoute = "/access/teamsExtension/:exchangeAccessToken"
)

// userClaims are those of a user's token for the Entra exchange.
func userClaims() emu.Claims {
	return emu.Claims{
		"aud": "https://communication.azure.com/clients", "azp": teamsApp, "oid": teamsUser, "tid": homeTenant,
		"exp": teamsExp, "scp": "Chat VoIP.Join openid",
	}
}

func phoneClaims() emu.Claims {
	c := userClaims()
	c["aud"], c["scp"] = "https://auth.msft.communication.azure.com", "TeamsExtension.ManageCalls"
	return c
}

// bearer sends a request of a user, as the vendor's common library does.
func (f *fixture) bearer(version, route string, claims emu.Claims) *httptest.ResponseRecorder {
	f.t.Helper()
	token, err := json.Marshal(claims)
	if err != nil {
		f.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", route+"?api-version="+version, nil)
	r.Host = testHost
	r.Header.Set("Authorization", "Bearer "+string(token))
	return f.serve(r)
}

func (f *fixture) assign(object, principal string, clients ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	list, _ := json.Marshal(clients)
	return f.preview("PUT", "/access/entra/assignments/"+object,
		fmt.Sprintf(`{"principalType":%q,"tenantId":%q,"clientIds":%s}`, principal, homeTenant, list))
}

func TestEntraExchange(t *testing.T) {
	f := newFixture(t, nil)
	f.assign(teamsUser, "user", teamsApp)
	got := read[createReply](t, f.bearer(versionPreview, entraRoute, userClaims()), 200)
	id := "8:acs:" + testResource + "_wf_" + homeTenant + "_" + teamsUser
	want := createReply{Identity: identityBody{ID: id}, AccessToken: &accessToken{Token: got.AccessToken.Token, ExpiresOn: teamsUntil}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	claims := claimsOf(t, got.AccessToken.Token)
	if claims["acsScope"] != "chat,voip.join" || claims["skypeid"] != id[2:] || claims["emuKey"] != "entra" {
		t.Error(claims)
	}
	f.state(got.AccessToken.Token, TokenActive)

	again := read[createReply](t, f.bearer(versionPreview, "/"+entraRoute, userClaims()), 200)
	if again.Identity.ID != id || len(f.Identities()) != 1 {
		t.Errorf("another identity: %s", again.Identity.ID)
	}
	wantEmpty(t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", "")) // the resource can revoke it
	f.state(again.AccessToken.Token, TokenRevoked)
	wantEmpty(t, f.do("DELETE", pathOf(id), ""))
	back := read[createReply](t, f.bearer(versionPreview, entraRoute, userClaims()), 200)
	f.state(back.AccessToken.Token, TokenActive)
	f.state(again.AccessToken.Token, TokenRevoked)
	if diff := cmp.Diff([]string{id}, ids(f)); diff != "" {
		t.Error(diff)
	}
	if n := f.Counters()["entraExchange"]; n != 3 {
		t.Errorf("%d exchanges counted", n)
	}
}

func TestEntraExchangeAsksForAnAssignment(t *testing.T) {
	member := func(c emu.Claims) { c["groups"] = []any{someGroup} }
	for _, tc := range []struct {
		name              string
		object, principal string
		client            string
		change            func(emu.Claims)
		status            int
	}{
		{"user", teamsUser, "user", teamsApp, nil, 200},
		{"group in the token", someGroup, "group", teamsApp, member, 200},
		{"tenant", homeTenant, "tenant", teamsApp, nil, 200},
		{"v1 token", teamsUser, "user", teamsApp, func(c emu.Claims) { delete(c, "azp"); c["appid"] = teamsApp }, 200},
		{"GUIDs in capitals", "BBBBBBBB-1111-4222-8333-444444444444", "user", "AAAAAAAA-1111-4222-8333-444444444444", nil, 200},
		{"another user", otherGUID, "user", teamsApp, nil, 403},
		{"not in the group", someGroup, "group", teamsApp, nil, 403},
		{"another client", teamsUser, "user", otherGUID, nil, 403},
		{"no client", teamsUser, "user", teamsApp, func(c emu.Claims) { delete(c, "azp") }, 403},
		{"a group with the user's id", teamsUser, "group", teamsApp, nil, 403},
		{"another tenant", teamsUser, "user", teamsApp, func(c emu.Claims) { c["tid"] = otherGUID }, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, nil)
			if w := f.assign(tc.object, tc.principal, tc.client); w.Code != 201 {
				t.Fatal(w.Code, w.Body)
			}
			claims := userClaims()
			if tc.change != nil {
				tc.change(claims)
			}
			w := f.bearer(versionPreview, entraRoute, claims)
			if w.Code != tc.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if tc.status == 403 {
				wantRefusal(t, w, 403, "Forbidden", "")
			}
			if n := len(f.Identities()); n != map[bool]int{true: 1}[tc.status == 200] {
				t.Errorf("%d identities", n)
			}
		})
	}
	f := newFixture(t, func(o *Options) {
		o.Groups = func(oid string) []string { return map[string][]string{teamsUser: {someGroup}}[oid] }
	})
	f.assign(someGroup, "group", teamsApp)
	if w := f.bearer(versionPreview, entraRoute, userClaims()); w.Code != 200 {
		t.Errorf("a group of the directory: %d %s", w.Code, w.Body)
	}
}

func TestUserExchangeRefusesTokens(t *testing.T) {
	for name, change := range map[string]func(emu.Claims){
		"another audience": func(c emu.Claims) { c["aud"] = "https://communication.azure.com" },
		"no audience":      func(c emu.Claims) { delete(c, "aud") },
		"other scopes":     func(c emu.Claims) { c["scp"] = "User.Read Chats" },
		"no scopes":        func(c emu.Claims) { delete(c, "scp") },
		"no user":          func(c emu.Claims) { delete(c, "oid") },
		"no tenant":        func(c emu.Claims) { delete(c, "tid") },
		"application":      func(c emu.Claims) { c["idtyp"] = "app" },
		"expired":          func(c emu.Claims) { c["exp"] = 1767604087 },
		"no expiry":        func(c emu.Claims) { delete(c, "exp") },
	} {
		f := newFixture(t, nil)
		f.assign(teamsUser, "user", teamsApp)
		f.preview("PUT", "/access/teamsExtension/tenants/"+homeTenant+"/assignments/"+teamsUser, `{"principalType":"user"}`)
		for route, claims := range map[string]emu.Claims{entraRoute: userClaims(), phoneRoute: phoneClaims()} {
			change(claims)
			w := f.bearer(versionPreview, route, claims)
			if w.Code != 401 {
				t.Errorf("%s: %s: %d", name, route, w.Code)
				continue
			}
			wantRefusal(t, w, 401, "InvalidAccessToken", "")
		}
	}
	f := newFixture(t, nil)
	for _, route := range []string{entraRoute, phoneRoute} {
		wantRefusal(t, f.preview("POST", route, "{}"), 401, "Denied", "") // signed with a key, not by a user
		r := f.request("POST", route+"?api-version="+versionPreview, "{}")
		r.Header.Set("Authorization", "Bearer nonsense")
		wantRefusal(t, f.serve(r), 401, "InvalidAccessToken", "")
		r.Header.Set("Authorization", "Bearer ")
		wantRefusal(t, f.serve(r), 401, "InvalidAccessToken", "")
		r.Header.Del("Authorization")
		wantRefusal(t, f.serve(r), 401, "Denied", "")
	}
}

func TestTeamsExtension(t *testing.T) {
	const path = "/access/teamsExtension/tenants/" + homeTenant + "/assignments/" + teamsUser
	for _, version := range []string{versionPreview, "2025-06-30", "2026-09-23"} {
		f := newFixture(t, nil)
		wantRefusal(t, f.bearer(version, phoneRoute, phoneClaims()), 403, "Forbidden", "")
		wantRefusal(t, f.in(version, "GET", path, ""), 404, "NotFound", "")
		want := assignmentBody{Object: teamsUser, Tenant: homeTenant, Principal: "user"}
		if diff := cmp.Diff(want, read[assignmentBody](t, f.in(version, "PUT", path, `{"principalType":"user"}`), 201)); diff != "" {
			t.Error(diff)
		}
		got := read[createReply](t, f.bearer(version, phoneRoute, phoneClaims()), 200)
		if id := "8:acs:" + testResource + "_" + homeTenant + "_" + teamsUser; got.Identity.ID != id || got.AccessToken.ExpiresOn != teamsUntil {
			t.Errorf("%+v", got)
		}
		f.state(got.AccessToken.Token, TokenActive)

		want.Principal, want.Clients = "resourceAccount", []string{otherGUID}
		body := `{"principalType":"resourceAccount","clientIds":["` + otherGUID + `"]}`
		for _, w := range []*httptest.ResponseRecorder{f.in(version, "PUT", path, body), f.in(version, "GET", path, "")} {
			if diff := cmp.Diff(want, read[assignmentBody](t, w, 200)); diff != "" {
				t.Error(diff)
			}
		}
		wantRefusal(t, f.bearer(version, phoneRoute, phoneClaims()), 403, "Forbidden", "") // from another client
		f.state(got.AccessToken.Token, TokenActive)
		wantEmpty(t, f.in(version, "DELETE", path, ""))
		f.state(got.AccessToken.Token, TokenRevoked)
		wantEmpty(t, f.in(version, "DELETE", path, ""))
	}
	f := newFixture(t, nil)
	for body, target := range map[string]string{
		`{}`: "principalType", `{"principalType":"group"}`: "principalType", `{"principalType":"user","clientIds":["x"]}`: "clientIds",
	} {
		wantRefusal(t, f.in("2025-06-30", "PUT", path, body), 400, "ValidationError", target)
	}
	wantRefusal(t, f.in("2025-06-30", "GET", "/access/teamsExtension/tenants/x/assignments/"+teamsUser, ""), 400, "ValidationError", "tenantId")
	wantRefusal(t, f.in("2025-06-30", "GET", "/access/teamsExtension/tenants/"+homeTenant+"/assignments/x", ""), 400, "ValidationError", "objectId")
}
