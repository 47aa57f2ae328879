package authn_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/authn"
)

// A control is a switch of the test build, with a token that only this control stops.
type control struct {
	name, code string
	edit       edit
	teams      bool
}

func controls() []control {
	now := time.Now().Unix()
	return []control{
		{"signature", "token_signature", by(keyRing()[2]), false},
		{"signature", "token_key_unknown", hset("kid", "stray"), false},
		{"algorithm", "token_invalid", all(hset("alg", "none"), signing(func(*token, string) []byte { return nil })), false},
		{"algorithm", "token_invalid", all(hset("alg", "HS256"), signing(func(*token, string) []byte { return make([]byte, 32) })), false},
		{"issuer", "token_issuer", set("iss", "https://evil.example/"+tenantA+"/v2.0"), false},
		{"tenant", "token_tenant", all(set("tid", tenantX), set("iss", publicHost+"/"+tenantX+"/v2.0")), false},
		{"audience", "token_audience", set("aud", strangerID), false},
		{"expiry", "token_expired", all(set("iat", now-7200), set("nbf", now-7200), set("exp", now-3600)), false},
		{"not-before", "token_not_yet_valid", set("nbf", now+3000), false},
		{"client", "token_client", set("azp", strangerID), false},
		{"scope", "token_scope", set("scp", "User.Read"), false},
		{"scope", "token_scope", set("scp", ""), false},
		{"guest", "token_guest", set("acct", 1), false},
		{"app-only", "token_app_only", all(del("scp"), set("idtyp", "app"), set("roles", []string{"r"})), false},
		{"id-token", "token_is_id_token", set("nonce", "n"), false},
		{"id-token", "token_is_id_token", all(del("scp", "azp", "azpacr"), set("aud", spaID), set("nonce", "n")), false},
		{"teams-user", "teams_token_user", set("oid", bob), true},
		{"teams-user", "teams_token_tenant", set("tid", tenantB), true},
		{"teams-client", "teams_token_client", set("appid", strangerID), true},
		{"teams-audience", "teams_token_audience", set("aud", apiID), true},
		{"teams-scope", "teams_token_scope", set("scp", "Teams.ManageChats"), true},
	}
}

func (c control) outcome(t *testing.T, v *authn.Verifier) string {
	if c.teams {
		_, err := v.CheckTeams(aliceCaller, mint(teamsToken(), c.edit))
		return codeOf(err)
	}
	caller, err := v.Verify(t.Context(), mint(baseV2(), c.edit))
	if err == nil {
		err = v.RequireUser(caller)
	}
	return codeOf(err)
}

// eachControl runs a test for each control, with the variable that names what is switched off.
func eachControl(t *testing.T, do func(t *testing.T, c control, v *authn.Verifier)) {
	for _, c := range controls() {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(variable(), "")
			synctest.Test(t, func(t *testing.T) {
				v := newVerifier(t, options(plainWorld()))
				for _, fresh := range controls() { // the times in them are those of the bubble
					if fresh.name == c.name && fresh.code == c.code {
						c = fresh
						do(t, c, v)
					}
				}
			})
		})
	}
}
