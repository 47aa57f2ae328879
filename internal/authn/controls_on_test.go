//go:build uncontrolled

package authn_test

import (
	"os"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/authn"
)

func variable() string { return "ACSAUTH_UNCONTROLLED" }

// Each switch opens one door: the token is refused without it, accepted with it, and refused with all others.
func TestEachControlCounts(t *testing.T) {
	eachControl(t, func(t *testing.T, c control, v *authn.Verifier) {
		switched := func(name string) string {
			if err := os.Setenv(variable(), name); err != nil { // put back by eachControl
				t.Fatal(err)
			}
			return c.outcome(t, v)
		}
		if got := switched(""); got != c.code {
			t.Errorf("nothing switched off: %q, want %q", got, c.code)
		}
		if got := switched(c.name); got != "" {
			t.Errorf("%s switched off: %q", c.name, got)
		}
		for _, other := range controls() {
			if other.name != c.name && switched(other.name) == "" {
				t.Errorf("%s switched off lets the token in that %s stops", other.name, c.name)
			}
		}
	})
}

// The emulator's bad tokens, which a probe sends, get in as well.
func TestSwitchesAgainstEmulator(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	v := newVerifier(t, authn.Options{AllowLoopback: true, Issuers: []authn.Issuer{{
		AuthorityHost: e.URL(), TenantIDs: []string{emulator.TenantID}, Audiences: []string{emulator.APIClientID, emulator.AppIDURI},
		AllowedClients: []string{emulator.SPAClientID, emulator.DaemonClientID}, TeamsClients: []string{emulator.TeamsClientID},
	}}})
	for _, c := range []struct {
		control string
		in      emulator.TokenRequest
	}{
		{"signature", emulator.TokenRequest{Flaw: emulator.FlawSignature}},
		{"algorithm", emulator.TokenRequest{Flaw: emulator.FlawAlgNone}},
		{"issuer", emulator.TokenRequest{Flaw: emulator.FlawIssuer}},
		{"tenant", emulator.TokenRequest{Flaw: emulator.FlawTenant}},
		{"audience", emulator.TokenRequest{Flaw: emulator.FlawAudience}},
		{"expiry", emulator.TokenRequest{Flaw: emulator.FlawExpired}},
		{"not-before", emulator.TokenRequest{Flaw: emulator.FlawNotYetValid}},
		{"client", emulator.TokenRequest{Client: emulator.OtherTenantID}},
		{"scope", emulator.TokenRequest{Scopes: []string{"other"}}},
		{"scope", emulator.TokenRequest{Flaw: emulator.FlawNoScope}},
		{"guest", emulator.TokenRequest{User: "gail"}},
		{"app-only", emulator.TokenRequest{AppOnly: true}},
		{"id-token", emulator.TokenRequest{Flaw: emulator.FlawIDToken}},
	} {
		t.Setenv(variable(), "")
		jwt := must(e.MintToken(c.in))
		if _, code, _ := userOutcome(t, v, jwt); code == "" {
			t.Errorf("%s: accepted", c.control)
		}
		t.Setenv(variable(), c.control)
		if _, code, err := userOutcome(t, v, jwt); code != "" {
			t.Errorf("%s switched off: %v", c.control, err)
		}
	}
}

func userOutcome(t *testing.T, v *authn.Verifier, jwt string) (acsauth.Caller, string, error) {
	caller, err := v.Verify(t.Context(), jwt)
	if err == nil {
		err = v.RequireUser(caller)
	}
	return caller, codeOf(err), err
}
