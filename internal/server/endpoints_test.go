package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/server"
	"github.com/google/go-cmp/cmp"
)

func TestUserResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.do("GET", "/api/user", "", w.alice()).is(t, 404, "identity_not_found")
		first := w.do("POST", "/api/user", "", w.alice())
		first.is(t, 201, "")
		id := first.object(t)["acsUserIdentity"]
		want := map[string]any{"acsUserIdentity": id, "id": id, "communicationUserId": id, "rawId": id}
		for _, a := range []answer{first, w.do("POST", "/api/user", "{}", w.alice()), w.do("GET", "/api/user", "", w.alice()), w.do("GET", "/getUser", "", w.alice())} {
			if diff := cmp.Diff(want, a.object(t)); diff != "" {
				t.Error(diff)
			}
		}
		if bob := w.do("POST", "/getUser", "", w.bearer(userClaims(bobOID))); bob.StatusCode != 201 || bob.object(t)["id"] == id {
			t.Errorf("bob got %d %s", bob.StatusCode, bob.body)
		}
		w.do("DELETE", "/api/user", "", w.alice()).is(t, 204, "")
		w.do("GET", "/api/user", "", w.alice()).is(t, 404, "identity_not_found")
	})
}

func TestDeletionInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		mapped(w, "")
		w.acs.failWith(503, "ServiceUnavailable")
		a := w.do("DELETE", "/api/user", "", w.alice())
		if a.StatusCode != 202 || string(a.body) != "{\"state\":\"deleting\"}\n" {
			t.Errorf("%d %q", a.StatusCode, a.body)
		}
		w.do("POST", "/getUser", "", w.alice()).is(t, 409, "deletion_in_progress")
	})
}

// TestTokenResponse pins every field. The time in a bubble begins at 2000-01-01T00:00:00Z.
func TestTokenResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		id := w.do("POST", "/getUser", "", w.alice()).object(t)["id"]
		end := time.Now().Add(time.Hour).UTC()
		want := map[string]any{
			"token": acsToken, "expiresOn": end.Format(time.RFC3339), "expiresOnTimestamp": float64(end.UnixMilli()),
			"refreshAfter": end.Add(-11 * time.Minute).Format(time.RFC3339), "kind": "communicationUser", "endpoint": acsEndpoint,
			"scopes": []any{"chat", "voip.join"}, "user": map[string]any{"id": id, "communicationUserId": id, "rawId": id},
		}
		for target, status := range map[string]int{"/getToken": 200, "/refreshToken": 200, "/api/token": 201} {
			for _, method := range []string{"GET", "POST"} {
				a := w.do(method, target, "", w.alice())
				a.is(t, status, "")
				if diff := cmp.Diff(want, a.object(t)); diff != "" {
					t.Errorf("%s %s: %s", method, target, diff)
				}
			}
		}
	})
}

func TestTeamsTokenResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		raw := "8:orgid:" + aliceOID
		for target, status := range map[string]int{"/exchangeToken": 200, "/api/token/teams": 201} {
			body := `{"teamsUserAadToken":"` + teamsClaims(aliceOID).sign(t) + `"}`
			for _, a := range []answer{
				w.do("GET", target, "", w.alice(), w.teams()), w.do("POST", target, "", w.alice(), w.teams()),
				w.do("POST", target, body, w.alice()), w.do("POST", target, body, w.alice(), w.teams()),
			} {
				a.is(t, status, "")
				o := a.object(t)
				if diff := cmp.Diff(map[string]any{"id": raw, "rawId": raw, "microsoftTeamsUserId": aliceOID}, o["user"]); diff != "" || o["kind"] != "teamsUser" {
					t.Errorf("%s %s", diff, a.body)
				}
			}
			w.do("POST", target, "", w.alice()).is(t, 400, "teams_token_missing")
			w.do("POST", target, `{"teamsUserAadToken":"another"}`, w.alice(), w.teams()).is(t, 400, "request_malformed")
			w.do("GET", target, "", w.alice(), w.teams(), w.teams()).is(t, 400, "request_malformed")
			w.do("GET", target, "", w.bearer(userClaims(bobOID)), w.teams()).is(t, 403, "teams_token_user")
			w.do("GET", target, "", w.alice(), header("teams-user-aad-token", "x")).is(t, 400, "teams_token_invalid")
		}
		w.acs.failWith(401, "InvalidAccessToken")
		w.do("GET", "/exchangeToken", "", w.alice(), w.teams()).is(t, 403, "teams_token_rejected")
	})
}

