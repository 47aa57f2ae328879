package authn_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
	"pgregory.net/rapid"
)

// propertyWorld has its keys loaded and needs no request any more but for unknown keys.
func propertyWorld(t *testing.T) *authn.Verifier {
	_, opt := bigWorld()
	v := newVerifier(t, opt)
	for _, k := range goodTokens() {
		if _, err := v.Verify(t.Context(), mint(k)); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func goodTokens() []*token {
	return []*token{baseV2(), baseV1(), edited(baseV2(), in(chinaHost, tenantX, 3), set("roles", []string{"Caller"})), ciamToken(), b2cToken("b2c_1_signin", 0), oidcToken(),
		oidcToken(hset("alg", "ES256"), hset("kid", "k-ec"), signing(es256)), oidcToken(hset("alg", "PS256"), signing(ps256))}
}

// P-01: whatever the token, there is a principal or an error, never both, and no panic.
func TestPrincipalOrError(t *testing.T) {
	v := propertyWorld(t)
	names := []string{"iss", "aud", "tid", "oid", "sub", "ver", "scp", "scope", "roles", "groups", "azp", "appid", "client_id", "exp", "nbf", "iat", "idtyp", "acct", "idp", "nonce", "tfp", "typ", "gty", "_claim_names", "cnf"}
	values := []any{nil, "", "x", 0, 1, -1, true, []string{}, []string{"a"}, []any{1}, map[string]any{}, map[string]any{"groups": "x"}, apiID, apiURI, oidcAPI, tenantA, tenantX, spaID, alice, "1.0", "2.0", "access_as_user", "calls",
		oidcURL, publicHost + "/" + tenantA + "/v2.0", time.Now().Unix(), time.Now().Unix() + 3600, "app", "user", "ID", strings.Repeat("x", 300)}
	accepted, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		k := goodTokens()[rapid.IntRange(0, 7).Draw(r, "base")]
		for range rapid.IntRange(0, 4).Draw(r, "edits") {
			name := rapid.SampledFrom(names).Draw(r, "claim")
			if rapid.Bool().Draw(r, "remove") {
				del(name)(k)
			} else {
				set(name, rapid.SampledFrom(values).Draw(r, "value"))(k)
			}
		}
		jwt := mint(k)
		caller, err := v.Verify(t.Context(), jwt)
		e, ours := errors.AsType[*acsauth.Error](err)
		switch {
		case err == nil:
			accepted++
			if caller.Key.Issuer == "" || caller.Key.Subject == "" || caller.Kind == "" || caller.Issuer == "" || caller.Client == "" || !caller.Expires.After(time.Now().Add(-time.Minute)) || len(caller.Groups) > 1000 {
				r.Fatalf("half a principal: %+v", caller)
			}
			if len(caller.Scopes) == 0 && len(caller.Roles) == 0 {
				r.Fatalf("a principal without rights: %+v", caller)
			}
		case !ours || e.Code == "" || caller.Key != (acsauth.UserKey{}) || caller.Kind != "" || caller.Issuer != "" || caller.Scopes != nil:
			r.Fatalf("%+v and %v", caller, err)
		default:
			refused++
		}
		if err == nil {
			_ = v.RequireUser(caller)
		}
		if report := v.Explain(t.Context(), jwt, authn.ExplainOptions{Offline: true}); err == nil && len(report.Claims) == 0 {
			r.Fatal("nothing to show of a good token")
		}
	})
	if accepted == 0 || refused == 0 {
		t.Errorf("%d accepted, %d refused: the test shows nothing", accepted, refused)
	}
	t.Logf("%d accepted, %d refused", accepted, refused)
}

// P-02: any change of any byte of an accepted token is refused.
func TestAnyChangeIsRefused(t *testing.T) {
	v := propertyWorld(t)
	var good []string
	for _, k := range goodTokens() {
		good = append(good, mint(k))
	}
	codes := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		jwt := good[int(rapid.Uint16().Draw(r, "token"))%len(good)]
		at := int(rapid.Uint32().Draw(r, "at")) * 7919 % len(jwt) // spread: small numbers are drawn most
		changed := jwt
		switch rapid.IntRange(0, 3).Draw(r, "change") {
		case 0:
			changed = jwt[:at] + string(rapid.Byte().Draw(r, "byte")) + jwt[at+1:]
		case 1:
			changed = jwt[:at] + jwt[at+1:]
		case 2:
			changed = jwt[:at] + rapid.StringN(1, 3, 9).Draw(r, "more") + jwt[at:]
		case 3:
			changed = jwt[:at] + string(rapid.SampledFrom([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")).Draw(r, "letter")) + jwt[at+1:]
		}
		if changed == jwt {
			return
		}
		caller, err := v.Verify(t.Context(), changed)
		if err == nil || caller.Key != (acsauth.UserKey{}) {
			r.Fatalf("accepted after change at %d", at)
		}
		codes[codeOf(err)]++
	})
	if codes["token_signature"] == 0 {
		t.Error("no change came as far as the signature")
	}
	t.Log(codes)
}
