package entra

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

func (w world) workloadToken(t *testing.T, subject, audience string, lifetime time.Duration) string {
	t.Helper()
	token, err := w.WorkloadToken(subject, audience, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestWorkloadFederation(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	good := w.workloadToken(t, WorkloadSubject, ExchangeAudience, time.Hour)
	body := a.token(assertionForm(good))
	if c := payloadOf(t, body["access_token"]); c["appid"] != testAPI || c["appidacr"] != "2" {
		t.Fatalf("%v", body)
	}
	short := w.workloadToken(t, WorkloadSubject, ExchangeAudience, time.Second)
	w.clock.advance(time.Second)
	key, err := w.flow.workload.get()
	if err != nil {
		t.Fatal(err)
	}
	now := w.now().Unix()
	signed := func(issuer string) string {
		return clientAssertion{map[string]any{"alg": "RS256", "kid": key.kid},
			map[string]any{"iss": issuer, "sub": WorkloadSubject, "aud": ExchangeAudience, "exp": now + 60}}.sign(t, key.key)
	}
	for _, tt := range []struct {
		name  string
		token string
		code  int
	}{
		{"subject", w.workloadToken(t, WorkloadSubject+"s", ExchangeAudience, time.Hour), 700213},
		{"subject in other case", w.workloadToken(t, strings.ToUpper(WorkloadSubject), ExchangeAudience, time.Hour), 700213},
		{"audience", w.workloadToken(t, WorkloadSubject, "api://somebody", time.Hour), 700212},
		{"issuer", signed("https://token.actions.example"), 700211},
		{"issuer with a slash", signed(w.workloadIssuer() + "/"), 700211},
		{"entra does not sign with that key", signed(w.issuerV2(testTenant)), 700027},
		{"expired", short, 700024},
		{"signature", damage(good), 700027},
		{"malformed", "a.b.c", 700027},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantFailure(t, a.token(assertionForm(tt.token)), tt.code, "invalid_client", "")
		})
	}
	wantFailure(t, a.token(assertionForm(good, "client_id", testFresh)), 700211, "invalid_client", "")
	if body := a.token(assertionForm(signed(w.workloadIssuer()))); body["access_token"] == nil {
		t.Errorf("aud as a string: %v", body)
	}
}

// A registration may trust other issuers, but nobody reads their keys here.
func TestForeignIssuer(t *testing.T) {
	w := newWorld(t)
	app := *w.dir.app(testAPI)
	app.Federated = []Federated{{"https://token.actions.example", "repo:x", ExchangeAudience}}
	a, ok := parseAssertion(clientAssertion{map[string]any{"alg": "RS256"}, map[string]any{"iss": "https://token.actions.example"}}.sign(t, w.keys.current().key))
	if e := w.checkFederated(&app, a, ""); !ok || e == nil || e.Code != 50166 {
		t.Errorf("%v", e)
	}
}

func TestWorkloadIssuer(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	meta := decode(t, a.get("/workload/.well-known/openid-configuration", nil))
	token := w.workloadToken(t, "system:serviceaccount:ns:name", "x", time.Hour)
	c := payloadOf(t, token)
	if meta["issuer"] != testBase+"/workload" || c["iss"] != meta["issuer"] || c["kubernetes.io"] == nil {
		t.Errorf("%v %v", meta, c)
	}
	u, err := url.Parse(meta["jwks_uri"].(string))
	if err != nil {
		t.Fatal(err)
	}
	keys := decode(t, a.get(u.Path, nil))["keys"].([]any)
	var h header
	if err := decodeSegment(strings.Split(token, ".")[0], &h); err != nil || len(keys) != 1 || keys[0].(map[string]any)["kid"] != h.Kid || h.Kid == "" {
		t.Errorf("%v, kid %q", keys, h.Kid)
	}
	if _, err := w.Verify(token); err == nil {
		t.Error("a workload token is no token of Entra")
	}
	for _, lifetime := range []time.Duration{0, -time.Hour, 25 * time.Hour} {
		if _, err := w.WorkloadToken("s", "a", lifetime); err == nil {
			t.Errorf("lifetime %v", lifetime)
		}
	}
	if _, err := w.WorkloadToken("", "a", time.Hour); err == nil {
		t.Error("no subject")
	}
}

