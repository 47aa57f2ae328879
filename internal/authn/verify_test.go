package authn_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/google/go-cmp/cmp"
)

// plainWorld has one v2 and one v1 key for each tenant.
func plainWorld() *authority {
	a, ring := newAuthority(), keyRing()
	a.publish(tenantA, []map[string]any{v2Key("k-v2", ring[0])}, []map[string]any{v1Key("k-v1", ring[1])})
	a.publish(tenantB, []map[string]any{v2Key("k-v2", ring[2])}, []map[string]any{v1Key("k-v1", ring[3])})
	return a
}

func TestGoodTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := options(plainWorld())
		opt.Issuers[0].AllowGuests = true
		v := newVerifier(t, opt)
		want := acsauth.Caller{
			Issuer: "entra", Key: acsauth.UserKey{Issuer: publicHost + "/" + tenantA + "/v2.0", Subject: alice},
			Kind: acsauth.User, Tenant: tenantA, Client: spaID, Scopes: []string{"access_as_user"}, Expires: time.Now().Add(time.Hour),
		}
		with := func(change func(*acsauth.Caller)) acsauth.Caller { c := want; change(&c); return c }
		guest := with(func(c *acsauth.Caller) { c.Kind = acsauth.Guest })
		app := with(func(c *acsauth.Caller) { c.Kind, c.Scopes, c.Roles = acsauth.App, nil, []string{"Mappings.Read"} })
		for _, c := range []struct {
			name string
			base *token
			edit edit
			want acsauth.Caller
		}{
			{"v2", baseV2(), nil, want},
			{"v1 with the App ID URI", baseV1(), nil, want},
			{"v1 with the client id", baseV1(), set("aud", apiID), want},
			{"upper case ids become lower case", baseV2(), all(set("oid", strings.ToUpper(alice)), set("tid", strings.ToUpper(tenantA)), set("azp", strings.ToUpper(spaID))), want},
			{"more scopes", baseV2(), set("scp", "User.Read access_as_user"), with(func(c *acsauth.Caller) { c.Scopes = []string{"User.Read", "access_as_user"} })},
			{"user with app roles", baseV2(), set("roles", []string{"Admin"}), with(func(c *acsauth.Caller) { c.Roles = []string{"Admin"} })},
			{"idtyp user", baseV2(), set("idtyp", "user"), want},
			{"without typ", baseV2(), hdel("typ"), want},
			{"typ at+jwt", baseV2(), hset("typ", "at+jwt"), want},
			{"without nbf", baseV2(), del("nbf"), want},
			{"unknown header and claim", baseV2(), all(hset("future", "x"), set("future", map[string]any{"a": []int{1}})), want},
			{"guest by idp", baseV2(), set("idp", "https://sts.windows.net/"+tenantX+"/"), guest},
			{"guest of a social account", baseV2(), set("idp", "live.com"), guest},
			{"guest by acct", baseV2(), set("acct", 1), guest},
			{"member by acct", baseV2(), set("acct", 0), want},
			{"member with own idp", baseV2(), set("idp", "https://sts.windows.net/"+tenantA+"/"), want},
			{"app-only", baseV2(), all(del("scp"), set("idtyp", "app"), set("roles", []string{"Mappings.Read"}), set("sub", alice)), app},
			{"app-only without idtyp", baseV2(), all(del("scp"), set("roles", []string{"Mappings.Read"})), app},
		} {
			got, err := v.Verify(t.Context(), mint(c.base, c.edit))
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			} else if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s: -want +got\n%s", c.name, d)
			}
		}
	})
}

func TestV1AndV2GiveOneKeyAndTenantsDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(plainWorld()))
		inB := all(set("iss", publicHost+"/"+tenantB+"/v2.0"), set("tid", tenantB), by(keyRing()[2]))
		var keys []acsauth.UserKey
		for _, jwt := range []string{mint(baseV2()), mint(baseV1()), mint(baseV2(), inB)} {
			c, err := v.Verify(t.Context(), jwt)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, c.Key)
		}
		if keys[0] != keys[1] || keys[0] == keys[2] {
			t.Errorf("keys of v1, v2 and another tenant: %v", keys)
		}
	})
}

func TestAnyClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := options(plainWorld())
		opt.Issuers[0].AllowedClients = []string{"*"}
		v := newVerifier(t, opt)
		for azp, want := range map[string]string{strangerID: "", spaID: "", "*": "token_client", "": "token_client", "spa": "token_client"} {
			if _, code, _ := outcome(v, mint(baseV2(), set("azp", azp))); code != want {
				t.Errorf("azp %q: %q, want %q", azp, code, want)
			}
		}
	})
}

