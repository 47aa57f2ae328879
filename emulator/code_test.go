package emulator_test

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

func TestCodeFlow(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	answer := answerOf(t, b.pick(e, authorizeForm(), "alice"))
	if answer.Get("state") != "st+a/te=" || answer.Get("session_state") == "" {
		t.Errorf("answer %v", answer)
	}
	r := b.post(tokenURL(e), codeForm(answer.Get("code")), "Origin", "http://localhost:3000", "Client-Request-Id", "0a0b0c0d-0000-4000-8000-000000000001")
	body := r.json(t)
	if r.status != http.StatusOK || body["token_type"] != "Bearer" || body["refresh_token"] == "" {
		t.Fatalf("status %d: %v", r.status, body)
	}
	if r.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(r.header.Get("Cache-Control"), "no-store") ||
		r.header.Get("Client-Request-Id") != "0a0b0c0d-0000-4000-8000-000000000001" || r.header.Get("X-Ms-Request-Id") == "" {
		t.Errorf("headers %v", r.header)
	}
	for word := range strings.FieldsSeq(codeForm("").Get("scope")) {
		if !strings.Contains(" "+body["scope"].(string)+" ", " "+word+" ") {
			t.Errorf("scope %q lacks %s", body["scope"], word)
		}
	}
	if in := body["expires_in"].(float64); in < 3600 || in > 5400 || body["ext_expires_in"] != in {
		t.Errorf("expires_in %v", in)
	}
	info, err := base64.RawURLEncoding.DecodeString(body["client_info"].(string))
	if want := `{"uid":"` + emulator.AliceObjectID + `","utid":"` + emulator.TenantID + `"}`; err != nil || string(info) != want {
		t.Errorf("client_info %s, want %s", info, want)
	}

	access, id := body["access_token"].(string), body["id_token"].(string)
	jwks := e.Authority() + "/discovery/v2.0/keys"
	if !verify(t, jwks, access) || !verify(t, jwks, id) {
		t.Error("tokens do not verify")
	}
	_, claims := parts(t, access)
	wantClaims(t, claims, map[string]any{
		"iss": e.Issuer(), "aud": emulator.APIClientID, "azp": emulator.SPAClientID, "azpacr": "0", "scp": "access_as_user", "ver": "2.0",
		"oid": emulator.AliceObjectID, "tid": emulator.TenantID, "name": "Alice Adams", "preferred_username": "alice@acsauth.example",
		"acct": 0.0, "idp": nil, "appid": nil, "upn": nil, "nonce": nil,
	})
	_, idClaims := parts(t, id)
	wantClaims(t, idClaims, map[string]any{
		"iss": e.Issuer(), "aud": emulator.SPAClientID, "nonce": "n-1", "oid": emulator.AliceObjectID, "tid": emulator.TenantID,
		"ver": "2.0", "scp": nil, "sid": answer.Get("session_state"),
	})
	if claims["sub"] == idClaims["sub"] || claims["sub"] == "" {
		t.Error("sub has to differ between applications")
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != body["expires_in"] {
		t.Errorf("token lives %v s, answer says %v", life, body["expires_in"])
	}

	wantError(t, b.post(tokenURL(e), codeForm(answer.Get("code"))), 54005, "invalid_grant")
}

func TestGuest(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	body := b.post(tokenURL(e), codeForm(b.signIn(e, "gail"))).json(t)
	_, claims := parts(t, body["access_token"].(string))
	wantClaims(t, claims, map[string]any{
		"tid": emulator.TenantID, "oid": emulator.GailObjectID, "acct": 1.0, "idp": e.URL() + "/sts/" + emulator.OtherTenantID + "/",
	})
	info, err := base64.RawURLEncoding.DecodeString(body["client_info"].(string))
	if err != nil || !strings.Contains(string(info), emulator.OtherTenantID) {
		t.Errorf("client_info of a guest names the home tenant: %s", info)
	}
}

func TestResponseModes(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	form := with(authorizeForm(), "response_mode", "query", "redirect_uri", "http://127.0.0.1:9/cb?a=b")
	u, err := url.Parse(b.pick(e, form, "bob").header.Get("Location"))
	if err != nil || u.Query().Get("code") == "" || u.Query().Get("a") != "b" || u.Query().Get("state") != "st+a/te=" {
		t.Errorf("query: %v %v", u, err)
	}

	page := b.pick(e, with(authorizeForm(), "response_mode", "form_post", "prompt", "select_account", "state", `"><script>`), "bob")
	action := actionPattern.FindStringSubmatch(page.body)
	if action == nil || html.UnescapeString(action[1]) != redirectURI || !strings.Contains(page.body, `name="code"`) ||
		!strings.Contains(page.body, `name="state" value="&#34;&gt;&lt;script&gt;"`) {
		t.Errorf("form_post: %s", page.body)
	}
	wantPolicy(t, page, "form-action http://localhost:3000;")

	r := b.get(e.Authority() + "/oauth2/v2.0/authorize?" + with(authorizeForm(), "response_mode", "carrier_pigeon").Encode())
	if r.status != http.StatusBadRequest || !strings.Contains(r.body, "AADSTS70007") {
		t.Errorf("unknown mode: %d %s", r.status, r.body)
	}
}

// wantPolicy checks that a page's policy allows its own inline parts and contains a directive.
func wantPolicy(t *testing.T, r reply, directive string) {
	t.Helper()
	policy := r.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || !strings.Contains(policy, directive) {
		t.Errorf("policy %q lacks %q", policy, directive)
	}
	for _, m := range regexp.MustCompile(`(?s)<(style|script)>(.*?)</`).FindAllStringSubmatch(r.body, -1) {
		if !strings.Contains(policy, m[1]+"-src 'sha256-"+base64.StdEncoding.EncodeToString(hash(m[2]))+"'") {
			t.Errorf("policy %q does not allow the page's own %s", policy, m[1])
		}
	}
}

func TestPickerPage(t *testing.T) {
	e := shared()
	r := newBrowser(t).get(e.Authority() + "/oauth2/v2.0/authorize?" + with(authorizeForm(), "login_hint", "Carol@acsauth.example").Encode())
	wantPolicy(t, r, "form-action 'self' http://localhost:3000;")
	for _, want := range []string{`<html lang="en">`, "<h1>", "<legend>", `value="carol" autofocus`, "gail_fabrikam.example#EXT#@acsauth.example", `value="cancel"`} {
		if !strings.Contains(r.body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if strings.Contains(r.body, "http://") || strings.Contains(strings.TrimPrefix(r.body, "<!doctype"), "//cdn") {
		t.Error("page names an outside resource")
	}
	if r.header.Get("X-Frame-Options") != "DENY" {
		t.Error("page may be framed")
	}
}

func TestPickerForm(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	login := e.Authority() + "/login?" + authorizeForm().Encode()
	answer := answerOf(t, b.post(login, url.Values{"action": {"cancel"}}))
	if answer.Get("error") != "access_denied" || !strings.Contains(answer.Get("error_description"), "AADSTS65004") || answer.Get("state") != "st+a/te=" {
		t.Errorf("cancel: %v", answer)
	}
	if r := b.post(login, url.Values{"user": {"alice"}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); r.status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", r.status)
	}
	if r := b.post(login, url.Values{"user": {"mallory"}}); r.status != http.StatusBadRequest || !strings.Contains(r.body, "AADSTS50034") {
		t.Errorf("unknown user: %d", r.status)
	}
	if r := b.post(e.Authority()+"/login?"+with(authorizeForm(), "redirect_uri", "https://evil.example/").Encode(), url.Values{"user": {"alice"}}); r.header.Get("Location") != "" {
		t.Errorf("the form's query has to be checked again: %v", r.header)
	}
}

// Errors before the redirect URI is known to be good are pages; those after go to the redirect URI.
func TestAuthorizeRefusals(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	pages := []struct{ name, value, code string }{
		{"client_id", "", "900144"}, {"client_id", emulator.OtherTenantID, "700016"},
		{"redirect_uri", "", "900144"}, {"redirect_uri", "https://localhost:3000/", "50011"}, {"redirect_uri", "http://localhost.evil.example/", "50011"},
		{"redirect_uri", "http://a@localhost/", "50011"}, {"redirect_uri", "http://localhost/#x", "50011"}, {"redirect_uri", emulator.APIRedirectURI + `\@evil`, "50011"},
		{"redirect_uri", "javascript:alert(1)", "50011"},
	}
	for _, tt := range pages {
		r := b.get(e.Authority() + "/oauth2/v2.0/authorize?" + with(authorizeForm(), tt.name, tt.value).Encode())
		if r.status != http.StatusBadRequest || r.header.Get("Location") != "" || !strings.Contains(r.body, "AADSTS"+tt.code+":") {
			t.Errorf("%s=%q: status %d, want AADSTS%s: %s", tt.name, tt.value, r.status, tt.code, r.body)
		}
	}
	redirects := []struct{ name, value, code, oauth string }{
		{"response_type", "", "900144", "invalid_request"}, {"response_type", "token", "70005", "unsupported_response_type"},
		{"scope", "", "900144", "invalid_request"}, {"scope", "api://nobody/x", "500011", "invalid_resource"},
		{"scope", emulator.AppIDURI + "/nothing", "70011", "invalid_scope"}, {"scope", apiScope + " " + emulator.AppIDURI + "/.default", "70011", "invalid_scope"},
		{"scope", strings.Repeat("openid ", 65), "70011", "invalid_scope"},
		{"scope", "User.ReadWrite.All", "65001", "consent_required"}, {"scope", "https://communication.azure.com//.default", "650057", "invalid_resource"},
		{"prompt", "dance", "90023", "invalid_request"}, {"prompt", "none", "50058", "login_required"},
		{"code_challenge", "", "9002325", "invalid_request"}, {"code_challenge", "short", "50147", "invalid_request"},
		{"code_challenge_method", "plain", "9002325", "invalid_request"}, {"code_challenge_method", "", "9002325", "invalid_request"},
	}
	for _, tt := range redirects {
		answer := answerOf(t, b.get(e.Authority()+"/oauth2/v2.0/authorize?"+with(authorizeForm(), tt.name, tt.value).Encode()))
		if answer.Get("error") != tt.oauth || !strings.HasPrefix(answer.Get("error_description"), "AADSTS"+tt.code+":") || answer.Get("state") != "st+a/te=" {
			t.Errorf("%s=%q: want AADSTS%s %s, got %v", tt.name, tt.value, tt.code, tt.oauth, answer)
		}
	}
	if r := b.get(e.Authority() + "/oauth2/v2.0/authorize?" + authorizeForm().Encode() + "&redirect_uri=http%3A%2F%2Flocalhost"); !strings.Contains(r.body, "AADSTS90100") {
		t.Error("a doubled parameter has to be refused")
	}
	if r := b.get(e.URL() + "/nowhere.example/oauth2/v2.0/authorize"); r.status != http.StatusBadRequest || !strings.Contains(r.body, "AADSTS90002") {
		t.Errorf("unknown tenant: %d", r.status)
	}
}

func TestCodeRefusals(t *testing.T) {
	clock := newClock()
	e := emulator.Start(t, emulator.Options{Now: clock.now})
	b := newBrowser(t)
	code := b.signIn(e, "alice")
	tests := []struct {
		name  string
		form  url.Values
		code  int
		oauth string
	}{
		{"no code", codeForm(""), 900144, "invalid_request"},
		{"no redirect", with(codeForm(code), "redirect_uri", ""), 900144, "invalid_request"},
		{"unknown code", codeForm("1.AaXYZ"), 9002313, "invalid_grant"},
		{"other redirect", with(codeForm(code), "redirect_uri", "http://localhost:3000/"), 500112, "invalid_grant"},
		{"other verifier", with(codeForm(code), "code_verifier", verifier+"x"), 501481, "invalid_grant"},
		{"no verifier", with(codeForm(code), "code_verifier", ""), 501481, "invalid_grant"},
		{"other client", with(codeForm(code), "client_id", emulator.APIClientID, "client_secret", emulator.APIClientSecret), 70000, "invalid_grant"},
		{"two resources", with(codeForm(code), "scope", apiScope+" User.Read"), 28000, "invalid_scope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, newBrowser(t).post(tokenURL(e), tt.form), tt.code, tt.oauth)
		})
	}
	clock.advance(10 * time.Minute)
	wantError(t, b.post(tokenURL(e), codeForm(code)), 70008, "invalid_grant")
	late := b.signIn(e, "alice")
	clock.advance(10*time.Minute - time.Second)
	if r := b.post(tokenURL(e), codeForm(late)); r.status != http.StatusOK {
		t.Errorf("refusals used the code up, or it ended too early: %s", r.body)
	}
}

// Consent for two resources at once is fine; the first one gets the token when the redemption names none.
func TestTwoResources(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	form := with(authorizeForm(), "scope", apiScope+" openid https://graph.microsoft.com/User.Read")
	code := answerOf(t, b.pick(e, form, "alice")).Get("code")
	body := b.post(tokenURL(e), with(codeForm(code), "scope", "")).json(t)
	_, claims := parts(t, body["access_token"].(string))
	wantClaims(t, claims, map[string]any{"aud": emulator.APIClientID, "scp": "access_as_user"})
	if body["id_token"] == nil || body["refresh_token"] != nil {
		t.Errorf("the scopes are those of the sign-in: %v", body["scope"])
	}
}

// Of many that redeem the same code at once, one gets tokens.
func TestCodeSingleUse(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	code := b.signIn(e, "alice")
	var wg sync.WaitGroup
	status := make([]int, 16)
	for i := range status {
		wg.Go(func() {
			resp, err := http.PostForm(tokenURL(e), codeForm(code))
			if err == nil {
				status[i] = resp.StatusCode
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	good := 0
	for _, s := range status {
		if s == http.StatusOK {
			good++
		} else if s != http.StatusBadRequest {
			t.Errorf("status %d", s)
		}
	}
	if good != 1 {
		t.Errorf("%d redeemed the code, want 1", good)
	}
}

// A confidential client may do without PKCE and may use the plain method.
func TestConfidentialCode(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	base := with(authorizeForm(), "client_id", emulator.APIClientID, "redirect_uri", emulator.APIRedirectURI, "scope", "openid User.Read",
		"response_mode", "query", "code_challenge", "", "code_challenge_method", "")
	redeem := with(codeForm("x"), "client_id", emulator.APIClientID, "client_secret", emulator.APIClientSecret, "redirect_uri", emulator.APIRedirectURI,
		"scope", "", "code_verifier", "")
	for _, tt := range []struct{ challenge, verifier string }{{"", ""}, {verifier, verifier}} {
		form := with(base, "prompt", "login")
		if tt.challenge != "" {
			form = with(form, "code_challenge", tt.challenge, "code_challenge_method", "plain")
		}
		u, err := url.Parse(b.pick(e, form, "bob").header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		r := b.post(tokenURL(e), with(redeem, "code", u.Query().Get("code"), "code_verifier", tt.verifier))
		body := r.json(t)
		if r.status != http.StatusOK || body["refresh_token"] != nil || body["id_token"] == nil {
			t.Fatalf("%d %s", r.status, r.body)
		}
		_, claims := parts(t, body["access_token"].(string))
		wantClaims(t, claims, map[string]any{"aud": "https://graph.microsoft.com", "appid": emulator.APIClientID, "appidacr": "1"})
	}
}