func TestManagedIdentity(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	imds := func(query url.Values, header ...string) map[string]any {
		t.Helper()
		return decode(t, a.do("GET", "/metadata/identity/oauth2/token?"+query.Encode(), nil, header...))
	}
	query := url.Values{"api-version": {"2018-02-01"}, "resource": {ExchangeAudience}}
	body := imds(query, "Metadata", "true")
	c := payloadOf(t, body["access_token"])
	if c["iss"] != w.issuerV2(testTenant) || c["sub"] != ManagedIdentityObjectID || c["aud"] != exchangeID || body["expires_in"] != "3600" || body["token_type"] != "Bearer" {
		t.Fatalf("%v %v", body, c)
	}
	if out := a.token(assertionForm(body["access_token"].(string))); payloadOf(t, out["access_token"])["appid"] != testAPI {
		t.Errorf("%v", out)
	}
	for resource, aud := range map[string]string{"https://communication.azure.com": "https://communication.azure.com", "https://graph.microsoft.com/": "https://graph.microsoft.com/"} {
		c := payloadOf(t, imds(plus(query, "resource", resource), "Metadata", "true")["access_token"])
		if c["aud"] != aud || c["appid"] != ManagedIdentityClientID || c["idtyp"] != "app" || c["xms_mirid"] != ManagedIdentityResourceID {
			t.Errorf("%s: %v", resource, c)
		}
	}
	graph := imds(plus(query, "resource", "https://graph.microsoft.com"), "Metadata", "true")["access_token"].(string)
	wantFailure(t, a.token(assertionForm(graph)), 700211, "invalid_client", "")

	for name, tt := range map[string]struct {
		query  url.Values
		header []string
	}{
		"no header": {query, nil}, "proxy": {query, []string{"Metadata", "true", "X-Forwarded-For", "10.0.0.1"}},
		"no version": {plus(query, "api-version", ""), []string{"Metadata", "true"}}, "no resource": {plus(query, "resource", ""), []string{"Metadata", "true"}},
		"other identity": {plus(query, "client_id", testAPI), []string{"Metadata", "true"}},
	} {
		if got := imds(tt.query, tt.header...); got["error"] != "invalid_request" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := imds(plus(query, "resource", "https://nowhere.example"), "Metadata", "true"); got["error"] != "invalid_resource" {
		t.Errorf("%v", got)
	}
}

func TestAppServiceIdentity(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	expires := strconv.FormatInt(w.now().Add(time.Hour).Unix(), 10)
	good := url.Values{"api-version": {"2019-08-01"}, "resource": {"https://communication.azure.com"}, "client_id": {ManagedIdentityClientID}}
	for _, tt := range []struct {
		query  url.Values
		secret string
		status int
	}{
		{good, IdentityHeader, http.StatusOK}, {good, "guess", http.StatusUnauthorized}, {good, "", http.StatusUnauthorized},
		{plus(good, "api-version", "2017-09-01"), IdentityHeader, http.StatusBadRequest}, {plus(good, "resource", ""), IdentityHeader, http.StatusBadRequest},
		{plus(good, "client_id", testSPA), IdentityHeader, http.StatusBadRequest}, {plus(good, "resource", "https://nowhere.example"), IdentityHeader, http.StatusBadRequest},
	} {
		rec := a.do("GET", "/msi/token?"+tt.query.Encode(), nil, "X-IDENTITY-HEADER", tt.secret)
		body := decode(t, rec)
		if rec.Code != tt.status || tt.status == http.StatusOK && (body["expires_on"] != expires || body["expires_in"] != nil) {
			t.Errorf("%v: %d %v", tt.query, rec.Code, body)
		}
	}
}
