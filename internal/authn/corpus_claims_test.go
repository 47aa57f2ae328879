package authn_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// keyChoice is class C.
func (c *corpus) keyChoice() {
	evil := jwk("k-v2", &keyRing()[2].PublicKey, nil)
	refused := func(name string, value any, more ...edit) {
		c.add('C', "token_invalid", fmt.Sprintf("header %s=%.40v", name, value), all(append(more, hset(name, value))...))
		c.twin(hset("x-"+name, value))
	}
	refused("jwk", evil, by(keyRing()[2]))
	for _, url := range []string{"https://evil.example/keys", "http://127.0.0.1/keys", "file:///etc/passwd", "//evil.example", "http://169.254.169.254/latest",
		publicHost + "@evil.example/keys", publicHost + "/" + tenantA + "/discovery/v2.0/keys", "ftp://evil.example", "gopher://x", "data:application/json,{}", "http://[::1]/", "https://localhost"} {
		refused("jku", url, by(keyRing()[2]))
	}
	refused("x5u", "https://evil.example/cert")
	refused("x5c", []string{"MIIB"})
	refused("crit", []string{"exp"})
	refused("crit", []string{})
	refused("crit", nil)
	refused("b64", false)
	refused("zip", "DEF")
	refused("cty", "JWT")
	refused("enc", "A256GCM")
	refused("p2c", 1<<30)
	refused("p2s", "c2FsdA")
	refused("epk", map[string]string{"kty": "EC"})
	for _, typ := range []any{"jwt", "JWE", "JOSE", "at+JWT", "application/at+jwt", "id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "", nil, 1, []string{"JWT"}} {
		c.add('C', "token_invalid", fmt.Sprintf("typ %v", typ), hset("typ", typ))
	}
	for _, kid := range []any{"", nil, 1, true, []string{"k-v2"}, map[string]string{"kid": "k-v2"}, strings.Repeat("k", 129), "../../dev/null", "/etc/passwd",
		"k-v2' OR '1'='1", "k-v2\x00", "k-v2 ", " k-v2", "https://evil.example/key", "k-v2;ls", "k%2dv2", "k‐v2", "{tenantid}", "k.v2", "k-v2\n", "..", "*"} {
		c.add('C', "token_invalid", fmt.Sprintf("kid %.30v", kid), hset("kid", kid))
	}
	c.add('C', "token_invalid", "kid missing", hdel("kid"))
	c.add('C', "token_invalid", "kid missing, x5t there", all(hdel("kid"), hset("x5t", "k-v2")))
	c.twin(hset("x5t", "k-v2"))
	c.add('C', "token_invalid", "kid in capitals", all(hdel("kid"), hset("KID", "k-v2")))
	c.add('C', "token_invalid", "kid twice", header(first(`"kid":"k-b"`)))
	for _, kid := range []string{"K-V2", "removed", "future", "k-b", "k-v1", strings.Repeat("k", 128), "enc", "e3", "rs512", "small", "ec", "oct", "consumer",
		"other-issuer", "other-cloud", "issuer-number", "twice", "crypt-op", "bad-n", "-", "__proto__", "constructor"} {
		c.add('C', "token_key_unknown", "kid "+kid, hset("kid", kid))
		c.twin(hset("kid", "same"))
	}
	c.add('C', "token_key_unknown", "signed by the small key", all(hset("kid", "small"), signing(func(_ *token, s string) []byte { return append(rs256(smallKey(), s), make([]byte, 128)...) })))
	c.add('C', "token_invalid", "short signature of the small key", all(hset("kid", "small"), by(smallKey())))
	// One kid, three keys: of tenant A in v2 and v1, and of tenant B.
	same, inB := hset("kid", "same"), all(set("iss", publicHost+"/"+tenantB+"/v2.0"), set("tid", tenantB))
	c.add('C', "token_signature", "same kid, key of the other tenant", all(same, by(keyRing()[2])))
	c.twin(all(same, inB, by(keyRing()[2])))
	c.add('C', "token_signature", "same kid, token of B with the key of A", all(same, inB))
	c.twin(same)
	c.add('C', "token_signature", "same kid, v2 token with the v1 key", all(same, by(keyRing()[1])))
	c.v1('C', "token_signature", "same kid, v1 token with the v2 key", all(same, by(keyRing()[0])))
	c.twin(same)
	c.add('C', "token_key_unknown", "token of B with a kid of A", all(inB, hset("kid", "enc")))
}

