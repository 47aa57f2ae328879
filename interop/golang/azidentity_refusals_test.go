package golang

import (
	"net/http"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

const nobody = "ac5a0000-0000-4000-a000-00000000dead"

// azidentityRefusals are the errors of azidentity, by type, and the codes that they show.
func (w *world) azidentityRefusals(t *testing.T) {
	for _, tc := range []struct {
		name, tenant, client, secret, scope string
		want                                refusal
	}{
		{"a wrong secret", emulator.TenantID, emulator.DaemonClientID, "wrong", acsDefault, refusal{401, "invalid_client", 7000215}},
		{"an unknown application", emulator.TenantID, nobody, "secret", acsDefault, refusal{400, "unauthorized_client", 700016}},
		{"a public client with a secret", emulator.TenantID, emulator.SPAClientID, "secret", acsDefault, refusal{401, "invalid_client", 700025}},
		{"an unknown resource", emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret, "https://other.example/.default", refusal{400, "invalid_resource", 500011}},
		{"a scope that is not .default", emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret, graphRead, refusal{400, "invalid_scope", 1002012}},
	} {
		w.check(t, "azidentity refuses: "+tc.name, func(c *check) {
			_, err := c.getToken("ClientSecretCredential", c.secretCredential(tc.tenant, tc.client, tc.secret), tc.scope)
			c.refusedAzure(err, tc.want)
		})
	}
	w.check(t, "azidentity refuses: an unknown tenant", func(c *check) {
		_, err := c.getToken("ClientSecretCredential", c.secretCredential(nobody, emulator.DaemonClientID, emulator.DaemonClientSecret), acsDefault)
		c.refusedAzure(err, refusal{400, "invalid_request", 90002})
	})
	for _, tc := range []struct {
		name  string
		token emulator.TokenRequest
		want  refusal
	}{
		{"an expired assertion", emulator.TokenRequest{Flaw: emulator.FlawExpired}, refusal{400, "invalid_grant", 500133}},
		{"an assertion for another API", emulator.TokenRequest{Flaw: emulator.FlawAudience}, refusal{400, "invalid_grant", 500131}},
		{"an assertion whose signature is wrong", emulator.TokenRequest{Flaw: emulator.FlawSignature}, refusal{400, "invalid_grant", 50013}},
		{"an assertion of an unknown key", emulator.TokenRequest{Flaw: emulator.FlawUnknownKey}, refusal{400, "invalid_grant", 50013}},
		{"an assertion without a user", emulator.TokenRequest{AppOnly: true}, refusal{400, "invalid_grant", 7000114}},
		{"a Graph token as an assertion", emulator.TokenRequest{Flaw: emulator.FlawGraph}, refusal{400, "invalid_grant", 500131}},
	} {
		w.check(t, "azidentity refuses: "+tc.name, func(c *check) {
			_, err := c.getToken("OnBehalfOfCredential", c.oboCredential(c.mint(tc.token)), graphDefault)
			c.refusedAzure(err, tc.want)
		})
	}
	w.check(t, "azidentity refuses: consent withdrawn, and Conditional Access with its claims challenge", func(c *check) {
		c.Cleanup(c.emu.Reset)
		c.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{ConsentWithdrawn: true})
		_, err := c.getToken("OnBehalfOfCredential", c.oboCredential(c.mint(emulator.TokenRequest{})), graphDefault)
		if body := c.refusedAzure(err, refusal{400, "invalid_grant", 65001}); body.Suberror != "consent_required" {
			c.Errorf("suberror %q", body.Suberror)
		}
		const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
		c.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{Claims: claims})
		_, err = c.getToken("OnBehalfOfCredential", c.oboCredential(c.mint(emulator.TokenRequest{})), graphDefault)
		if body := c.refusedAzure(err, refusal{400, "interaction_required", 50076}); body.Claims != claims {
			c.Errorf("claims %q", body.Claims)
		}
	})
	w.check(t, "azidentity refuses: a scope without consent", func(c *check) {
		_, err := c.getToken("OnBehalfOfCredential", c.oboCredential(c.mint(emulator.TokenRequest{})), "https://graph.microsoft.com/User.ReadWrite.All")
		c.refusedAzure(err, refusal{400, "invalid_grant", 65001})
	})
	w.check(t, "Graph and ACS refuse what is not for them", func(c *check) {
		cred := c.secretCredential(emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret)
		acs, graph := c.token("ClientSecretCredential", cred, acsDefault), c.token("ClientSecretCredential", cred, graphDefault)
		for target, token := range map[string]string{
			c.emu.TLSURL() + "/v1.0/users": acs, c.emu.TLSURL() + "/v1.0/users?x": c.mint(emulator.TokenRequest{}),
			c.emu.TLSURL() + "/v1.0/users?y": graph + "x", c.emu.TLSURL() + "/v1.0/users?z": "x",
		} {
			if status, answer := c.send(http.MethodGet, target, token, ""); status != 401 {
				c.Errorf("%d %v", status, answer)
			}
		}
	})
}
