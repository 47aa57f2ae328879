package entra

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const stepUpChallenge = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`

func (w world) obstruct(t *testing.T, o Obstacle) {
	t.Helper()
	if err := w.SetObstacle(o); err != nil {
		t.Fatal(err)
	}
}

// The round trip of step-up authentication: OBO is refused with a claims challenge, the client signs in with it, OBO passes.
func TestStepUp(t *testing.T) {
	for name, challenge := range map[string]string{"acrs": stepUpChallenge, "policy": ""} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.agent(t)
			first := a.signIn("alice")
			w.obstruct(t, Obstacle{Code: 50079, Claims: challenge})
			refused := a.token(oboForm(first["access_token"]))
			wantFailure(t, refused, 50079, "interaction_required", "basic_action")
			claims, _ := refused["claims"].(string)
			if challenge != "" && claims != challenge || challenge == "" && claims != policyChallenge {
				t.Fatalf("claims %q", claims)
			}
			wantFailure(t, a.token(refreshForm(first["refresh_token"], "claims", claims)), 50076, "interaction_required", "basic_action")
			if got := answer(t, a.get(authorizePath, spaRequest("prompt", "none", "claims", claims))); got.Get("error") != "interaction_required" || got.Get("claims") != claims {
				t.Fatalf("silent: %v", got)
			}
			page := a.get(authorizePath, spaRequest("claims", claims))
			wantPage(t, page, http.StatusOK, "Verify your identity")
			second := a.redeem(a.press(page, "action", "approve"), testSPA)
			c := payloadOf(t, second["access_token"])
			if acrs, _ := c["acrs"].([]any); name == "acrs" && (len(acrs) != 1 || acrs[0] != "c1") {
				t.Errorf("acrs %v", c["acrs"])
			}
			if body := a.token(oboForm(second["access_token"])); body["access_token"] == nil {
				t.Errorf("the challenge was answered: %v", body)
			}
			if body := a.token(refreshForm(second["refresh_token"], "claims", claims)); payloadOf(t, body["access_token"]) == nil {
				t.Errorf("%v", body)
			}
			if got := answer(t, a.get(authorizePath, spaRequest("prompt", "none", "claims", claims))); got.Get("code") == "" {
				t.Errorf("the session has answered it: %v", got)
			}
			wantFailure(t, a.token(oboForm(first["access_token"])), 50079, "interaction_required", "basic_action")
		})
	}
}

// Each code has its class, and meets the grants that were named only.
func TestObstacleCodes(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	tokens := a.signIn("alice")
	want := map[int][2]string{
		50057: {"invalid_grant", ""}, 50072: {"interaction_required", "basic_action"}, 50074: {"interaction_required", "basic_action"},
		50076: {"interaction_required", "basic_action"}, 50078: {"interaction_required", "basic_action"}, 50079: {"interaction_required", "basic_action"},
		50105: {"invalid_grant", ""}, 50158: {"interaction_required", "basic_action"}, 50173: {"invalid_grant", "bad_token"}, 50196: {"invalid_grant", ""},
		53000: {"interaction_required", "message_only"}, 53003: {"interaction_required", "message_only"}, 65001: {"invalid_grant", "consent_required"},
		65004: {"access_denied", ""}, 70043: {"invalid_grant", "bad_token"}, 90033: {"temporarily_unavailable", ""}, 90094: {"access_denied", ""}, 90095: {"access_denied", ""},
	}
	if len(want) != len(ObstacleCodes()) {
		t.Errorf("codes %v", ObstacleCodes())
	}
	for _, code := range ObstacleCodes() {
		w.obstruct(t, Obstacle{Code: code, Grants: []string{"refresh_token", "on_behalf_of"}})
		refused := a.token(refreshForm(tokens["refresh_token"]))
		wantFailure(t, refused, code, want[code][0], want[code][1])
		if _, has := refused["claims"]; has != obstacleKinds[code].claims {
			t.Errorf("%d: claims %v", code, refused["claims"])
		}
		wantFailure(t, a.token(oboForm(tokens["access_token"])), code, want[code][0], want[code][1])
		if body := a.token(clientForm()); body["access_token"] == nil {
			t.Errorf("%d meets client_credentials, too: %v", code, body)
		}
	}
	rec := func() int {
		w.obstruct(t, Obstacle{Code: 90033, Grants: []string{"client_credentials"}})
		r := a.do("POST", "/"+testTenant+"/oauth2/v2.0/token", clientForm())
		if r.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", r.Header().Get("Retry-After"))
		}
		return r.Code
	}()
	if rec != http.StatusServiceUnavailable {
		t.Errorf("transient: %d", rec)
	}
	w.obstruct(t, Obstacle{Code: 53003, Grants: []string{"client_credentials"}})
	wantFailure(t, a.token(clientForm()), 53003, "invalid_grant", "message_only")
}

// At the authorize endpoint a silent request gets the error, and a person gets a page.
func TestObstacleAtAuthorize(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	a.signIn("alice")
	tests := []struct {
		code   int
		silent string
		page   string
	}{
		{50057, "invalid_grant", "AADSTS50057"}, {50105, "invalid_grant", "AADSTS50105"}, {53003, "interaction_required", "AADSTS53003"},
		{90095, "access_denied", "Need admin approval"}, {50076, "interaction_required", "Verify your identity"},
		{70043, "invalid_grant", "Verify your identity"}, {65001, "consent_required", "Permissions requested"},
	}
	for _, tt := range tests {
		w.obstruct(t, Obstacle{Code: tt.code, Grants: []string{"authorize"}})
		got := answer(t, a.get(authorizePath, spaRequest("prompt", "none")))
		if got.Get("error") != tt.silent || !strings.HasPrefix(got.Get("error_description"), "AADSTS") {
			t.Errorf("%d silent: %v", tt.code, got)
		}
		status := http.StatusBadRequest
		if obstacleKinds[tt.code].remedy != noRemedy {
			status = http.StatusOK
		}
		page := a.get(authorizePath, spaRequest())
		wantPage(t, page, status, tt.page)
		if status == http.StatusBadRequest {
			if got := answer(t, a.press(page, "action", "cancel")); got.Get("error") != "access_denied" {
				t.Errorf("%d back: %v", tt.code, got)
			}
			continue
		}
		action := "approve"
		if tt.code == 65001 {
			action = "accept"
		}
		a.redeem(a.press(page, "action", action), testSPA)
		if got := answer(t, a.get(authorizePath, spaRequest("prompt", "none"))); got.Get("code") == "" {
			t.Errorf("%d was answered: %v", tt.code, got)
		}
	}
	w.obstruct(t, Obstacle{Code: 90033, Grants: []string{"authorize"}})
	wantPage(t, a.get(authorizePath, spaRequest()), http.StatusServiceUnavailable, "AADSTS90033")
	w.obstruct(t, Obstacle{Code: 65004, Grants: []string{"authorize"}})
	if got := answer(t, a.get(authorizePath, spaRequest())); got.Get("error") != "access_denied" {
		t.Errorf("declined: %v", got)
	}
}

// A withdrawn consent comes back when the user consents again to the application that lost it.
func TestConsentWithdrawn(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	tokens := a.signIn("alice")
	w.obstruct(t, Obstacle{ConsentWithdrawn: true, Grants: []string{"on_behalf_of", "authorize"}})
	wantFailure(t, a.token(oboForm(tokens["access_token"])), 65001, "invalid_grant", "consent_required")
	page := a.get(authorizePath, freshRequest("client_id", testAPI))
	wantPage(t, page, http.StatusOK, "API would like to:")
	if got := answer(t, a.press(page, "action", "accept")); got.Get("code") == "" {
		t.Fatalf("%v", got)
	}
	if body := a.token(oboForm(tokens["access_token"])); body["access_token"] == nil {
		t.Errorf("%v", body)
	}
}

func TestObstacleBounds(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	alice, bob := a.signIn("alice"), w.agent(t).signIn("bob")
	w.obstruct(t, Obstacle{Code: 50057, User: "bob@test.example", Times: 2})
	if body := a.token(oboForm(alice["access_token"])); body["access_token"] == nil {
		t.Errorf("it is bob's: %v", body)
	}
	for range 2 {
		wantFailure(t, a.token(oboForm(bob["access_token"])), 50057, "invalid_grant", "")
	}
	if body := a.token(oboForm(bob["access_token"])); body["access_token"] == nil || !w.Obstacle().nothing() {
		t.Errorf("it has been met twice: %v", body)
	}
	for name, o := range map[string]Obstacle{
		"code": {Code: 12345}, "two things": {ConsentWithdrawn: true, Code: 50076}, "claims": {Claims: "{"}, "grant": {Code: 50076, Grants: []string{"password"}},
		"user": {Code: 50076, User: "mallory"}, "times": {Code: 50076, Times: -1}, "more times": {Code: 50076, Times: 10_001},
		"long claims": {Claims: `{"a":"` + strings.Repeat("x", maxClaims) + `"}`},
	} {
		if err := w.SetObstacle(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	w.obstruct(t, Obstacle{Code: 50076, Grants: []string{"authorization_code", "device_code"}})
	code := answer(t, a.get(authorizePath, spaRequest())).Get("code")
	wantFailure(t, a.token(url.Values{"grant_type": {"authorization_code"}, "client_id": {testSPA}, "code": {code}, "redirect_uri": {testBack},
		"code_verifier": {flowVerifier}}), 50076, "interaction_required", "basic_action")
	user, poll := a.startDevice()
	a.do("POST", "/devicelogin", url.Values{"otc": {user}, "user": {"alice"}})
	wantFailure(t, a.token(poll), 50076, "interaction_required", "basic_action")
	w.obstruct(t, Obstacle{})
	if body := a.token(poll); body["access_token"] == nil {
		t.Errorf("%v", body)
	}
}

func TestChallengeRefusals(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	tokens := a.signIn("alice")
	for _, claims := range []string{"{", `[]`, `{"access_token":[]}`, `{"access_token":{"acrs":{"values":["` + strings.Repeat(`a","`, maxDemands) + `b"]}}}`, `{"access_token":{"acrs":{"value":"` + strings.Repeat("x", maxClaims) + `"}}}`} {
		if got := answer(t, a.get(authorizePath, spaRequest("claims", claims))); got.Get("error") != "invalid_request" {
			t.Errorf("%.30s: %v", claims, got)
		}
		wantFailure(t, a.token(refreshForm(tokens["refresh_token"], "claims", claims)), 90023, "invalid_request", "")
	}
	for _, harmless := range []string{`{"id_token":{"login_hint":null}}`, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`, `{"access_token":{"nbf":{"essential":true,"value":"1893553445"}}}`} {
		if got := answer(t, a.get(authorizePath, spaRequest("claims", harmless, "prompt", "none"))); got.Get("code") == "" {
			t.Errorf("%s: %v", harmless, got)
		}
	}
}

// A demand for a newer token is met by the next sign-in, even a silent one, and by a refresh.
func TestDemandForNewerToken(t *testing.T) {
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1893553445"}}}`
	w := newWorld(t)
	a := w.agent(t)
	old := a.signIn("alice")
	w.obstruct(t, Obstacle{Claims: claims})
	wantFailure(t, a.token(oboForm(old["access_token"])), 50076, "interaction_required", "basic_action")
	fresh := a.token(refreshForm(old["refresh_token"], "claims", claims))
	if body := a.token(oboForm(fresh["access_token"])); body["access_token"] == nil {
		t.Errorf("after a refresh: %v", body)
	}
	code := a.get(authorizePath, spaRequest("claims", claims, "prompt", "none"))
	if body := a.token(oboForm(a.redeem(code, testSPA)["access_token"])); body["access_token"] == nil {
		t.Errorf("after a silent sign-in: %v", body)
	}
}