// times is class E. The clock stands at a full second.
func (c *corpus) times() {
	now := time.Now().Unix()
	at := func(want, name, claim string, bad, good any) {
		c.add('E', want, name, set(claim, bad))
		c.twin(set(claim, good))
	}
	at("token_expired", "expired 60 s ago", "exp", now-60, now+3600)
	at("token_expired", "expired 61 s ago", "exp", now-61, now+3600)
	at("token_expired", "exp 0", "exp", 0, now+3600)
	at("token_expired", "exp in milliseconds of 1970", "exp", now/1000, now+3600)
	c.add('E', "token_expired", "expired 60 s ago, issued before", all(set("iat", now-3600), set("nbf", now-3600), set("exp", now-60)))
	c.twin(all(set("iat", now-3600), set("nbf", now-3600), set("exp", now-59)))
	at("token_not_yet_valid", "nbf 61 s ahead", "nbf", now+61, now+60)
	at("token_not_yet_valid", "iat 61 s ahead", "iat", now+61, now+60)
	at("token_not_yet_valid", "nbf in 2100", "nbf", 4102444800, now)
	at("token_not_yet_valid", "iat in milliseconds", "iat", now*1000, now)
	at("token_not_yet_valid", "nbf 2^53", "nbf", 1<<53, now)
	at("token_lifetime", "exp in milliseconds", "exp", now*1000, now+3600)
	at("token_lifetime", "a life of 28 h and 1 s", "exp", now+28*3600+1, now+28*3600)
	at("token_lifetime", "year 9999", "exp", 253402300799, now+3600)
	at("token_lifetime", "exp 2^53", "exp", 1<<53, now+3600)
	at("token_lifetime", "exp before nbf", "exp", now-1, now+1)
	at("token_lifetime", "exp is nbf", "exp", now, now+1)
	at("token_lifetime", "iat 0", "iat", 0, now-27*3600)
	c.add('E', "token_lifetime", "nbf after exp", all(set("nbf", now+50), set("exp", now+40)))
	c.add('E', "token_lifetime", "exp missing", del("exp"))
	c.add('E', "token_lifetime", "iat missing", del("iat"))
	c.twin(del("nbf"))
	for _, claim := range []string{"exp", "nbf", "iat"} {
		for _, raw := range []string{`"946688400"`, `""`, "946688400.0", "946688400.5", "9.466884e8", "1e400", "-1", "-0", "9007199254740993", "18446744073709551616", "null", "true", "[946688400]", "{}"} {
			c.add('E', "token_invalid", claim+" "+raw, set(claim, json.RawMessage(raw)))
			c.twin(set("other", json.RawMessage(raw)))
		}
	}
	c.add('E', "token_signature", "expired and badly signed", all(set("exp", now-100), by(keyRing()[2])))
}

