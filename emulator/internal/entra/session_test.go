package entra

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const logoutPath = "/" + testTenant + "/oauth2/v2.0/logout"

func (a agent) signedIn() bool {
	a.t.Helper()
	got := answer(a.t, a.get(authorizePath, spaRequest("prompt", "none")))
	if got.Get("code") == "" && got.Get("error") != "login_required" {
		a.t.Fatalf("%v", got)
	}
	return got.Get("code") != ""
}

// Refresh tokens rotate: each use gives a new one, and the old one stays good, as at Entra. A revocation ends them all.
func TestRevocation(t *testing.T) {
	w := newWorld(t)
	a, other := w.agent(t), w.agent(t)
	first, bob := a.signIn("alice"), other.signIn("bob")
	second := a.token(refreshForm(first["refresh_token"]))
	third := a.token(refreshForm(first["refresh_token"]))
	if second["refresh_token"] == first["refresh_token"] || second["refresh_token"] == third["refresh_token"] {
		t.Fatal("a refresh token was handed out twice")
	}
	code := answer(t, a.get(authorizePath, spaRequest())).Get("code")
	user, poll := a.startDevice()
	a.do("POST", "/devicelogin", url.Values{"otc": {user}, "user": {"alice"}})
	w.clock.advance(time.Minute)
	if err := w.RevokeSessions("alice"); err != nil {
		t.Fatal(err)
	}
	for _, token := range []any{first["refresh_token"], second["refresh_token"], third["refresh_token"]} {
		body := a.token(refreshForm(token))
		wantFailure(t, body, 50173, "invalid_grant", "bad_token")
		if text := body["error_description"].(string); !strings.Contains(text, "TokensValidFrom") {
			t.Error(text)
		}
	}
	wantFailure(t, a.token(url.Values{"grant_type": {"authorization_code"}, "client_id": {testSPA}, "code": {code}, "redirect_uri": {testBack},
		"code_verifier": {flowVerifier}}), 50173, "invalid_grant", "bad_token")
	wantFailure(t, a.token(poll), 50173, "invalid_grant", "bad_token")
	wantFailure(t, a.token(oboForm(first["access_token"])), 50173, "invalid_grant", "bad_token")
	if a.signedIn() {
		t.Error("the session of the browser is still there")
	}
	if !other.signedIn() || other.token(refreshForm(bob["refresh_token"]))["access_token"] == nil {
		t.Error("bob was revoked, too")
	}
	again := a.signIn("alice") // at the very same time of the clock
	if a.token(refreshForm(again["refresh_token"]))["access_token"] == nil || a.token(oboForm(again["access_token"]))["access_token"] == nil {
		t.Error("a new sign-in is good")
	}
	if w.RevokeSessions("mallory") == nil {
		t.Error("an unknown user was revoked")
	}
}

func TestLogoutHints(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	id := a.signIn("alice")["id_token"].(string)
	a.get(logoutPath, url.Values{"logout_hint": {"bob@test.example"}})
	if !a.signedIn() {
		t.Error("another account was meant")
	}
	rec := a.get(logoutPath, url.Values{"logout_hint": {"alice@test.example"}, "id_token_hint": {id}, "post_logout_redirect_uri": {testBack}, "state": {"s"}})
	if rec.Header().Get("Location") != testBack+"?state=s" || a.signedIn() {
		t.Errorf("%d %s", rec.Code, rec.Header().Get("Location"))
	}
	w.clock.advance(2 * time.Hour) // a hint may be expired
	for hint, want := range map[string]string{id: "", "": testWeb, "x.y.z": testWeb, damage(id): testWeb} {
		rec := a.get(logoutPath, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {testWeb}})
		if got := rec.Header().Get("Location"); got != want {
			t.Errorf("hint %.10q: sent to %q, want %q: it is registered with another application", hint, got, want)
		}
	}
}

func TestFrontChannelLogout(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	a.signIn("alice")
	sid := answer(t, a.get(authorizePath, freshRequest("client_id", testAPI))).Get("session_state")
	rec := a.do("POST", logoutPath, url.Values{"post_logout_redirect_uri": {testBack}, "state": {"s"}})
	frame := "https://api.example/frontchannel?a=b&iss=" + url.QueryEscape(w.issuerV2(testTenant)) + "&sid=" + sid
	wantPage(t, rec, http.StatusOK, `<iframe src="`+frame+`"`, `href="`+testBack+`?state=s"`)
	if !strings.Contains(rec.Body.String(), "<script>"+leaveScript+"</script>") {
		t.Error("the page's own script is not the one that its policy allows")
	}
	policy := rec.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "; frame-src https://api.example") || !strings.Contains(policy, "script-src "+sourceHash(leaveScript)) {
		t.Errorf("policy %q", policy)
	}
	if a.signedIn() {
		t.Error("the session is still there")
	}
	a.signIn("alice")
	if rec := a.get(logoutPath, url.Values{"post_logout_redirect_uri": {testBack}}); rec.Code != http.StatusFound {
		t.Errorf("the browser client has no front-channel URI: %d", rec.Code)
	}
}

