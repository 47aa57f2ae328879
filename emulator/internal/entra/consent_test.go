package entra

import (
	"net/http"
	"net/url"
	"testing"
)

func TestConsent(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	ask := func(pairs ...string) url.Values {
		t.Helper()
		return answer(t, a.get(authorizePath, freshRequest(pairs...)))
	}
	if got := ask("prompt", "none", "login_hint", "alice"); got.Get("error") != "consent_required" || got.Get("suberror") != "consent_required" {
		t.Fatalf("silent, no consent: %v", got)
	}
	page := a.press(a.get(authorizePath, freshRequest()), "user", "alice")
	wantPage(t, page, http.StatusOK, "Fresh would like to:", "https://graph.microsoft.com/User.Read", "alice@test.example")
	if got := answer(t, a.press(page, "action", "cancel")); got.Get("error") != "access_denied" {
		t.Errorf("cancel: %v", got)
	}
	if got := ask("prompt", "none", "login_hint", "alice"); got.Get("error") != "consent_required" {
		t.Errorf("a refused consent was stored: %v", got)
	}
	body := a.redeem(a.press(page, "action", "accept"), testFresh)
	if c := payloadOf(t, body["access_token"]); c["scp"] != "User.Read" {
		t.Errorf("scp %v", c["scp"])
	}
	refreshed := a.token(refreshForm(body["refresh_token"], "client_id", testFresh, "client_secret", testSecret))
	if payloadOf(t, refreshed["access_token"])["scp"] != "User.Read" {
		t.Errorf("%v", refreshed)
	}
	if got := ask(); got.Get("code") == "" {
		t.Errorf("the consent is stored, the session is there: %v", got)
	}
	wantPage(t, a.press(a.get(authorizePath, freshRequest("prompt", "consent")), "user", "alice"), http.StatusOK, "Permissions requested", "User.Read")
	if got := ask("prompt", "none", "login_hint", "bob"); got.Get("error") != "consent_required" {
		t.Errorf("alice's consent is not bob's: %v", got)
	}
	w.Reset()
	if got := ask("prompt", "none", "login_hint", "alice"); got.Get("error") != "consent_required" {
		t.Errorf("a reset forgets consents: %v", got)
	}
}

// A sign-in alone needs consent, too, for an application that nobody has consented to.
func TestConsentToSignIn(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	page := a.press(a.get(authorizePath, freshRequest("scope", "openid")), "user", "bob")
	wantPage(t, page, http.StatusOK, "Sign you in and read your profile")
	if got := answer(t, a.press(page, "action", "accept")); got.Get("code") == "" {
		t.Errorf("%v", got)
	}
	if got := answer(t, a.get(authorizePath, freshRequest("scope", "openid"))); got.Get("code") == "" {
		t.Errorf("%v", got)
	}
}

func TestAdminOnlyPermission(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	for _, scope := range []string{"User.ReadWrite.All", "https://graph.microsoft.com/.default"} {
		page := a.press(a.get(authorizePath, freshRequest("scope", scope, "prompt", "select_account")), "user", "alice")
		wantPage(t, page, http.StatusBadRequest, "Need admin approval", "AADSTS90094")
		back := answer(t, a.press(page, "action", "cancel"))
		if back.Get("error") != "access_denied" {
			t.Errorf("%v", back)
		}
	}
}

func adminQuery(pairs ...string) url.Values {
	return plus(url.Values{"client_id": {testFresh}, "redirect_uri": {testWeb}, "state": {"s"}}, pairs...)
}

func TestAdminConsent(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	graph := clientForm("client_id", testFresh, "scope", "https://graph.microsoft.com/.default")
	if c := payloadOf(t, a.token(graph)["access_token"]); c["roles"] != nil {
		t.Errorf("roles without consent: %v", c["roles"])
	}
	page := a.get("/"+testTenant+"/adminconsent", adminQuery())
	wantPage(t, page, http.StatusOK, "on behalf of the whole organization", "User.ReadWrite.All", "User.Read.All")
	if got := answer(t, a.press(page, "action", "cancel")); got.Get("error") != "permission_denied" || got.Has("admin_consent") {
		t.Errorf("refused: %v", got)
	}
	if got := answer(t, a.press(page, "action", "accept")); got.Get("admin_consent") != "True" || got.Get("tenant") != testTenant || got.Has("scope") {
		t.Errorf("accepted: %v", got)
	}
	if c := payloadOf(t, a.token(graph)["access_token"]); len(c["roles"].([]any)) != 1 {
		t.Errorf("roles: %v", c["roles"])
	}
	code := a.press(a.get(authorizePath, freshRequest("scope", "User.ReadWrite.All")), "user", "bob")
	if c := payloadOf(t, a.redeem(code, testFresh)["access_token"]); c["scp"] != "User.Read User.ReadWrite.All" {
		t.Errorf("scp %v", c["scp"])
	}
}

// The v2 endpoint consents to what it is asked for, and words a refusal in another way.
func TestAdminConsentV2(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	path := "/" + testTenant + "/v2.0/adminconsent"
	page := a.get(path, adminQuery("scope", "User.Read"))
	wantPage(t, page, http.StatusOK, "User.Read")
	if got := answer(t, a.press(page, "action", "cancel")); got.Get("error") != "consent_required" || got.Get("admin_consent") != "True" {
		t.Errorf("refused: %v", got)
	}
	if got := answer(t, a.press(page, "action", "accept")); got.Get("scope") != "User.Read" {
		t.Errorf("accepted: %v", got)
	}
	if got := answer(t, a.get(authorizePath, freshRequest("prompt", "none", "login_hint", "bob"))); got.Get("code") == "" {
		t.Errorf("the admin consented for all: %v", got)
	}
	for _, tt := range []struct {
		path  string
		query url.Values
		code  string
	}{
		{path, adminQuery(), "AADSTS900144"},
		{path, adminQuery("scope", "User.Fly"), "AADSTS70011"},
		{path, adminQuery("scope", "https://communication.azure.com/.default"), "admin"},
		{path, adminQuery("scope", testScope), "AADSTS650057"},
		{"/" + testTenant + "/adminconsent", adminQuery("client_id", ""), "AADSTS900144"},
		{"/" + testTenant + "/adminconsent", adminQuery("client_id", testTenant), "AADSTS700016"},
		{"/" + testTenant + "/adminconsent", adminQuery("redirect_uri", ""), "AADSTS900144"},
		{"/" + testTenant + "/adminconsent", adminQuery("redirect_uri", "https://evil.example/"), "AADSTS50011"},
	} {
		status := http.StatusBadRequest
		if tt.code == "admin" {
			status = http.StatusOK // .default names the registration, whatever the resource
		}
		wantPage(t, a.get(tt.path, tt.query), status, tt.code)
	}
	if rec := a.do("POST", "/"+testTenant+"/consent?"+adminQuery("redirect_uri", "https://evil.example/").Encode(), url.Values{"action": {"accept"}}); rec.Header().Get("Location") != "" {
		t.Error("the query of the form has to be checked again")
	}
}
