package server_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
	"github.com/google/go-cmp/cmp"
)

const (
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	exchangeType  = "urn:ietf:params:oauth:token-type:access_token"
)

// exchangeForm is a good form; each change is a name and a value, where "" takes the parameter out.
func exchangeForm(token string, changes ...string) url.Values {
	f := url.Values{"grant_type": {exchangeGrant}, "subject_token": {token}, "subject_token_type": {exchangeType}}
	for i := 0; i < len(changes); i += 2 {
		f.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			f.Del(changes[i])
		}
	}
	return f
}

// exchange sends a form to the token endpoint.
func (w *world) exchange(body string, edits ...edit) answer {
	return w.do("POST", "/oauth2/token", body, append([]edit{header("Content-Type", "application/x-www-form-urlencoded")}, edits...)...)
}

// refused checks the error of an exchange: that of OAuth 2.0, and ours.
func (a answer) refused(t *testing.T, status int, oauth, code string) {
	t.Helper()
	o := a.object(t)
	if a.StatusCode != status || o["error"] != oauth || o["code"] != code || o["status"] != float64(status) || o["error_description"] == "" || o["error_uri"] != o["type"] {
		t.Errorf("status %d, want %d %s %s: %s", a.StatusCode, status, oauth, code, a.body)
	}
	if got := a.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
}

// TestTokenExchange: the same identity and the same kind of token as on the other routes.
func TestTokenExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		token := userClaims(aliceOID).sign(t)
		a := w.exchange(exchangeForm(token).Encode())
		a.is(t, 200, "")
		id := w.do("GET", "/api/user", "", w.alice()).object(t)["id"]
		want := map[string]any{"access_token": acsToken, "issued_token_type": exchangeType, "token_type": "Bearer", "expires_in": float64(3600),
			"scope": "chat voip.join", "endpoint": acsEndpoint, "user": map[string]any{"id": id, "communicationUserId": id, "rawId": id}}
		if diff := cmp.Diff(want, a.object(t)); diff != "" {
			t.Error(diff)
		}
		for _, good := range [][]string{
			{"scope", "chat"}, {"scope", " chat  voip.join "}, {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
			{"requested_token_type", exchangeType}, {"audience", acsEndpoint}, {"resource", strings.TrimSuffix(acsEndpoint, "/") + "/"},
			{"client_id", strings.ToUpper(clientID)}, {"unknown", "ignored"}, {"scope", ""},
		} {
			w.exchange(exchangeForm(token, good...).Encode()).is(t, 200, "")
		}
		narrowed := w.exchange(exchangeForm(token, "scope", "chat").Encode())
		if narrowed.object(t)["scope"] != "chat" {
			t.Errorf("%s", narrowed.body)
		}
		w.exchange(exchangeForm(token).Encode()+"&audience="+acsEndpoint+"&audience="+acsEndpoint).is(t, 200, "")
	})
}

// TestTokenExchangeRefusals: each wrong form has an error of OAuth 2.0 and one of ours.
func TestTokenExchangeRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		token := userClaims(aliceOID).sign(t)
		for _, c := range []struct {
			changes     []string
			status      int
			oauth, code string
		}{
			{[]string{"grant_type", ""}, 400, "invalid_request", "request_malformed"},
			{[]string{"grant_type", "client_credentials"}, 400, "unsupported_grant_type", "grant_unsupported"},
			{[]string{"subject_token", ""}, 400, "invalid_request", "request_malformed"},
			{[]string{"subject_token", "abc"}, 400, "invalid_request", "token_invalid"},
			{[]string{"subject_token", strings.Repeat("a", 16385)}, 400, "invalid_request", "token_too_large"},
			{[]string{"subject_token", userClaims(aliceOID).with("scp", "other").sign(t)}, 400, "invalid_request", "token_scope"},
			{[]string{"subject_token", userClaims(aliceOID).with("exp", time.Now().Add(-time.Hour).Unix()).sign(t)}, 400, "invalid_request", "token_expired"},
			{[]string{"subject_token", daemonClaims("Identities.Manage").sign(t)}, 400, "invalid_request", "token_app_only"},
			{[]string{"subject_token_type", ""}, 400, "invalid_request", "request_malformed"},
			{[]string{"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"}, 400, "invalid_request", "request_malformed"},
			{[]string{"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"}, 400, "invalid_request", "request_malformed"},
			{[]string{"actor_token", "x"}, 400, "invalid_request", "request_malformed"},
			{[]string{"audience", "https://other.communication.azure.com"}, 400, "invalid_target", "target_invalid"},
			{[]string{"resource", "https://graph.microsoft.com"}, 400, "invalid_target", "target_invalid"},
			{[]string{"client_id", daemonID}, 400, "invalid_client", "client_invalid"},
			{[]string{"client_secret", "s"}, 401, "invalid_client", "client_authentication"},
			{[]string{"client_assertion", "s"}, 401, "invalid_client", "client_authentication"},
			{[]string{"scope", "email"}, 400, "invalid_scope", "scope_invalid"},
			{[]string{"scope", "chat voip"}, 400, "invalid_scope", "scope_not_allowed"},
			{[]string{"scope", "\xff"}, 400, "invalid_request", "request_malformed"},
		} {
			a := w.exchange(exchangeForm(token, c.changes...).Encode())
			a.refused(t, c.status, c.oauth, c.code)
			if got := a.Header.Get("WWW-Authenticate"); got != "" {
				t.Errorf("%v: challenge %q", c.changes, got)
			}
		}
		good := exchangeForm(token).Encode()
		w.exchange(good+"&scope=chat&scope=voip.join").refused(t, 400, "invalid_request", "request_malformed")
		w.exchange(good+"&x=%zz").refused(t, 400, "invalid_request", "request_malformed")
		w.exchange(good+strings.Repeat("&x=1", 32)).refused(t, 400, "invalid_request", "request_malformed")
		w.exchange(good+"&x="+strings.Repeat("x", 32<<10)).refused(t, 413, "invalid_request", "body_too_large")
		w.do("POST", "/oauth2/token", "{}").refused(t, 415, "invalid_request", "media_type_unsupported")
		w.do("POST", "/oauth2/token?"+good, "", header("Content-Type", "application/x-www-form-urlencoded")).refused(t, 400, "invalid_request", "request_malformed")
		w.do("GET", "/oauth2/token", "").is(t, 405, "method_not_allowed")
		for value, challenge := range map[string]string{"Basic Og==": `Basic realm="acsauth"`, "Bearer x": `Bearer realm="acsauth"`} {
			a := w.exchange(good, header("Authorization", value))
			a.refused(t, 401, "invalid_client", "client_authentication")
			if got := a.Header.Get("WWW-Authenticate"); got != challenge {
				t.Errorf("%s: challenge %q", value, got)
			}
		}
	})
}