func TestTokenV1(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	v1 := func(form url.Values) map[string]any {
		t.Helper()
		return decode(t, a.do("POST", "/"+testTenant+"/oauth2/token", form))
	}
	good := clientForm("scope", "", "resource", "https://communication.azure.com/")
	body := v1(good)
	if body["expires_in"] != "3600" || body["resource"] != "https://communication.azure.com/" || body["expires_on"] == "" || payloadOf(t, body["access_token"])["aud"] != "https://communication.azure.com/" {
		t.Errorf("%v", body)
	}
	if strings.Count(strings.Trim(body["expires_on"].(string), "0123456789"), "") != 1 {
		t.Errorf("expires_on %v", body["expires_on"])
	}
	obo := v1(oboForm(a.signIn("alice")["access_token"], "scope", "", "resource", "https://graph.microsoft.com"))
	if obo["scope"] != "User.Read" || payloadOf(t, obo["access_token"])["aud"] != "https://graph.microsoft.com" {
		t.Errorf("%v", obo)
	}
	wantFailure(t, v1(plus(good, "resource", "")), 900144, "invalid_request", "")
	wantFailure(t, v1(plus(good, "grant_type", "")), 900144, "invalid_request", "")
	wantFailure(t, v1(plus(good, "grant_type", "refresh_token")), 70003, "unsupported_grant_type", "")
	wantFailure(t, v1(plus(good, "resource", "https://nowhere.example")), 500011, "invalid_resource", "")
	wantFailure(t, v1(plus(good, "client_secret", "x")), 7000215, "invalid_client", "")
}

func TestLoose(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	ask := func(pairs ...string) url.Values {
		return spaRequest(append([]string{"prompt", "none", "login_hint", "alice"}, pairs...)...)
	}
	requests := map[string]url.Values{
		"no PKCE": ask("code_challenge", "", "code_challenge_method", ""), "redirect": ask("redirect_uri", "https://[::1]:8443/x"), "client": ask("client_id", "my-app"),
	}
	for name, request := range requests {
		if rec := a.get(authorizePath, request); rec.Code == http.StatusFound && answer(t, rec).Get("code") != "" {
			t.Errorf("%s: strict takes it", name)
		}
	}
	wantFailure(t, a.token(clientForm("client_secret", "anything")), 7000215, "invalid_client", "")
	w.flow.loose = true
	t.Cleanup(func() { w.flow.loose = false })
	for name, request := range requests {
		rec := a.get(authorizePath, request)
		if answer(t, rec).Get("code") == "" {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Header().Get("Location"))
		}
	}
	if body := a.token(clientForm("client_secret", "anything")); body["access_token"] == nil {
		t.Errorf("any secret: %v", body)
	}
	code := answer(t, a.get(authorizePath, requests["client"])).Get("code")
	body := a.token(url.Values{"grant_type": {"authorization_code"}, "client_id": {"MY-APP"}, "code": {code}, "redirect_uri": {testBack}, "code_verifier": {flowVerifier}})
	if c := payloadOf(t, body["access_token"]); c["azp"] != "my-app" || c["scp"] != "access_as_user" {
		t.Errorf("%v", body)
	}
	if body := a.token(refreshForm(body["refresh_token"], "client_id", "my-app", "scope", "User.ReadWrite.All")); body["access_token"] == nil {
		t.Errorf("%v", body)
	}
	if err := w.AddApp(App{ID: oid("95"), Name: "added", Public: true, Exposes: &Resource{Scopes: []string{"added.scope"}}}); err != nil {
		t.Fatal(err)
	}
	if rec := a.get(authorizePath, ask("client_id", "my-app", "scope", "api://"+oid("95")+"/added.scope")); answer(t, rec).Get("code") == "" {
		t.Errorf("an API that was added: %d %s", rec.Code, rec.Header().Get("Location"))
	}
	for _, uri := range []string{"https://evil.example/", "javascript:alert(1)", "http://localhost@evil.example/", "http://localhost/#x"} {
		wantPage(t, a.get(authorizePath, ask("redirect_uri", uri)), http.StatusBadRequest, "AADSTS50011")
	}
	wantPage(t, a.get(authorizePath, ask("client_id", "<script>")), http.StatusBadRequest, "AADSTS700016")
	if _, err := w.Snapshot(); err != nil {
		t.Error(err)
	}
}