// TestNarrowing: what a request asks for reaches the broker, and nothing beyond the policy does.
func TestNarrowing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		mapped(w, "")
		for _, c := range []struct {
			method, target, body string
			status               int
			code                 string
			scopes               []any
		}{
			{"GET", "/getToken?scopes=chat", "", 200, "", []any{"chat"}},
			{"GET", "/getToken?scopes=voip.join,chat&expiresInMinutes=60", "", 200, "", []any{"chat", "voip.join"}},
			{"POST", "/getToken", `{"scopes":["voip.join"]}`, 200, "", []any{"voip.join"}},
			{"POST", "/refreshToken", `{"expiresInMinutes":60}`, 200, "", []any{"chat", "voip.join"}},
			{"POST", "/api/token", `{"expiresInMinutes":1440,"scopes":["chat"]}`, 201, "", []any{"chat"}},
			{"GET", "/api/token?expiresInMinutes=1440", "", 201, "", []any{"chat", "voip.join"}},
			{"GET", "/getToken?expiresInMinutes=1440", "", 400, "lifetime_invalid", nil}, // the policy of the action routes is 60
			{"GET", "/getToken?expiresInMinutes=0", "", 400, "lifetime_invalid", nil},
			{"POST", "/getToken", `{"expiresInMinutes":0}`, 400, "lifetime_invalid", nil},
			{"POST", "/api/token", `{"expiresInMinutes":59}`, 400, "lifetime_invalid", nil},
			{"POST", "/api/token", `{"expiresInMinutes":1441}`, 400, "lifetime_invalid", nil},
			{"POST", "/api/token", `{"expiresInMinutes":-9223372036854775808}`, 400, "lifetime_invalid", nil},
			{"POST", "/getToken", `{"scopes":[]}`, 400, "scope_invalid", nil},
			{"POST", "/getToken", `{"scopes":["Chat"]}`, 400, "scope_invalid", nil},
			{"GET", "/getToken?scopes=", "", 400, "scope_invalid", nil},
			{"GET", "/getToken?scopes=chat,,voip.join", "", 400, "scope_invalid", nil},
			{"GET", "/getToken?scopes=voip", "", 403, "scope_not_allowed", nil},
			{"GET", "/getToken?scopes=chat&scopes=voip", "", 400, "request_malformed", nil},
			{"GET", "/getToken?expiresInMinutes=60.0", "", 400, "request_malformed", nil},
			{"GET", "/getToken?expiresInMinutes=99999999999999999999", "", 400, "request_malformed", nil},
			{"GET", "/getToken?scope=chat", "", 400, "request_malformed", nil},
			{"GET", "/getToken?scopes=chat;x", "", 400, "request_malformed", nil},
			{"GET", "/getToken?%zz", "", 400, "request_malformed", nil},
			{"POST", "/getToken?scopes=chat", "", 400, "request_malformed", nil},
		} {
			a := w.do(c.method, c.target, c.body, w.alice())
			a.is(t, c.status, c.code)
			if c.scopes != nil {
				if diff := cmp.Diff(c.scopes, a.object(t)["scopes"]); diff != "" {
					t.Errorf("%s %s: %s", c.method, c.target, diff)
				}
			}
		}
	})
}

// TestPolicyLifetimes: without a wish ACS is asked for the lifetime of the route.
func TestPolicyLifetimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *server.Options) { o.ActionLifetime, o.SampleLifetime = 2*time.Hour, 3*time.Hour })
		mapped(w, "")
		w.do("GET", "/getToken?expiresInMinutes=120", "", w.alice()).is(t, 200, "")
		w.do("GET", "/getToken?expiresInMinutes=121", "", w.alice()).is(t, 400, "lifetime_invalid")
		w.do("GET", "/api/token?expiresInMinutes=180", "", w.alice()).is(t, 201, "")
		w.do("GET", "/api/token?expiresInMinutes=181", "", w.alice()).is(t, 400, "lifetime_invalid")
	})
}

