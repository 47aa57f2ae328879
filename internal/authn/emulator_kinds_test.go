package authn_test

import (
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// B2C and External ID have issuers of their own form. Over real sockets, emulator and verifier must agree on them.
func TestKindsAgainstEmulator(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	v := newVerifier(t, authn.Options{AllowLoopback: true, Issuers: []authn.Issuer{{
		AuthorityHost: e.URL(), TenantIDs: []string{emulator.TenantID, emulator.OtherTenantID},
		Audiences: []string{emulator.APIClientID}, AllowedClients: []string{emulator.SPAClientID},
	}, {
		Kind: authn.ExternalID, AuthorityHost: e.URL(), TenantIDs: []string{emulator.ExternalTenantID},
		Audiences: []string{emulator.ExternalAPIClientID}, AllowedClients: []string{emulator.ExternalSPAClientID},
	}, {
		Kind: authn.B2C, AuthorityHost: e.URL(), TenantIDs: []string{emulator.B2CTenantID}, Policies: []string{emulator.B2CPolicy},
		Audiences: []string{emulator.B2CAPIClientID}, AllowedClients: []string{emulator.B2CSPAClientID},
	}}})
	for name, c := range map[string]struct {
		in   emulator.TokenRequest
		want string
		key  acsauth.UserKey
	}{
		"first tenant":                 {emulator.TokenRequest{}, "", acsauth.UserKey{Issuer: e.Issuer(), Subject: emulator.AliceObjectID}},
		"second tenant":                {emulator.TokenRequest{User: "fred"}, "", acsauth.UserKey{Issuer: e.URL() + "/" + emulator.OtherTenantID + "/v2.0", Subject: emulator.FredObjectID}},
		"External ID":                  {emulator.TokenRequest{User: "cora"}, "", acsauth.UserKey{Issuer: e.URL() + "/" + emulator.ExternalTenantID + "/v2.0", Subject: emulator.CoraObjectID}},
		"B2C":                          {emulator.TokenRequest{User: "bea"}, "", acsauth.UserKey{Issuer: e.URL() + "/" + emulator.B2CTenantID + "/v2.0/", Subject: emulator.BeaObjectID}},
		"another policy of B2C":        {emulator.TokenRequest{User: "bea", Policy: emulator.B2COtherPolicy}, "token_issuer", acsauth.UserKey{}},
		"External ID, another client":  {emulator.TokenRequest{User: "carl", Client: emulator.SPAClientID}, "token_client", acsauth.UserKey{}},
		"External ID, v1":              {emulator.TokenRequest{User: "carl", Version: "1.0"}, "token_tenant", acsauth.UserKey{}},
		"External ID, another issuer":  {emulator.TokenRequest{User: "carl", Flaw: emulator.FlawIssuer}, "token_tenant", acsauth.UserKey{}},
		"B2C, unknown key":             {emulator.TokenRequest{User: "bea", Flaw: emulator.FlawUnknownKey}, "token_key_unknown", acsauth.UserKey{}},
		"B2C, no scope":                {emulator.TokenRequest{User: "bea", Flaw: emulator.FlawNoScope}, "token_scope", acsauth.UserKey{}},
		"B2C, API of another tenant":   {emulator.TokenRequest{User: "bea", Audience: emulator.APIClientID}, "token_audience", acsauth.UserKey{}},
		"groups beyond what is listed": {emulator.TokenRequest{User: "otto"}, "", acsauth.UserKey{Issuer: e.Issuer(), Subject: emulator.OttoObjectID}},
	} {
		token := must(e.MintToken(c.in))
		expect(t, v, name, token, c.want)
		if c.want != "" {
			continue
		}
		if caller, err := v.Verify(t.Context(), token); err != nil || caller.Key != c.key {
			t.Errorf("%s: caller %v, %v", name, caller, err)
		}
	}
	for user, want := range map[string]int{"alice": 3, "bob": 0, "otto": 0} {
		caller, err := v.Verify(t.Context(), must(e.MintToken(emulator.TokenRequest{User: user})))
		if err != nil || len(caller.Groups) != want {
			t.Errorf("%s: groups %v, %v", user, caller.Groups, err)
		}
	}
	if err := e.RotateKeys(true); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"cora", "bea"} {
		expect(t, v, "after an emergency rotation", must(e.MintToken(emulator.TokenRequest{User: user})), "")
	}
}