// issuer is class F.
func (c *corpus) issuer() {
	good := publicHost + "/" + tenantA + "/v2.0"
	for _, iss := range []string{
		"http" + good[5:], good + "/", strings.ToUpper(good), strings.Replace(good, "login", "Login", 1), strings.Replace(good, ".com", ".com:443", 1),
		strings.Replace(good, "https://", "https://user@", 1), "https://login.microsoftonline.com.evil.example/" + tenantA + "/v2.0", strings.Replace(good, "microsoft", "rnicrosoft", 1),
		strings.Replace(good, "microsoft", "m\u0456crosoft", 1), strings.Replace(good, "login", "xn--login", 1), good + "?x", good + "#x", good + "/../v2.0", strings.Replace(good, "/v2.0", "//v2.0", 1), strings.Replace(good, "/v2.0", "/./v2.0", 1),
		good + " ", " " + good, good + "\x00", strings.Replace(good, "v2.0", "v2.1", 1), strings.TrimSuffix(good, "/v2.0"), publicHost, publicHost + "/v2.0", "",
		publicHost + "/{tenantid}/v2.0", publicHost + "/common/v2.0", publicHost + "/organizations/v2.0", publicHost + "/" + consumers + "/v2.0", publicHost + "/" + tenantB + "/v2.0", publicHost + "/" + tenantX + "/v2.0",
		publicHost + "/" + strings.ToUpper(tenantA) + "/v2.0", "https://login.microsoftonline.us/" + tenantA + "/v2.0", "https://login.partner.microsoftonline.cn/" + tenantA + "/v2.0",
		"https://sts.windows.net/" + tenantA, "https://sts.windows.net/" + tenantB + "/", "https://sts.chinacloudapi.cn/" + tenantA + "/", "https://contoso.b2clogin.com/" + tenantA + "/v2.0/", "https://" + tenantA + ".ciamlogin.com/" + tenantA + "/v2.0",
		"https://adfs.contoso.com/adfs", "https://evil.example/" + tenantA + "/v2.0",
	} {
		c.add('F', "token_issuer", fmt.Sprintf("iss %q", iss), set("iss", iss))
	}
	for _, iss := range []any{nil, 1, true, []string{good}, map[string]string{"iss": good}} {
		c.add('F', "token_issuer", fmt.Sprintf("iss %v", iss), set("iss", iss))
	}
	c.add('F', "token_issuer", "iss missing", del("iss"))
	c.v1('F', "token_issuer", "v1 iss without slash", set("iss", "https://sts.windows.net/"+tenantA))
	c.v1('F', "token_issuer", "v1 iss with http", set("iss", "http://sts.windows.net/"+tenantA+"/"))
	c.v1('F', "token_issuer", "v1 iss of tenant B", set("iss", "https://sts.windows.net/"+tenantB+"/"))
	for _, tid := range []string{tenantX, consumers, "common", "organizations", "consumers", "contoso.onmicrosoft.com", "{" + tenantA + "}", strings.ReplaceAll(tenantA, "-", ""), tenantA + " ", " " + tenantA,
		"", " ", "null", "00000000-0000-0000-0000-000000000000", tenantA + "," + tenantB, tenantA[:35], tenantA[:35] + "\uff11", tenantA[:35] + "g", "../" + tenantA, "{tenantid}", "*", strings.Repeat("a", 9000)} {
		c.add('F', "token_tenant", fmt.Sprintf("tid %.40q", tid), set("tid", tid))
	}
	for _, tid := range []any{nil, 1, true, []string{tenantA}, map[string]string{"tid": tenantA}} {
		c.add('F', "token_tenant", fmt.Sprintf("tid %v", tid), set("tid", tid))
	}
	c.add('F', "token_tenant", "tid missing", del("tid"))
	c.add('F', "token_tenant", "another tenant, all consistent", all(set("tid", tenantX), set("iss", publicHost+"/"+tenantX+"/v2.0")))
	c.add('F', "token_issuer", "tid is not that of iss", set("tid", tenantB))
	c.twin(all(set("tid", tenantB), set("iss", publicHost+"/"+tenantB+"/v2.0"), by(keyRing()[2])))
	for _, ver := range []any{"", "3.0", "2", "2.0 ", "v2.0", "2.00", "1", 2, 2.0, nil, true, []string{"2.0"}} {
		c.add('F', "token_version", fmt.Sprintf("ver %#v", ver), set("ver", ver))
	}
	c.add('F', "token_version", "ver missing", del("ver"))
	c.add('F', "token_version", "ver 1.0 in a v2 token", set("ver", "1.0"))
	c.v1('F', "token_version", "ver 2.0 in a v1 token", set("ver", "2.0"))
	c.add('F', "token_version", "v2 with the v1 issuer", set("iss", "https://sts.windows.net/"+tenantA+"/"))
	c.v1('F', "token_version", "v1 with the v2 issuer", set("iss", good))
	c.add('F', "token_key_unknown", "v2 turned into v1, signed by the v2 key", all(set("ver", "1.0"), set("iss", "https://sts.windows.net/"+tenantA+"/"), del("azp", "azpacr"), set("appid", spaID)))
}

