package attack

import (
	"fmt"
	"strings"
)

// issuer is class F.
func (c *corpus) issuer() {
	good := c.w.V2Issuer(TenantA)
	for _, iss := range c.wrongIssuers(good) {
		c.add('F', "token_issuer", fmt.Sprintf("iss %q", iss), Set("iss", iss))
	}
	for _, iss := range []any{nil, 1, true, []string{good}, map[string]string{"iss": good}} {
		c.add('F', "token_issuer", fmt.Sprintf("iss %v", iss), Set("iss", iss))
	}
	c.add('F', "token_issuer", "iss missing", Del("iss"))
	c.v1('F', "token_issuer", "v1 iss without slash", Set("iss", "https://sts.windows.net/"+TenantA))
	c.v1('F', "token_issuer", "v1 iss with http", Set("iss", "http://sts.windows.net/"+TenantA+"/"))
	c.v1('F', "token_issuer", "v1 iss of tenant B", Set("iss", "https://sts.windows.net/"+TenantB+"/"))
	for _, tid := range []string{TenantX, Consumers, "common", "organizations", "consumers", "contoso.onmicrosoft.com", "{" + TenantA + "}", strings.ReplaceAll(TenantA, "-", ""), TenantA + " ", " " + TenantA,
		"", " ", "null", "00000000-0000-0000-0000-000000000000", TenantA + "," + TenantB, TenantA[:35], TenantA[:35] + "\uff11", TenantA[:35] + "g", "../" + TenantA, "{tenantid}", "*", strings.Repeat("a", 9000)} {
		c.add('F', "token_tenant", fmt.Sprintf("tid %.40q", tid), Set("tid", tid))
	}
	for _, tid := range []any{nil, 1, true, []string{TenantA}, map[string]string{"tid": TenantA}} {
		c.add('F', "token_tenant", fmt.Sprintf("tid %v", tid), Set("tid", tid))
	}
	c.add('F', "token_tenant", "tid missing", Del("tid"))
	c.add('F', "token_tenant", "another tenant, all consistent", All(Set("tid", TenantX), Set("iss", c.w.V2Issuer(TenantX))))
	c.add('F', "token_issuer", "tid is not that of iss", Set("tid", TenantB))
	c.twin(All(Set("tid", TenantB), Set("iss", c.w.V2Issuer(TenantB)), By(Ring()[2])))
	for _, ver := range []any{"", "3.0", "2", "2.0 ", "v2.0", "2.00", "1", 2, nil, true, []string{"2.0"}} {
		c.add('F', "token_version", fmt.Sprintf("ver %#v", ver), Set("ver", ver))
	}
	c.add('F', "token_version", "ver missing", Del("ver"))
	c.add('F', "token_version", "ver 1.0 in a v2 token", Set("ver", "1.0"))
	c.v1('F', "token_version", "ver 2.0 in a v1 token", Set("ver", "2.0"))
	c.add('F', "token_version", "v2 with the v1 issuer", Set("iss", "https://sts.windows.net/"+TenantA+"/"))
	c.v1('F', "token_version", "v1 with the v2 issuer", Set("iss", good))
	c.add('F', "token_key_unknown", "v2 turned into v1, signed by the v2 key", All(Set("ver", "1.0"), Set("iss", "https://sts.windows.net/"+TenantA+"/"), Del("azp", "azpacr"), Set("appid", SPAID)))
}

// wrongIssuers are the issuers that look like the good one, or belong to somebody else.
func (c *corpus) wrongIssuers(good string) []string {
	at := func(tenant string) string { return c.w.V2Issuer(tenant) }
	return []string{
		otherScheme(good), good + "/", strings.ToUpper(good), swap(good, "lo", "Lo"), swap(good, "/", ":443/"), swap(good, "/", ":0/"), swap(good, "lo", "user@lo"), swap(good, "lo", "user:pass@lo"),
		"https://login.microsoftonline.com.evil.example/" + TenantA + "/v2.0", swap(good, "/", ".evil.example/"), swap(good, "/", "./"), swap(good, "l", "1"), swap(good, "lo", "l\u043e"), swap(good, "lo", "xn--lo"), swap(good, "/", "@evil.example/"),
		good + "?x", good + "#x", good + "/../v2.0", strings.Replace(good, "/v2.0", "//v2.0", 1), strings.Replace(good, "/v2.0", "/./v2.0", 1), strings.Replace(good, "/v2.0", "%2fv2.0", 1), strings.Replace(good, "/v2.0", "\\v2.0", 1),
		good + " ", " " + good, good + "\x00", strings.Replace(good, "v2.0", "v2.1", 1), strings.Replace(good, "v2.0", "V2.0", 1), strings.TrimSuffix(good, "/v2.0"), c.w.Host, c.w.Host + "/v2.0", "",
		at("{tenantid}"), at("common"), at("organizations"), at("consumers"), at(Consumers), at(TenantB), at(TenantX), at(strings.ToUpper(TenantA)), at(strings.ReplaceAll(TenantA, "-", "")), at("{" + TenantA + "}"),
		"https://login.microsoftonline.us/" + TenantA + "/v2.0", "https://login.partner.microsoftonline.cn/" + TenantA + "/v2.0", "https://login.windows.net/" + TenantA + "/v2.0",
		"https://sts.windows.net/" + TenantA, "https://sts.windows.net/" + TenantB + "/", "https://sts.chinacloudapi.cn/" + TenantA + "/", "https://contoso.b2clogin.com/" + TenantA + "/v2.0/", "https://contoso.b2clogin.com/tfp/" + TenantA + "/b2c_1_signin/v2.0/",
		"https://" + TenantA + ".ciamlogin.com/" + TenantA + "/v2.0", "https://adfs.contoso.com/adfs", "https://evil.example/" + TenantA + "/v2.0", "https://accounts.google.com", "https://contoso.okta.com/oauth2/default",
	}
}

// otherScheme makes http of https, and the other way round.
func otherScheme(url string) string {
	if rest, ok := strings.CutPrefix(url, "https"); ok {
		return "http" + rest
	}
	return "https" + strings.TrimPrefix(url, "http")
}