// TestBearerErrors: reasons of the verifier keep status, code and challenge on every route.
func TestBearerErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		good := userClaims(aliceOID)
		token := good.sign(t)
		cases := map[string]struct {
			edits     []edit
			status    int
			code      string
			challenge string
		}{
			"none":       {nil, 401, "token_missing", `Bearer realm="acsauth", resource_metadata=`},
			"two":        {[]edit{w.alice(), w.alice()}, 400, "token_malformed", `error="invalid_request"`},
			"basic":      {[]edit{header("Authorization", "Basic YTpi")}, 400, "token_malformed", `error="invalid_request"`},
			"two blanks": {[]edit{header("Authorization", "Bearer  "+token)}, 400, "token_malformed", `error="invalid_request"`},
			"too large":  {[]edit{header("Authorization", "Bearer "+strings.Repeat("a", 16<<10+1))}, 400, "token_too_large", `error="invalid_request"`},
			"no JWT":     {[]edit{header("Authorization", "Bearer abc")}, 401, "token_invalid", `error="invalid_token"`},
			"signature":  {[]edit{header("Authorization", "Bearer "+token[:len(token)-8]+"AAAAAAAA")}, 401, "token_signature", `error="invalid_token"`},
			"expired":    {[]edit{w.bearer(good.with("exp", time.Now().Unix()-61).with("iat", time.Now().Unix()-3600).with("nbf", time.Now().Unix()-3600))}, 401, "token_expired", `error="invalid_token"`},
			"audience":   {[]edit{w.bearer(good.with("aud", clientID))}, 401, "token_audience", `error="invalid_token"`},
			"client":     {[]edit{w.bearer(good.with("azp", bobOID))}, 403, "token_client", ""},
			"scope":      {[]edit{w.bearer(good.with("scp", "access_as_user2"))}, 403, "token_scope", `error="insufficient_scope"`},
			"identity":   {[]edit{header("X-MS-CLIENT-PRINCIPAL-ID", aliceOID)}, 401, "token_missing", `Bearer realm="acsauth", resource_metadata=`},
			"own header": {[]edit{header("X-Access-Token", token)}, 401, "token_missing", `Bearer realm="acsauth", resource_metadata=`},
			"cookie":     {[]edit{header("Cookie", "access_token="+token)}, 401, "token_missing", `Bearer realm="acsauth", resource_metadata=`},
			"method":     {[]edit{header("X-HTTP-Method-Override", "DELETE")}, 401, "token_missing", `Bearer realm="acsauth", resource_metadata=`},
		}
		for name, c := range cases {
			for _, op := range bearerOperations(t) {
				method, target, _ := strings.Cut(op, " ")
				a := w.do(method, target, "", c.edits...)
				a.is(t, c.status, c.code)
				got := a.Header.Get("WWW-Authenticate")
				if !strings.Contains(got, c.challenge) || (c.challenge == "") != (got == "") || c.code == "token_missing" && strings.Contains(got, "error") {
					t.Errorf("%s %s: challenge %s", name, op, got)
				}
			}
		}
		for _, query := range []string{"?access_token=" + token, "?a=b&access_token=", "?ACCESS%5Ftoken=x"} {
			w.do("GET", "/getUser"+query, "", w.alice()).is(t, 400, "token_malformed")
		}
	})
}

func TestBodyOnMethodsWithoutOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.do("GET", "/getUser", "{}", w.alice()).is(t, 400, "request_malformed")
		w.do("DELETE", "/api/user", "{}", w.alice()).is(t, 400, "request_malformed")
		w.do("GET", "/getUser", "", w.alice(), func(r *http.Request) { r.TransferEncoding = []string{"chunked"}; r.ContentLength = -1 }).
			is(t, 400, "request_malformed")
	})
}

// TestPathsAndMethods: every path but those of the table gives 404, every method but theirs 405.
func TestPathsAndMethods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		methods := map[string][]string{}
		for op := range operations(t) {
			method, path, _ := strings.Cut(op, " ")
			methods[path] = append(methods[path], method)
		}
		for path, have := range methods {
			slices.Sort(have)
			for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"} {
				if slices.Contains(have, m) {
					continue
				}
				a := w.do(m, path, "", w.alice())
				a.is(t, 405, "method_not_allowed")
				if got := a.Header.Get("Allow"); got != strings.Join(have, ", ") {
					t.Errorf("%s %s: Allow %q, want %v", m, path, got, have)
				}
			}
			if path == "/" {
				w.do("GET", "//", "", w.alice()).is(t, 404, "route_not_found")
				continue
			}
			variants := []string{path + "/", "/" + path, path + "//", path + "/.", "/x/.." + path, path + "%20", path + "%00", path + ";a=b",
				strings.ToUpper(path), "/%" + "2f" + path[1:], path[:2] + "%" + "61" + path[2:], path[:len(path)-1]}
			for _, v := range variants {
				w.do("GET", v, "", w.alice()).is(t, 404, "route_not_found")
			}
		}
		for _, v := range []string{"/playground", "/playground/", "/metrics", "/debug/pprof/", "/api", "/api%2fuser", "/api//user", "/api/./user", "/api/user/../token"} {
			w.do("GET", v, "", w.alice()).is(t, 404, "route_not_found")
		}
		if len(methods) != 28 {
			t.Errorf("%d paths are documented", len(methods))
		}
	})
}

func TestMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		want := map[string]any{"resource": "https://auth.contoso.com", "authorization_servers": []any{authority + "/" + tenantID + "/v2.0"},
			"scopes_supported": []any{"api://" + apiID + "/access_as_user"}, "bearer_methods_supported": []any{"header"}, "resource_name": "acsauth"}
		if diff := cmp.Diff(want, w.do("GET", "/.well-known/oauth-protected-resource", "").object(t)); diff != "" {
			t.Error(diff)
		}
		challenge := w.do("GET", "/getUser", "").Header.Get("WWW-Authenticate")
		if challenge != `Bearer realm="acsauth", resource_metadata="https://auth.contoso.com/.well-known/oauth-protected-resource"` {
			t.Errorf("challenge %s", challenge)
		}
	})
}
