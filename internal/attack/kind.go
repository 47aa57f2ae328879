package attack

import (
	"fmt"
	"strings"
)

// wrongKind is class I.
func (c *corpus) wrongKind() {
	idToken := Del("scp", "azp", "azpacr", "appid", "appidacr")
	id := func(name string, e Edit) { c.add('I', "token_is_id_token", name, e) }
	id("v2 ID token", All(idToken, Set("nonce", "n")))
	id("v2 ID token without nonce", idToken)
	id("v2 ID token with roles", All(idToken, Set("roles", []string{"Admin"})))
	id("v2 ID token for the SPA", All(idToken, Set("aud", SPAID), Set("nonce", "n")))
	id("for the SPA, with azp", All(Del("scp"), Set("aud", SPAID)))
	id("at_hash", Set("at_hash", "x"))
	id("c_hash", Set("c_hash", "x"))
	id("nonce", Set("nonce", ""))
	c.v1('I', "token_is_id_token", "v1 ID token", All(idToken, Set("aud", APIID), Set("nonce", "n")))
	c.v1('I', "token_is_id_token", "v1 ID token for the SPA", All(idToken, Set("aud", SPAID)))
	c.add('I', "token_audience", "access token for the SPA's own API", Set("aud", SPAID))
	for _, nonce := range []any{"AQABAAAAAAD", "", nil, 1} {
		c.add('I', "token_for_graph", fmt.Sprintf("header nonce %v", nonce), HSet("nonce", nonce))
		c.twin(HSet("nonce2", nonce))
	}
	c.v1('I', "token_for_graph", "Graph token", All(Set("aud", "https://graph.microsoft.com"), HSet("nonce", "x"), Set("scp", "User.Read")))
	kind := func(name string, e Edit) { c.add('I', "token_kind", name, e) }
	kind("ACS user token", func(k *Token) {
		k.Claims = map[string]any{"skypeid": "acs:x_y", "scp": 1792, "csi": "1", "exp": k.Claims["exp"], "acsScope": "chat,voip", "resourceId": "x", "iat": k.Claims["iat"]}
	})
	kind("skypeid", Set("skypeid", "orgid:x"))
	kind("acsScope", Set("acsScope", "chat"))
	for _, aud := range []string{TeamsURL, TeamsURL + "/", TeamsID, strings.ToUpper(TeamsID), "https://auth.msft.communication.azure.us"} {
		kind("Teams token "+aud, All(Set("aud", aud), Set("scp", "Teams.ManageCalls Teams.ManageChats")))
	}
	kind("proof of possession", Set("cnf", map[string]string{"kid": "x"}))
	kind("cnf null", Set("cnf", nil))
	kind("signed HTTP request", HSet("typ", "pop"))
	kind("logout token", Set("events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}))
	text := func(name, s string) { c.add('I', "token_invalid", name, Wrap(func(string) string { return s })) }
	text("refresh token", "0.AXoA"+strings.Repeat("b", 800)+".AgABAwEAAAApTwJmzXqdR4BN2miheQMY")
	text("authorization code", "0.AXoA"+strings.Repeat("c", 600))
	text("SAML", B64([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>`)))
	text("opaque Microsoft account token", "EwB4A8l6BAAU"+strings.Repeat("d", 500))
	text("personal access token", "ghp_"+strings.Repeat("e", 36))
	text("hexadecimal", strings.Repeat("0f", 32))
	text("JWE", B64([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM"}`))+".a2V5.aXY.dGV4dA.dGFn")
	c.add('I', "token_invalid", "nested JWT", All(HSet("cty", "JWT"), Payload(func(string) string { return Mint(c.w.V2()) })))
	c.add('I', "token_invalid", "JWT as the payload", Payload(func(string) string { return Mint(c.w.V2()) }))
	c.add('I', "token_invalid", "JWT as a JSON string", Payload(func(string) string { return `"` + Mint(c.w.V2()) + `"` }))
}
