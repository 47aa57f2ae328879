package authn_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// A user named without a token has the key that the user's tokens give.
func TestKeyOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, opt := bigWorld()
		v := newVerifier(t, opt)
		for _, k := range []acsauth.UserKey{
			{Issuer: publicHost + "/" + tenantA + "/v2.0", Subject: alice}, {Issuer: govHost + "/" + tenantA + "/v2.0", Subject: alice},
			{Issuer: chinaHost + "/" + tenantX + "/v2.0", Subject: alice}, {Issuer: "https://" + tenantB + ".ciamlogin.com/" + tenantB + "/v2.0", Subject: alice},
			{Issuer: b2cHost + "/" + tenantB + "/v2.0/", Subject: alice}, {Issuer: oidcURL, Subject: "user|42"},
		} {
			if got, ok := v.KeyOf(authn.UserName{Issuer: k.Issuer, Subject: k.Subject}); !ok || got != k {
				t.Errorf("%s: %v %v", k.Issuer, got, ok)
			}
		}
		if got, ok := v.KeyOf(authn.UserName{TenantID: strings.ToUpper(tenantX), ObjectID: strings.ToUpper(alice)}); !ok || got != (acsauth.UserKey{Issuer: chinaHost + "/" + tenantX + "/v2.0", Subject: alice}) {
			t.Errorf("by tenant: %v %v", got, ok)
		}
		for name, n := range map[string]authn.UserName{
			"nothing": {}, "no subject": {Issuer: oidcURL}, "foreign issuer": {Issuer: "https://evil.example", Subject: alice},
			"tenant of two clouds": {TenantID: tenantA, ObjectID: alice}, "v1 issuer": {Issuer: "https://sts.windows.net/" + tenantA + "/", Subject: alice},
			"both forms": {TenantID: tenantX, ObjectID: alice, Issuer: oidcURL, Subject: "x"}, "no GUID": {TenantID: tenantX, ObjectID: "alice"},
			"tenant in capitals": {Issuer: chinaHost + "/" + strings.ToUpper(tenantX) + "/v2.0", Subject: alice},
			"path in the tenant": {Issuer: publicHost + "/" + tenantA + "/../" + tenantA + "/v2.0", Subject: alice},
			"slash at the end":   {Issuer: publicHost + "/" + tenantA + "/v2.0/", Subject: alice}, "blank in the subject": {Issuer: oidcURL, Subject: "user 42"},
			"long subject": {Issuer: oidcURL, Subject: strings.Repeat("x", 257)}, "foreign tenant": {Issuer: publicHost + "/" + tenantX + "/v2.0", Subject: alice},
		} {
			if got, ok := v.KeyOf(n); ok {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}
