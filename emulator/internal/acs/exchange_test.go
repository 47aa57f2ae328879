package acs

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

const (
	teamsApp   = "aaaaaaaa-1111-4222-8333-444444444444"
	teamsUser  = "bbbbbbbb-1111-4222-8333-444444444444"
	otherGUID  = "cccccccc-1111-4222-8333-444444444444"
	teamsExp   = 1767607687 + 4500 // 75 minutes after the fixture's now
	teamsUntil = "2026-01-05T11:23:07.0000000+00:00"
)

func (f *fixture) exchange(change func(emu.Claims), app, user string) *httptest.ResponseRecorder {
	f.t.Helper()
	claims := emu.Claims{
		"aud": "https://auth.msft.communication.azure.com", "azp": teamsApp, "oid": teamsUser, "exp": teamsExp,
		"scp": "Teams.ManageCalls Teams.ManageChats",
	}
	if change != nil {
		change(claims)
	}
	token, _ := json.Marshal(claims)
	return f.exchangeToken(string(token), app, user)
}

func (f *fixture) exchangeToken(token, app, user string) *httptest.ResponseRecorder {
	f.t.Helper()
	body, _ := json.Marshal(exchangeRequest{Token: token, AppID: app, UserID: user})
	return f.do("POST", "/teamsUser/:exchangeAccessToken", string(body))
}

func TestExchange(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(emu.Claims)
		scopes string
	}{
		{"v2 token", nil, "chat,voip"},
		{"v1 token", func(c emu.Claims) { delete(c, "azp"); c["appid"] = teamsApp }, "chat,voip"},
		{"first-party id", func(c emu.Claims) { c["aud"] = "1fd5118e-2576-4263-8130-9503064c837a" }, "chat,voip"},
		{"audience with slash", func(c emu.Claims) { c["aud"] = "https://auth.msft.communication.azure.com/" }, "chat,voip"},
		{"calls only", func(c emu.Claims) { c["scp"] = "openid Teams.ManageCalls" }, "voip"},
		{"chats only", func(c emu.Claims) { c["scp"] = "Teams.ManageChats" }, "chat"},
		{"GUIDs in capitals", func(c emu.Claims) { c["oid"] = "BBBBBBBB-1111-4222-8333-444444444444" }, "chat,voip"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, nil)
			got := read[accessToken](t, f.exchange(tc.change, teamsApp, teamsUser), 200)
			if got.ExpiresOn != teamsUntil {
				t.Errorf("expires %s, want %s", got.ExpiresOn, teamsUntil)
			}
			claims := claimsOf(t, got.Token)
			want := map[string]any{
				"skypeid": "orgid:" + teamsUser, "acsScope": tc.scopes, "scp": 1792.0, "exp": float64(teamsExp),
				"resourceId": testResource, "csi": "1767604087", "iat": 1767604087.0, "emuKey": "primary.1", "emuSerial": 0.0,
			}
			if diff := cmp.Diff(want, claims); diff != "" {
				t.Error(diff)
			}
			if state := f.Introspect(got.Token); state != TokenActive {
				t.Errorf("token is %s", state)
			}
			if diff := cmp.Diff(map[string]int64{"exchange": 1, "tokens": 1}, f.Counters()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExchangeRefusesTokens(t *testing.T) {
	for name, change := range map[string]func(emu.Claims){
		"another audience": func(c emu.Claims) { c["aud"] = "https://graph.microsoft.com" },
		"no audience":      func(c emu.Claims) { delete(c, "aud") },
		"other scopes":     func(c emu.Claims) { c["scp"] = "User.Read Teams.ManageCallsX" },
		"no scopes":        func(c emu.Claims) { delete(c, "scp") },
		"another app":      func(c emu.Claims) { c["azp"] = otherGUID },
		"no app":           func(c emu.Claims) { delete(c, "azp") },
		"another user":     func(c emu.Claims) { c["oid"] = otherGUID },
		"no user":          func(c emu.Claims) { delete(c, "oid") },
		"expired":          func(c emu.Claims) { c["exp"] = 1767604087 },
		"no expiry":        func(c emu.Claims) { delete(c, "exp") },
		"expiry is text":   func(c emu.Claims) { c["exp"] = "1767612187" },
		"endless":          func(c emu.Claims) { c["exp"] = 1e300 },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			got := read[envelope](t, f.exchange(change, teamsApp, teamsUser), 401)
			want := envelope{envelopeError{Code: "InvalidAccessToken", Message: "Provided access token is not valid."}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	f := newFixture(t, nil)
	wantRefusal(t, f.exchangeToken("", teamsApp, teamsUser), 401, "InvalidAccessToken", "")
	wantRefusal(t, f.exchangeToken("nonsense", teamsApp, teamsUser), 401, "InvalidAccessToken", "")
}

func TestExchangeRefusesFormats(t *testing.T) {
	f := newFixture(t, nil)
	for _, malformed := range []string{"", "app", teamsApp + "0", "{" + teamsApp + "}", "zzzzzzzz-1111-4222-8333-444444444444"} {
		got := read[envelope](t, f.exchange(nil, malformed, teamsUser), 400)
		want := envelope{envelopeError{Code: "ValidationError", Message: "Provided AppId has invalid format.", Target: "appId"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		got = read[envelope](t, f.exchange(nil, teamsApp, malformed), 400)
		want = envelope{envelopeError{Code: "ValidationError", Message: "Provided UserId has invalid format.", Target: "userId"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	wantRefusal(t, f.do("POST", "/teamsUser/:exchangeAccessToken", ""), 400, "ValidationError", "appId")
	wantRefusal(t, f.do("POST", "/teamsUser/:exchangeAccessToken", "["), 400, "ValidationError", "")
}

func TestTimeOf(t *testing.T) {
	want := map[string]bool{
		"json.Number": true, "int64": true, "float64": true, "int": true, "string": false, "nil": false,
	}
	got := maps.Clone(want)
	for _, v := range []any{json.Number("1767604087"), int64(1767604087), 1767604087.0, 1767604087, "1767604087", nil} {
		at, ok := timeOf(emu.Claims{"exp": v}, "exp")
		got[typeName(v)] = ok && at.Unix() == 1767604087
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, v := range []any{json.Number("1.5"), json.Number("-1"), -1.0, 0, int64(1) << 60} {
		if at, ok := timeOf(emu.Claims{"exp": v}, "exp"); ok {
			t.Errorf("%v: %v", v, at)
		}
	}
}

func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("%T", v)
}