// Verify itself refuses a token without rights; it does not wait for a route to ask.
func TestVerifyWantsRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(plainWorld()))
		for name, e := range map[string]edit{"neither": del("scp"), "empty scp": set("scp", ""), "empty scp beside roles": all(set("scp", " "), set("roles", []string{"R"}))} {
			if _, err := v.Verify(t.Context(), mint(baseV2(), e)); codeOf(err) != "token_scope" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestScopesAreComparedWhole(t *testing.T) {
	user := acsauth.Caller{Kind: acsauth.User, Scopes: []string{"a.b", "access_as_user"}}
	app := acsauth.Caller{Kind: acsauth.App, Scopes: []string{"access_as_user"}}
	for _, c := range []struct {
		caller acsauth.Caller
		scope  string
		want   string
	}{
		{user, "access_as_user", ""}, {user, "a.b", ""}, {user, "a", "token_scope"}, {user, "access_as_use", "token_scope"},
		{user, "Access_as_user", "token_scope"},
		{acsauth.Caller{Kind: acsauth.Guest}, "x", "token_scope"}, {app, "access_as_user", "token_app_only"},
	} {
		opt := options(newAuthority())
		opt.Issuers[0].Scopes = []string{c.scope}
		c.caller.Issuer = "entra"
		v, err := authn.New(opt)
		if err != nil {
			t.Fatal(err)
		}
		if got := codeOf(v.RequireUser(c.caller)); got != c.want {
			t.Errorf("%v needs %q: %q, want %q", c.caller, c.scope, got, c.want)
		}
	}
}

// The hints are the product: each must name the thing to change.
func TestErrorTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(plainWorld()))
		scope := apiURI + "/access_as_user"
		for _, c := range []struct {
			name   string
			base   *token
			edit   edit
			code   string
			kind   acsauth.Kind
			detail string
			hint   string
		}{
			{"graph", baseV2(), set("aud", graphID), "token_for_graph", acsauth.Unauthenticated, graphID, scope},
			{"graph by header", baseV2(), hset("nonce", "x"), "token_for_graph", acsauth.Unauthenticated, "nonce", scope},
			{"id token", baseV2(), all(del("scp", "azp"), set("nonce", "n")), "token_is_id_token", acsauth.Unauthenticated, "ID token", "accessToken"},
			{"Teams token", baseV1(), set("aud", teamsURL+"/"), "token_kind", acsauth.Unauthenticated, teamsURL, "/exchangeToken"},
			{"v2 token with the URI as audience", baseV2(), set("aud", apiURI), "token_audience", acsauth.Unauthenticated, apiURI, ""},
			{"other API", baseV2(), set("aud", strangerID), "token_audience", acsauth.Unauthenticated, strangerID, scope},
			{"audience with slash", baseV1(), set("aud", apiURI+"/"), "token_audience", acsauth.Unauthenticated, apiURI + "/", "audiences of this server"},
			{"v1 token that says 2.0", baseV1(), set("ver", "2.0"), "token_version", acsauth.Unauthenticated, "sts.windows.net", "requestedAccessTokenVersion"},
			{"tenant", baseV2(), all(set("tid", tenantX), set("iss", publicHost+"/"+tenantX+"/v2.0")), "token_tenant", acsauth.Unauthenticated, tenantX, "MSAL authority " + publicHost},
			{"issuer", baseV2(), set("iss", "https://evil.example/"), "token_issuer", acsauth.Unauthenticated, "https://evil.example/", publicHost + "/" + tenantA},
			{"expired long ago", baseV2(), set("exp", time.Now().Unix()-86400), "token_expired", acsauth.Unauthenticated, "1999-12-31T00:00:00Z", "acquireTokenSilent"},
			{"expired just now", baseV2(), set("exp", time.Now().Unix()-90), "token_expired", acsauth.Unauthenticated, "1999-12-31T23:58:30Z", "clock"},
			{"from the future", baseV2(), set("nbf", time.Now().Unix()+120), "token_not_yet_valid", acsauth.Unauthenticated, "2000-01-01T00:02:00Z", "clock"},
			{"scope", baseV2(), set("scp", "User.Read"), "token_scope", acsauth.Forbidden, "'User.Read'", "access_as_user"},
			{"client", baseV2(), set("azp", strangerID), "token_client", acsauth.Forbidden, strangerID, "allowed clients"},
			{"app-only", baseV2(), all(del("scp"), set("roles", []string{"R"})), "token_app_only", acsauth.Forbidden, "without a user", "Sign a user in"},
			{"guest", baseV2(), set("acct", 1), "token_guest", acsauth.Forbidden, "Guests", "account of the tenant"},
			{"hostile claim", baseV2(), set("iss", "\"\\'\n\x1b[31m<script>é"+strings.Repeat("x", 500)), "token_issuer", acsauth.Unauthenticated, "'?????[31m<script>", ""},
		} {
			_, code, err := outcome(v, mint(c.base, c.edit))
			e, ok := errors.AsType[*acsauth.Error](err)
			if !ok || code != c.code || e.Kind != c.kind {
				t.Errorf("%s: got %v, want %s, %v", c.name, err, c.code, c.kind)
				continue
			}
			if !strings.Contains(e.Detail, c.detail) || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%s: detail %q, hint %q; want %q and %q in them", c.name, e.Detail, e.Hint, c.detail, c.hint)
			}
		}
	})
}