// TestTokenExchangeIsGuarded: policy and audit see it as getToken.
func TestTokenExchangeIsGuarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grant := policy.Decision{Allowed: true, Scopes: []acsauth.Scope{"chat"}, MaxLifetime: time.Hour}
		w, list := audited(t, func(o *serverOptions) {
			o.Policy = func(_ acsauth.Caller, op policy.Operation) policy.Decision {
				if op != policy.GetToken {
					t.Errorf("the policy is asked about %q", op)
				}
				return grant
			}
		})
		body := exchangeForm(userClaims(aliceOID).sign(t)).Encode()
		if a := w.exchange(body); a.object(t)["scope"] != "chat" {
			t.Errorf("%s", a.body)
		}
		grant = policy.Decision{Rule: "guests", Reason: "No guests."}
		w.exchange(body).refused(t, 400, "access_denied", "policy_denied")
		lines := list()
		if len(lines) != 2 || lines[0].Operation != "getToken" || lines[0].Token == "" || lines[1].Outcome != "refused" || lines[1].Status != 400 {
			t.Errorf("%+v", lines)
		}
	})
}

// TestAuthorizationMetadata: what discovery says is true.
func TestAuthorizationMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		o := w.do("GET", "/.well-known/oauth-authorization-server", "").object(t)
		u, err := url.Parse(o["token_endpoint"].(string))
		if err != nil || o["issuer"] != "https://auth.contoso.com" || u.Host != "auth.contoso.com" {
			t.Fatalf("%v %v", o, err)
		}
		grant := o["grant_types_supported"].([]any)[0].(string)
		w.do("POST", u.Path, exchangeForm(userClaims(aliceOID).sign(t), "grant_type", grant).Encode(), header("Content-Type", "application/x-www-form-urlencoded")).is(t, 200, "")
		pathed := newWorld(t, func(o *serverOptions) { o.PublicURL = "https://contoso.com/auth/" })
		pathed.handler = pathed.server.Handler() // the document names the plain path only
		if o := pathed.do("GET", "/.well-known/oauth-authorization-server/auth", "").object(t); o["token_endpoint"] != "https://contoso.com/auth/oauth2/token" {
			t.Error(o)
		}
	})
}

// exchangeScenarios has the token endpoint give each status that is documented for it.
func exchangeScenarios(t *testing.T, see func(op string, a answer)) {
	const op = "POST /oauth2/token"
	run := func(prepare func(*world, string), change ...string) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			if prepare != nil {
				prepare(w, "/getToken")
			}
			see(op, w.exchange(exchangeForm(userClaims(aliceOID).sign(t), change...).Encode()))
		})
	}
	upstream := func(status int, code string) func(*world, string) {
		return func(w *world, p string) { mapped(w, p); w.acs.failWith(status, code) }
	}
	run(nil)
	run(nil, "grant_type", "password")
	run(nil, "client_secret", "s")
	run(foreign)
	run(nil, "x", strings.Repeat("x", 32<<10))
	run(upstream(429, "TooManyRequests"))
	run(panics)
	run(upstream(401, "Denied"))
	run(breakUpstream(fmt.Errorf("inside-network")))
	run(breakUpstream(context.DeadlineExceeded))
	synctest.Test(t, func(t *testing.T) { see(op, newWorld(t, nil).do("POST", "/oauth2/token", "{}")) })
}