// audience is class G.
func (c *corpus) audience() {
	for _, aud := range []string{strings.ToUpper(apiID), apiID + "/", " " + apiID, apiID + " ", "{" + apiID + "}", strings.ReplaceAll(apiID, "-", ""), strangerID, "api://" + strangerID, apiURI,
		apiURI + "/", "api:///" + apiID, "API://" + apiID, "https://contoso.example/api", "", "*", "null", apiID[:35], apiID + "0", apiID + "," + strangerID, apiID + " " + strangerID, "urn:" + apiID,
		"https://communication.azure.com/.default", "00000000-0000-0000-0000-000000000000", strings.Repeat("a", 5000)} {
		c.add('G', "token_audience", fmt.Sprintf("aud %.50q", aud), set("aud", aud))
	}
	for _, aud := range []string{strings.ToUpper(apiURI), apiURI + "/", apiURI + "/access_as_user", "https://" + apiID, strings.ToUpper(apiID), strangerID, "API://" + apiID, "api://" + strangerID} {
		c.v1('G', "token_audience", "v1 aud "+aud, set("aud", aud))
		c.twin(set("aud", apiID))
	}
	for _, aud := range []any{nil, 1, true, []string{}, []string{apiID}, []string{apiID, strangerID}, []any{[]string{apiID}}, []any{apiID, 1}, map[string]string{"aud": apiID}} {
		c.add('G', "token_audience", fmt.Sprintf("aud %v", aud), set("aud", aud))
	}
	c.add('G', "token_audience", "aud missing", del("aud"))
	for _, aud := range []string{graphID, "https://graph.microsoft.com", "https://graph.microsoft.com/", "https://GRAPH.microsoft.com", "https://graph.microsoft.us", "00000002-0000-0000-c000-000000000000"} {
		c.add('G', "token_for_graph", "aud "+aud, set("aud", aud))
	}
}

// rights is class H.
func (c *corpus) rights() {
	for _, scp := range []string{"access_as_user2", "xaccess_as_user", "access_as_use", "Access_as_user", "ACCESS_AS_USER", "access_as_user,User.Read", "access_as_user\tUser.Read", "access_as_user\n", "\u00a0access_as_user",
		"acce\u0455s_as_user", "access-as-user", "User.Read", "", " ", apiURI + "/access_as_user", "access_as_user.", "*", ".default", "access_as_user\x00", "access as user"} {
		c.add('H', "token_scope", fmt.Sprintf("scp %q", scp), set("scp", scp))
		c.twin(set("scp", "User.Read  access_as_user openid"))
	}
	for _, scp := range []any{nil, 1, true, []string{"access_as_user"}, []string{}, map[string]bool{"access_as_user": true}} {
		c.add('H', "token_scope", fmt.Sprintf("scp %v", scp), set("scp", scp))
	}
	c.add('H', "token_scope", "no scp", del("scp"))
	c.add('H', "token_scope", "no scp, empty roles", all(del("scp"), set("roles", []string{})))
	c.add('H', "token_scope", "no scp, idtyp app", all(del("scp"), set("idtyp", "app")))
	c.add('H', "token_scope", "empty scp beside roles", all(set("scp", ""), set("roles", []string{"access_as_user"})))
	c.twin(set("roles", []string{"access_as_user"}))
	for _, roles := range []any{"Admin", nil, 1, []any{1}, []string{""}, map[string]string{"a": "b"}, []any{[]string{"a"}}} {
		c.add('H', "token_scope", fmt.Sprintf("roles %v", roles), set("roles", roles))
		c.twin(set("roles", []string{"Admin"}))
	}
	app := all(del("scp"), set("roles", []string{"access_as_user"}))
	c.add('H', "token_app_only", "roles instead of scp", app)
	c.add('H', "token_app_only", "idtyp app", all(app, set("idtyp", "app")))
	c.add('H', "token_app_only", "idtyp app beside scp", set("idtyp", "app"))
	c.twin(set("idtyp", "user"))
	c.v1('H', "token_app_only", "v1 roles instead of scp", app)
	c.add('H', "token_app_only", "app-only guest", all(app, set("acct", 1)))
	for _, idtyp := range []any{"device", "App", "USER", "", nil, 1} {
		c.add('H', "token_kind", fmt.Sprintf("idtyp %v", idtyp), set("idtyp", idtyp))
	}
	c.add('H', "token_kind", "idtyp user without scp", all(app, set("idtyp", "user")))
	for _, azp := range []any{strangerID, "", "*", nil, 1, []string{spaID}, spaID + " ", "{" + spaID + "}", "https://spa.example", graphID, apiID} {
		c.add('H', "token_client", fmt.Sprintf("azp %v", azp), set("azp", azp))
		c.v1('H', "token_client", fmt.Sprintf("appid %v", azp), set("appid", azp))
	}
	c.add('H', "token_client", "azp missing", del("azp"))
	c.v1('H', "token_client", "appid missing", del("appid"))
	c.add('H', "token_version", "azp and appid", set("appid", spaID))
	c.v1('H', "token_version", "appid and azp", set("azp", spaID))
	c.add('H', "token_version", "appid for azp", all(del("azp"), set("appid", spaID)))
	c.add('H', "token_version", "appidacr in v2", set("appidacr", "0"))
	c.v1('H', "token_version", "azpacr in v1", set("azpacr", "0"))
	for _, idp := range []any{"live.com", "mail", "google.com", "https://sts.windows.net/" + tenantX + "/", "https://sts.windows.net/" + tenantA, "", nil, 1} {
		c.add('H', "token_guest", fmt.Sprintf("idp %v", idp), set("idp", idp))
		c.twin(set("idp", "https://sts.windows.net/"+tenantA+"/"))
	}
	for _, acct := range []any{1, "1", 2, true, nil, -1, "guest", []int{0}} {
		c.add('H', "token_guest", fmt.Sprintf("acct %v", acct), set("acct", acct))
		c.twin(set("acct", 0))
	}
}