// errorText is what error_description of RFC 6750 may hold.
var errorText = regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]+$`)

// checkText fails if an error could leak the token or a name, or cannot go into a challenge.
func checkText(t *testing.T, name, jwt string, err error) {
	t.Helper()
	e, ok := errors.AsType[*acsauth.Error](err)
	if !ok {
		t.Errorf("%s: %v is not one of our errors", name, err)
		return
	}
	if e.Op == "" || e.Detail == "" || e.Hint == "" || !errorText.MatchString(e.Detail) || !errorText.MatchString(e.Hint) || len(e.Detail) > 400 || len(e.Hint) > 400 {
		t.Errorf("%s: op %q, detail %q, hint %q", name, e.Op, e.Detail, e.Hint)
	}
	if oneSided := e.Code == "keys_unavailable" || e.Code == "teams_not_configured"; !oneSided {
		for _, side := range []string{e.Expected, e.Found} {
			if !errorText.MatchString(side) || len(side) > 250 {
				t.Errorf("%s: %s: expected %q, found %q", name, e.Code, e.Expected, e.Found)
			}
		}
	}
	secrets := []string{"Alice", "alice@", "AAAA-pairwise", alice}
	for part := range strings.SplitSeq(jwt, ".") {
		if len(part) > 40 {
			secrets = append(secrets, part[20:40])
		}
	}
	if text := e.Error() + e.Hint + e.Expected + e.Found; slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, s) }) {
		t.Errorf("%s: %q tells too much", name, text)
	}
}

// Every byte of an accepted token counts, and no part of it is a token.
func TestEveryByteCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(plainWorld()))
		jwt := mint(baseV2())
		if _, code, _ := outcome(v, jwt); code != "" {
			t.Fatal(code)
		}
		for i := range len(jwt) {
			other := byte('A')
			if jwt[i] == 'A' {
				other = 'B'
			}
			for _, changed := range []string{jwt[:i], jwt[i+1:], jwt[:i] + string(other) + jwt[i+1:], jwt[:i] + string(jwt[i]^1) + jwt[i+1:]} {
				if caller, err := v.Verify(context.Background(), changed); err == nil || caller.Key != (acsauth.UserKey{}) {
					t.Fatalf("accepted with a change at byte %d", i)
				}
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, remember := range []int{0, 100} {
		b.Run(fmt.Sprintf("remember=%d", remember), func(b *testing.B) {
			opt := options(plainWorld())
			opt.CacheSize = remember
			v := newVerifier(b, opt)
			jwt := mint(baseV2())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(context.Background(), jwt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A token of another kind is named even if it is signed in a way that no token for this API is.
func TestOtherKindsAreNamedWhateverTheirAlgorithm(t *testing.T) {
	v := newVerifier(t, options(plainWorld()))
	acs := b64([]byte(`{"alg":"ES256","kid":"1","typ":"JWT"}`)) + "." + b64([]byte(`{"skypeid":"acs:r_u","scp":1792,"acsScope":"chat","exp":1}`)) + "." + b64(make([]byte, 64))
	if _, err := v.Verify(t.Context(), acs); codeOf(err) != "token_kind" {
		t.Errorf("an ACS token: %v", err)
	}
}
