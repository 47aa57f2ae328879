package emulator_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// at is a tenant, or a policy of one, as a client sees it.
type at struct {
	path, client, scope string
}

var (
	commonAt   = at{"common", emulator.SPAClientID, apiScope}
	firstAt    = at{emulator.TenantID, emulator.SPAClientID, apiScope}
	otherAt    = at{emulator.OtherDomain, emulator.SPAClientID, apiScope}
	externalAt = at{emulator.ExternalTenantID, emulator.ExternalSPAClientID, emulator.ExternalAppIDURI + "/" + emulator.Scope}
	b2cAt      = at{emulator.B2CTenantID + "/" + emulator.B2CPolicy, emulator.B2CSPAClientID, emulator.B2CAppIDURI + "/" + emulator.Scope}
)

func (a at) url(e *emulator.Emulator, path string) string { return e.URL() + "/" + a.path + path }

func (a at) authorizeForm(pairs ...string) url.Values {
	return with(with(authorizeForm(), "client_id", a.client, "scope", a.scope+" openid profile offline_access"), pairs...)
}

// post redeems something at the tenant.
func (a at) post(b browser, e *emulator.Emulator, form url.Values) reply {
	b.t.Helper()
	return b.post(a.url(e, "/oauth2/v2.0/token"), form)
}

// login sends the form of the sign-in page.
func (a at) login(b browser, e *emulator.Emulator, user string) reply {
	b.t.Helper()
	return b.post(a.url(e, "/login?"+a.authorizeForm().Encode()), url.Values{"user": {user}})
}

// tokens signs a user in and redeems the code.
func (a at) tokens(b browser, e *emulator.Emulator, user string) map[string]any {
	b.t.Helper()
	code := answerOf(b.t, a.login(b, e, user)).Get("code")
	r := a.post(b, e, with(codeForm(code), "client_id", a.client, "scope", a.scope+" openid profile offline_access"))
	if r.status != http.StatusOK {
		b.t.Fatalf("%s at %s: %d %s", user, a.path, r.status, r.body)
	}
	return r.json(b.t)
}

func (a at) refreshForm(token any) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {a.client}, "refresh_token": {token.(string)}, "scope": {a.scope}}
}

func TestTenantsOfUsers(t *testing.T) {
	e := shared()
	sts := e.URL() + "/sts/" + emulator.OtherTenantID + "/"
	for _, tt := range []struct {
		name, user     string
		at             at
		tid, oid       string
		acct, idp      any
		uid            string // of client_info: the account at home
		utid, keysPath string
	}{
		{"member", "alice", firstAt, emulator.TenantID, emulator.AliceObjectID, 0.0, nil, emulator.AliceObjectID, emulator.TenantID, "/common"},
		{"member at common", "alice", commonAt, emulator.TenantID, emulator.AliceObjectID, 0.0, nil, emulator.AliceObjectID, emulator.TenantID, "/common"},
		{"other member at common", "fred@fabrikam.example", commonAt, emulator.OtherTenantID, emulator.FredObjectID, 0.0, nil, emulator.FredObjectID, emulator.OtherTenantID, "/organizations"},
		{"guest", "gail@fabrikam.example", firstAt, emulator.TenantID, emulator.GailObjectID, 1.0, sts, emulator.GailHomeObjectID, emulator.OtherTenantID, "/" + emulator.TenantID},
		{"guest at home", "gail", otherAt, emulator.OtherTenantID, emulator.GailHomeObjectID, 0.0, nil, emulator.GailHomeObjectID, emulator.OtherTenantID, "/" + emulator.OtherTenantID},
		{"guest at common", "gail", commonAt, emulator.OtherTenantID, emulator.GailHomeObjectID, 0.0, nil, emulator.GailHomeObjectID, emulator.OtherTenantID, "/common"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBrowser(t)
			body := tt.at.tokens(b, e, tt.user)
			for _, name := range []string{"access_token", "id_token"} {
				token := body[name].(string)
				_, claims := parts(t, token)
				wantClaims(t, claims, map[string]any{"tid": tt.tid, "oid": tt.oid, "idp": tt.idp, "ver": "2.0", "iss": e.URL() + "/" + tt.tid + "/v2.0"})
				if name == "access_token" && claims["acct"] != tt.acct {
					t.Errorf("acct %v, want %v", claims["acct"], tt.acct)
				}
				if !verify(t, e.URL()+tt.keysPath+"/discovery/v2.0/keys", token) {
					t.Errorf("%s does not verify with the keys of %s", name, tt.keysPath)
				}
			}
			info, err := base64.RawURLEncoding.DecodeString(body["client_info"].(string))
			if want := `{"uid":"` + tt.uid + `","utid":"` + tt.utid + `"}`; err != nil || string(info) != want {
				t.Errorf("client_info %s, want %s", info, want)
			}
		})
	}
}

// One refresh token serves a person in each tenant where the person has an account.
func TestRefreshInAnotherTenant(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	gail := commonAt.tokens(b, e, "gail")["refresh_token"]
	for _, tt := range []struct {
		at  at
		oid string
	}{{firstAt, emulator.GailObjectID}, {otherAt, emulator.GailHomeObjectID}, {commonAt, emulator.GailHomeObjectID}} {
		_, claims := parts(t, tt.at.post(b, e, tt.at.refreshForm(gail)).json(t)["access_token"].(string))
		wantClaims(t, claims, map[string]any{"oid": tt.oid})
	}
	wantError(t, firstAt.post(b, e, firstAt.refreshForm(commonAt.tokens(b, e, "fred")["refresh_token"])), 50020, "invalid_grant")
}

