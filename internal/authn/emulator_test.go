package authn_test

import (
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// The emulator is a second reading of the protocol, by other hands. Over real sockets, both must agree.
func TestAgainstEmulator(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	v := newVerifier(t, authn.Options{AllowLoopback: true, Issuers: []authn.Issuer{{
		AuthorityHost: e.URL(), TenantIDs: []string{emulator.TenantID}, Audiences: []string{emulator.APIClientID, emulator.AppIDURI},
		AllowedClients: []string{emulator.SPAClientID, emulator.DaemonClientID}, TeamsClients: []string{emulator.TeamsClientID},
	}}})
	for name, c := range map[string]struct {
		in   emulator.TokenRequest
		want string
	}{
		"v2":             {emulator.TokenRequest{}, ""},
		"v1":             {emulator.TokenRequest{Version: "1.0"}, ""},
		"guest":          {emulator.TokenRequest{User: "gail"}, "token_guest"},
		"program":        {emulator.TokenRequest{AppOnly: true}, "token_app_only"},
		"v1 program":     {emulator.TokenRequest{AppOnly: true, Version: "1.0"}, "token_app_only"},
		"other client":   {emulator.TokenRequest{Client: emulator.OtherTenantID}, "token_client"},
		"other scope":    {emulator.TokenRequest{Scopes: []string{"other"}}, "token_scope"},
		"Teams token":    {emulator.TokenRequest{Teams: true}, "token_kind"},
		"expired":        {emulator.TokenRequest{Flaw: emulator.FlawExpired}, "token_expired"},
		"not yet valid":  {emulator.TokenRequest{Flaw: emulator.FlawNotYetValid}, "token_not_yet_valid"},
		"long-lived":     {emulator.TokenRequest{Flaw: emulator.FlawLongLived}, "token_lifetime"},
		"other API":      {emulator.TokenRequest{Flaw: emulator.FlawAudience}, "token_audience"},
		"other issuer":   {emulator.TokenRequest{Flaw: emulator.FlawIssuer}, "token_issuer"},
		"other tenant":   {emulator.TokenRequest{Flaw: emulator.FlawTenant}, "token_tenant"},
		"no tid":         {emulator.TokenRequest{Flaw: emulator.FlawNoTenantID}, "token_tenant"},
		"no oid":         {emulator.TokenRequest{Flaw: emulator.FlawNoObjectID}, "token_subject"},
		"no scope":       {emulator.TokenRequest{Flaw: emulator.FlawNoScope}, "token_scope"},
		"ID token":       {emulator.TokenRequest{Flaw: emulator.FlawIDToken}, "token_is_id_token"},
		"Graph token":    {emulator.TokenRequest{Flaw: emulator.FlawGraph}, "token_for_graph"},
		"unknown key":    {emulator.TokenRequest{Flaw: emulator.FlawUnknownKey}, "token_key_unknown"},
		"foreign key":    {emulator.TokenRequest{Flaw: emulator.FlawForeignKey}, "token_signature"},
		"bad signature":  {emulator.TokenRequest{Flaw: emulator.FlawSignature}, "token_signature"},
		"algorithm none": {emulator.TokenRequest{Flaw: emulator.FlawAlgNone}, "token_invalid"},
		"HMAC":           {emulator.TokenRequest{Flaw: emulator.FlawAlgHS256}, "token_invalid"},
		"no kid":         {emulator.TokenRequest{Flaw: emulator.FlawNoKeyID}, "token_invalid"},
	} {
		expect(t, v, name, must(e.MintToken(c.in)), c.want)
	}
	caller, err := v.Verify(t.Context(), must(e.MintToken(emulator.TokenRequest{})))
	if want := (acsauth.UserKey{Issuer: e.Issuer(), Subject: emulator.AliceObjectID}); err != nil || caller.Key != want {
		t.Errorf("caller %v, %v", caller, err)
	}
	for user, want := range map[string]string{"alice": "", "bob": "teams_token_user"} {
		if _, err := v.CheckTeams(caller, must(e.MintToken(emulator.TokenRequest{User: user, Teams: true}))); codeOf(err) != want {
			t.Errorf("Teams token of %s: %v, want %q", user, err, want)
		}
	}
	if err := e.RotateKeys(false); err != nil {
		t.Fatal(err)
	}
	expect(t, v, "after a rotation", must(e.MintToken(emulator.TokenRequest{})), "")
}