// wrongKind is class I.
func (c *corpus) wrongKind() {
	idToken := del("scp", "azp", "azpacr", "appid", "appidacr")
	id := func(name string, e edit) { c.add('I', "token_is_id_token", name, e) }
	id("v2 ID token", all(idToken, set("nonce", "n")))
	id("v2 ID token without nonce", idToken)
	id("v2 ID token with roles", all(idToken, set("roles", []string{"Admin"})))
	id("v2 ID token for the SPA", all(idToken, set("aud", spaID), set("nonce", "n")))
	id("for the SPA, with azp", all(del("scp"), set("aud", spaID)))
	id("at_hash", set("at_hash", "x"))
	id("c_hash", set("c_hash", "x"))
	id("nonce", set("nonce", ""))
	c.v1('I', "token_is_id_token", "v1 ID token", all(idToken, set("aud", apiID), set("nonce", "n")))
	c.v1('I', "token_is_id_token", "v1 ID token for the SPA", all(idToken, set("aud", spaID)))
	c.add('I', "token_audience", "access token for the SPA's own API", set("aud", spaID))
	for _, nonce := range []any{"AQABAAAAAAD", "", nil, 1} {
		c.add('I', "token_for_graph", fmt.Sprintf("header nonce %v", nonce), hset("nonce", nonce))
		c.twin(hset("nonce2", nonce))
	}
	c.v1('I', "token_for_graph", "Graph token", all(set("aud", "https://graph.microsoft.com"), hset("nonce", "x"), set("scp", "User.Read")))
	kind := func(name string, e edit) { c.add('I', "token_kind", name, e) }
	kind("ACS user token", func(k *token) {
		k.claims = map[string]any{"skypeid": "acs:x_y", "scp": 1792, "csi": "1", "exp": k.claims["exp"], "acsScope": "chat,voip", "resourceId": "x", "iat": k.claims["iat"]}
	})
	kind("skypeid", set("skypeid", "orgid:x"))
	kind("acsScope", set("acsScope", "chat"))
	for _, aud := range []string{teamsURL, teamsURL + "/", teamsID, strings.ToUpper(teamsID), "https://auth.msft.communication.azure.us"} {
		kind("Teams token "+aud, all(set("aud", aud), set("scp", "Teams.ManageCalls Teams.ManageChats")))
	}
	kind("proof of possession", set("cnf", map[string]string{"kid": "x"}))
	kind("cnf null", set("cnf", nil))
	kind("signed HTTP request", hset("typ", "pop"))
	kind("logout token", set("events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}))
	text := func(name, s string) { c.add('I', "token_invalid", name, wrap(func(string) string { return s })) }
	text("refresh token", "0.AXoA"+strings.Repeat("b", 800)+".AgABAwEAAAApTwJmzXqdR4BN2miheQMY")
	text("authorization code", "0.AXoA"+strings.Repeat("c", 600))
	text("SAML", b64([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>`)))
	text("opaque Microsoft account token", "EwB4A8l6BAAU"+strings.Repeat("d", 500))
	text("personal access token", "ghp_"+strings.Repeat("e", 36))
	text("hexadecimal", strings.Repeat("0f", 32))
	text("JWE", b64([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM"}`))+".a2V5.aXY.dGV4dA.dGFn")
	c.add('I', "token_invalid", "nested JWT", all(hset("cty", "JWT"), payload(func(string) string { return mint(baseV2()) })))
	c.add('I', "token_invalid", "JWT as the payload", payload(func(string) string { return mint(baseV2()) }))
	c.add('I', "token_invalid", "JWT as a JSON string", payload(func(string) string { return `"` + mint(baseV2()) + `"` }))
}
