package acs

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// in sends a signed request of any api-version.
func (f *fixture) in(version, method, path, body string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.serve(f.request(method, path+"?api-version="+version, body))
}

func (f *fixture) state(token string, want TokenState) {
	f.t.Helper()
	if got := f.Introspect(token); got != want {
		f.t.Errorf("token is %s, want %s", got, want)
	}
}

// TestOldestVersion takes an identity through a life as the npm package
// @azure/communication-administration 1.0.0-beta.3 does.
func TestOldestVersion(t *testing.T) {
	f := newFixture(t, nil)
	legacy := func(method, path, body string) *httptest.ResponseRecorder {
		return f.in(versionLegacy, method, path, body)
	}
	id := read[identityBody](t, legacy("POST", "/identities", `{"createTokenWithScopes":["chat"],"customId":"x"}`), 200)
	if diff := cmp.Diff(identityBody{ID: f.Identities()[0].ID}, id); diff != "" {
		t.Error(diff)
	}
	got := read[legacyToken](t, legacy("POST", pathOf(id.ID)+"/token", `{"scopes":["chat","pstn"],"expiresInMinutes":1}`), 200)
	if diff := cmp.Diff(legacyToken{ID: id.ID, Token: got.Token, ExpiresOn: testExpiry24}, got); diff != "" {
		t.Error(diff)
	}
	f.state(got.Token, TokenActive)
	wantRefusal(t, legacy("POST", pathOf(id.ID)+"/token", `{"scopes":["chat.join"]}`), 400, "ValidationError", "scopes")
	wantRefusal(t, legacy("POST", pathOf(id.ID)+"/:issueAccessToken", `{"scopes":["chat"]}`), 400, "UnsupportedApiVersion", "")
	wantEmpty(t, legacy("DELETE", pathOf(id.ID), ""))
	f.state(got.Token, TokenRevoked)
	wantRefusal(t, legacy("PATCH", pathOf(id.ID), `{}`), 401, "IdentityNotOwned", "")
	want := map[string]int64{"create": 1, "issue": 1, "tokens": 1, "delete": 1, "refused": 3}
	if diff := cmp.Diff(want, f.Counters()); diff != "" {
		t.Error(diff)
	}
}

func TestTokensValidFrom(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	patch := func(at string) {
		t.Helper()
		wantEmpty(t, f.in(versionLegacy, "PATCH", pathOf(id), at))
	}
	at := func(d time.Duration) string {
		return fmt.Sprintf(`{"tokensValidFrom":%q}`, f.clock.now().Add(d).Format(time.RFC3339Nano))
	}
	first := f.issueOne(id)
	patch(`{}`)
	patch(`{"tokensValidFrom":null}`)
	patch(at(-time.Hour))
	f.state(first, TokenActive)
	f.clock.advance(10 * time.Minute)
	second := f.issueOne(id)
	patch(at(-time.Minute)) // between the two
	f.state(first, TokenRevoked)
	f.state(second, TokenActive)
	patch(at(0))
	f.state(second, TokenRevoked)
	f.state(f.issueOne(id), TokenActive) // the same second: order decides
	patch(at(time.Hour))
	third := f.issueOne(id)
	f.state(third, TokenRevoked)
	f.clock.advance(2 * time.Hour)
	f.state(f.issueOne(id), TokenActive)
	for _, body := range []string{`{"tokensValidFrom":"yesterday"}`, `{"tokensValidFrom":1}`, `[]`} {
		wantRefusal(t, f.in(versionLegacy, "PATCH", pathOf(id), body), 400, "ValidationError", "")
	}
}

// TestEveryVersion calls everything in every api-version that has it, and what
// it has not.
func TestEveryVersion(t *testing.T) {
	for i, version := range versions {
		f := newFixture(t, nil)
		create := f.in(version, "POST", "/identities", `{"createTokenWithScopes":["voip"],"expiresInMinutes":60,"customId":"sally"}`)
		id := f.Identities()[0].ID
		got := map[string]int{
			"create": create.Code, "issue": f.in(version, "POST", pathOf(id)+"/:issueAccessToken", `{"scopes":["chat"]}`).Code,
			"token": f.in(version, "POST", pathOf(id)+"/token", `{"scopes":["chat"]}`).Code,
			"join":  f.in(version, "POST", pathOf(id)+"/:issueAccessToken", `{"scopes":["chat.join"]}`).Code,
			"patch": f.in(version, "PATCH", pathOf(id), `{}`).Code, "revoke": f.in(version, "POST", pathOf(id)+"/:revokeAccessTokens", "").Code,
			"get": f.in(version, "GET", pathOf(id), "").Code, "exchange": f.in(version, "POST", "/teamsUser/:exchangeAccessToken", `{"token":"x"}`).Code,
			"entra":  f.in(version, "GET", "/access/entra/assignments", "").Code,
			"phone":  f.in(version, "GET", "/access/teamsExtension/tenants/"+otherGUID+"/assignments/"+otherGUID, "").Code,
			"delete": f.in(version, "DELETE", pathOf(id), "").Code,
		}
		pick := func(has bool, status int) int {
			if has {
				return status
			}
			return 400
		}
		exchange := pick(i >= 3, 401)
		if version >= versionOwner {
			exchange = 400 // appId is missing
		}
		want := map[string]int{
			"create": map[bool]int{true: 200, false: 201}[i == 0], "issue": pick(i > 0, 200), "token": pick(i == 0, 200),
			"join": pick(i >= 8, 200), "patch": pick(i == 0, 204), "revoke": pick(i > 0, 204), "get": pick(i == 9, 200),
			"exchange": exchange, "entra": pick(i == 9, 200), "phone": pick(i >= 9, 404), "delete": 204,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
}

func TestExchangeOfTheFirstPreviews(t *testing.T) {
	f := newFixture(t, nil)
	good := fmt.Sprintf(`{"aud":"https://auth.msft.communication.azure.com","oid":%q,"exp":%d,"scp":"Teams.ManageCalls"}`, teamsUser, teamsExp)
	for _, version := range []string{"2021-03-31-preview1", "2021-10-31-preview"} {
		w := f.in(version, "POST", "/teamsUser/:exchangeAccessToken", fmt.Sprintf(`{"token":%q}`, good))
		got := read[accessToken](t, w, 200)
		if got.ExpiresOn != teamsUntil {
			t.Errorf("expires %s", got.ExpiresOn)
		}
		f.state(got.Token, TokenActive)
		for _, bad := range []string{`{}`, `{"token":""}`, `{"token":"x"}`, `{"token":"{\"oid\":\"x\"}"}`} {
			wantRefusal(t, f.in(version, "POST", "/teamsUser/:exchangeAccessToken", bad), 401, "InvalidAccessToken", "")
		}
	}
}