func TestTenantRefusals(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	daemon := daemonForm(emulator.AppIDURI + "/.default")
	wantError(t, otherAt.post(b, e, daemon), 700016, "unauthorized_client")
	wantError(t, externalAt.post(b, e, codeForm("x")), 700016, "unauthorized_client")
	wantError(t, commonAt.post(b, e, with(oboForm("x", "User.Read"), "client_id", emulator.DaemonClientID, "client_secret", emulator.DaemonClientSecret)), 50194, "invalid_request")
	wantError(t, firstAt.post(b, e, daemonForm(emulator.ExternalAppIDURI+"/.default")), 500011, "invalid_resource")

	code := answerOf(t, commonAt.login(b, e, "alice")).Get("code")
	wantError(t, firstAt.post(b, e, codeForm(code)), 700005, "invalid_grant")

	for _, tt := range []struct {
		name, user, code string
		at               at
	}{
		{"no guest", "fred", "AADSTS50020", firstAt},
		{"no guest the other way round", "alice", "AADSTS50020", otherAt},
		{"customer at common", "cora", "AADSTS50020", commonAt},
		{"employee at External ID", "alice", "AADSTS50020", externalAt},
		{"nobody", "mallory", "AADSTS50034", otherAt},
		{"client of another tenant", "cora", "AADSTS700016", at{emulator.ExternalTenantID, emulator.SPAClientID, apiScope}},
		{"single-tenant client at common", "alice", "AADSTS50194", at{"organizations", emulator.ExternalSPAClientID, externalAt.scope}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.at.login(newBrowser(t), e, tt.user)
			if r.status != http.StatusBadRequest || !strings.Contains(r.body, tt.code) {
				t.Errorf("status %d, want %s: %s", r.status, tt.code, r.body)
			}
		})
	}
}

// A session is one person's: it counts where the person has an account, and nowhere else.
func TestSessionAcrossTenants(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	answerOf(t, otherAt.login(b, e, "fred"))
	silent := func(a at) url.Values {
		return answerOf(t, b.get(a.url(e, "/oauth2/v2.0/authorize?"+a.authorizeForm("prompt", "none").Encode())))
	}
	if answer := silent(commonAt); answer.Get("code") == "" {
		t.Errorf("fred at common: %v", answer)
	}
	if answer := silent(firstAt); answer.Get("error") != "login_required" {
		t.Errorf("fred in a tenant without him: %v", answer)
	}
	answerOf(t, b2cAt.login(b, e, "bea"))
	answerOf(t, externalAt.login(b, e, "cora"))
	for _, a := range []at{otherAt, b2cAt, externalAt} {
		if answer := silent(a); answer.Get("code") == "" {
			t.Errorf("the sessions of External ID and B2C are others: %v", answer)
		}
	}
	page := b.get(firstAt.url(e, "/oauth2/v2.0/authorize?"+firstAt.authorizeForm().Encode()))
	if page.status != http.StatusOK || strings.Contains(page.body, `value="fred"`) || !strings.Contains(page.body, `value="alice"`) {
		t.Errorf("the page of the first tenant lists its own users: %d %s", page.status, page.body)
	}
}

// An assertion belongs to the tenant that issued it.
func TestOnBehalfOfAcrossTenants(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	fred := mint(t, e, emulator.TokenRequest{User: "fred"})
	_, claims := parts(t, otherAt.post(b, e, oboForm(fred, "User.Read")).json(t)["access_token"].(string))
	wantClaims(t, claims, map[string]any{"tid": emulator.OtherTenantID, "oid": emulator.FredObjectID, "iss": e.URL() + "/sts/" + emulator.OtherTenantID + "/"})
	wantError(t, firstAt.post(b, e, oboForm(fred, "User.Read")), 50020, "invalid_grant")
	wantError(t, otherAt.post(b, e, oboForm(mint(t, e, emulator.TokenRequest{Flaw: emulator.FlawTenant}), "User.Read")), 50013, "invalid_grant")
	home := mint(t, e, emulator.TokenRequest{User: "gail", Tenant: emulator.OtherTenantID})
	_, claims = parts(t, home)
	wantClaims(t, claims, map[string]any{"oid": emulator.GailHomeObjectID, "tid": emulator.OtherTenantID})
}

// A service principal is another one in each tenant.
func TestDaemonOfAnotherTenant(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	form := with(daemonForm("https://graph.microsoft.com/.default"), "client_id", emulator.APIClientID, "client_secret", emulator.APIClientSecret)
	oids := map[any]bool{}
	for _, a := range []at{firstAt, otherAt} {
		_, claims := parts(t, a.post(b, e, form).json(t)["access_token"].(string))
		oids[claims["oid"]] = true
	}
	if len(oids) != 2 {
		t.Errorf("object ids %v", oids)
	}
}

// An ACS resource is managed by applications and users of its own tenant.
func TestResourceOfAnotherTenant(t *testing.T) {
	e := shared()
	for tenant, want := range map[string]int{emulator.TenantID: http.StatusCreated, emulator.OtherTenantID: http.StatusUnauthorized} {
		for _, appOnly := range []bool{false, true} {
			token := mint(t, e, emulator.TokenRequest{Tenant: tenant, Client: emulator.APIClientID, Audience: "https://communication.azure.com", AppOnly: appOnly})
			r := newBrowser(t).send("POST", e.URL()+"/identities?api-version=2023-10-01", "{}", "Authorization", "Bearer "+token)
			if r.status != want {
				t.Errorf("tenant %s, app only %v: %d %s", tenant, appOnly, r.status, r.body)
			}
		}
	}
}
