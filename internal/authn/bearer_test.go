package authn_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

func TestBearerToken(t *testing.T) {
	const jwt = "aaa.bbb-_.CCC"
	long := strings.Repeat("a", 16<<10)
	for _, c := range []struct {
		values []string
		want   string // the token
		code   string
		kind   acsauth.Kind
	}{
		{values: []string{"Bearer " + jwt}, want: jwt},
		{values: []string{"bearer " + jwt}, want: jwt},
		{values: []string{"BEARER " + jwt}, want: jwt},
		{values: []string{"Bearer opaque"}, want: "opaque"}, // Verify says what is wrong with it
		{values: []string{"Bearer " + long}, want: long},
		{values: []string{"Bearer " + long + "a"}, code: "token_too_large", kind: acsauth.Invalid},
		{values: nil, code: "token_missing", kind: acsauth.Unauthenticated},
		{values: []string{"Bearer " + jwt, "Bearer " + jwt}, code: "token_malformed", kind: acsauth.Invalid},
		{values: []string{"Bearer " + jwt, ""}, code: "token_malformed", kind: acsauth.Invalid},
		{values: []string{"Basic dTpw", "Bearer " + jwt}, code: "token_malformed", kind: acsauth.Invalid},
	} {
		got, err := authn.BearerToken(http.Header{"Authorization": c.values})
		if got != c.want || codeOf(err) != c.code || err != nil && acsauth.KindOf(err) != c.kind {
			t.Errorf("%.40q: %.40q, %v; want %.40q, %q", c.values, got, err, c.want, c.code)
		}
	}
}

// The part of class M that is the header's.
func TestBearerTokenMalformed(t *testing.T) {
	const jwt = "aaa.bbb-_.CCC"
	for _, value := range []string{"", " ", "Bearer", "Bearer ", "Bearer  " + jwt, " Bearer " + jwt, "Bearer " + jwt + " ", "Bearer\t" + jwt, "Bearer," + jwt, "Bearer:" + jwt, "Bearer: " + jwt, "Bearer=" + jwt, jwt, "Basic " + jwt, "Token " + jwt,
		"JWT " + jwt, "MSAuth1.0 " + jwt, "DPoP " + jwt, "PoP " + jwt, "Negotiate " + jwt, "Digest username=x", "Bearer token=" + jwt, `Bearer "` + jwt + `"`, "Bearer '" + jwt + "'", "Bearer <" + jwt + ">", "Bearer {" + jwt + "}", "Bearer " + jwt + ",Bearer " + jwt,
		"Bearer " + jwt + ", Basic x", "Bearer " + jwt + ";", "Bearer " + jwt + "==", "Bearer a+b", "Bearer a/b", "Bearer a~b", "Bearer " + jwt + "\n", "Bearer " + jwt + "\r\n\t" + jwt, "Bearer \x00", "Bearer é", "Beårer " + jwt, "Bearer\u00a0" + jwt, "Bearer %61", "bearerx " + jwt,
		"Bearer " + jwt + "?x", "Bearer " + jwt + "#", "Bearer Bearer " + jwt, "\ufeffBearer " + jwt, "Bearer null undefined", "ＢEARER " + jwt} {
		got, err := authn.BearerToken(http.Header{"Authorization": {value}})
		if e, ok := errors.AsType[*acsauth.Error](err); got != "" || !ok || e.Code != "token_malformed" || e.Kind != acsauth.Invalid {
			t.Errorf("%q: %q, %v", value, got, err)
			continue
		}
		checkText(t, value, strings.TrimPrefix(value, "Bearer "), err)
	}
	// No other header is read for a token or an identity (T-12).
	for _, name := range []string{"X-Access-Token", "X-MS-TOKEN-AAD-ACCESS-TOKEN", "X-MS-CLIENT-PRINCIPAL", "Proxy-Authorization", "X-Forwarded-Authorization", "Cookie", "X-User", "Authorization_", "Teams-User-Aad-Token"} {
		if _, err := authn.BearerToken(http.Header{name: {"Bearer " + jwt}}); codeOf(err) != "token_missing" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
