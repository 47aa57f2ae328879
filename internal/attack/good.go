package attack

import (
	"fmt"
	"strings"
)

// A Twin is a good token that differs from the plain one in something that must not matter.
type Twin struct {
	Name string
	Edit Edit
	V1   bool
}

// Mint makes the token of the twin, with more edits before its own.
func (w World) Mint(t Twin, before ...Edit) string {
	k := w.V2()
	if t.V1 {
		k = w.V1()
	}
	return Mint(k, append(before, t.Edit)...)
}

// Twins are the harmless variations: a server that refuses one of them is too strict.
func (w World) Twins() []Twin {
	var list []Twin
	add := func(name string, e Edit) { list = append(list, Twin{Name: name, Edit: e}) }
	v1 := func(name string, e Edit) { list = append(list, Twin{Name: "v1 " + name, Edit: e, V1: true}) }
	add("as it is", nil)
	v1("as it is", nil)
	v1("for the client id", Set("aud", APIID))
	w.headerTwins(add, v1)
	w.userTwins(add, v1)
	w.timeTwins(add)
	jsonTwins(add)
	inB := All(Set("tid", TenantB), Set("iss", w.V2Issuer(TenantB)))
	add("of the other tenant", All(inB, By(Ring()[2])))
	add("of the other tenant, with a key of its own", All(inB, By(Ring()[2]), HSet("kid", "k-b")))
	add("of the other tenant, with a kid that both have", All(inB, By(Ring()[2]), HSet("kid", "same")))
	v1("of the other tenant", All(Set("tid", TenantB), Set("iss", "https://sts.windows.net/"+TenantB+"/"), By(Ring()[3])))
	return list
}

func (w World) headerTwins(add, v1 func(string, Edit)) {
	add("without typ", HDel("typ"))
	add("typ at+jwt", HSet("typ", "at+jwt"))
	add("x5t beside kid", HSet("x5t", "k-v2"))
	add("x5t#S256 beside kid", HSet("x5t#S256", "AAAA"))
	add("other key of the set", HSet("kid", "same"))
	v1("other key of the set", HSet("kid", "same"))
	v1("without x5t", HDel("x5t"))
	for _, name := range []string{"future", "x-jwk", "x-jku", "xms_kid", "ppt"} {
		add("unknown header "+name, HSet(name, "x"))
	}
	add("header with an object", HSet("future", map[string]any{"a": []any{1, "b", nil, true}}))
	add("members of the header in another order", Header(func(string) string { return `{"kid":"k-v2","typ":"JWT","alg":"RS256"}` }))
	add("blanks in the header", Header(func(string) string { return "{ \"kid\" : \"k-v2\",\n\t\"alg\" : \"RS256\" }" }))
}

func (w World) userTwins(add, v1 func(string, Edit)) {
	add("ids in capitals", All(Set("oid", strings.ToUpper(Alice)), Set("tid", strings.ToUpper(TenantA)), Set("azp", strings.ToUpper(SPAID))))
	v1("ids in capitals", All(Set("oid", strings.ToUpper(Alice)), Set("tid", strings.ToUpper(TenantA)), Set("appid", strings.ToUpper(SPAID))))
	for _, scp := range []string{"access_as_user User.Read", "User.Read access_as_user", "openid profile access_as_user offline_access", "a  access_as_user  b", "access_as_user access_as_user"} {
		add(fmt.Sprintf("scp %q", scp), Set("scp", scp))
	}
	add("idtyp user", Set("idtyp", "user"))
	add("acct 0", Set("acct", 0))
	add("own idp, v1 form", Set("idp", "https://sts.windows.net/"+TenantA+"/"))
	add("own idp, v2 form", Set("idp", w.V2Issuer(TenantA)))
	for _, name := range []string{"name", "preferred_username", "azpacr", "rh", "uti"} {
		add("without "+name, Del(name))
	}
	add("azpacr 2", Set("azpacr", "2"))
	v1("appidacr 1", Set("appidacr", "1"))
	v1("without upn", Del("upn"))
	add("an e-mail of somebody else", Set("email", "bob@example.com"))
	add("a name of somebody else", All(Set("name", "Bob"), Set("preferred_username", "bob@example.com")))
	add("sub of 256 characters", Set("sub", strings.Repeat("s", 256)))
	add("wids", Set("wids", []string{GraphID}))
	add("200 groups", Set("groups", strings.Split(strings.TrimSpace(strings.Repeat(Bob+" ", 200)), " ")))
	add("groups overage", All(Set("_claim_names", map[string]string{"groups": "src1"}), Set("_claim_sources", map[string]any{"src1": map[string]string{"endpoint": "https://graph.microsoft.com/x"}})))
	add("hasgroups", Set("hasgroups", true))
	add("acrs", Set("acrs", []string{"c1"}))
	add("xms_cc", Set("xms_cc", []string{"cp1"}))
	add("ipaddr", Set("ipaddr", "203.0.113.7"))
	add("sid", Set("sid", Bob))
	add("login_hint", Set("login_hint", "O.x"))
}

func (w World) timeTwins(add func(string, Edit)) {
	add("without nbf", Del("nbf"))
	add("expired within the tolerance", All(At("iat", -3600), At("nbf", -3600), At("exp", -59+w.Slack)))
	add("from a clock that is ahead", All(At("iat", 60), At("nbf", 60)))
	add("a life of 28 h", At("exp", 28*3600))
	add("issued a day ago", All(At("iat", -24*3600), At("nbf", -24*3600)))
	add("a life of 5 minutes", At("exp", 300))
}

func jsonTwins(add func(string, Edit)) {
	in := func(name, members string) { add(name, Payload(First(members))) }
	in("unknown claim", `"future":"x"`)
	in("unknown claims of every type", `"f1":1,"f2":-1.5e3,"f3":true,"f4":null,"f5":[],"f6":{}`)
	in("depth 8", `"x":`+strings.Repeat("[", 7)+strings.Repeat("]", 7))
	in("emoji", `"x":"😀"`)
	in("escaped emoji", `"x":"\ud83d\ude00"`)
	in("escapes", `"x":"\"\\\/\b\f\n\r\t\u0000"`)
	in("__proto__", `"__proto__":{"oid":"x"}`)
	in("names that differ from claims", `"audience":"x","issuer":"y","oid2":"z","x_tid":"t"`)
	in("same name on two levels", `"x":{"oid":"`+Bob+`","aud":"x"}`)
	in("a large number", `"x":9007199254740993`)
	in("500 values", `"x":[`+strings.Repeat("1,", 499)+`1]`)
	add("blanks", Payload(func(s string) string { return strings.ReplaceAll(s, `,"`, ",\n \t\"") }))
	add("12 KiB", Set("fill", strings.Repeat("f", 8<<10)))
}
