package authn_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// subject is class J.
func (c *corpus) subject() {
	for _, oid := range []string{"", " ", "null", "undefined", "me", "alice@example.com", "{" + alice + "}", strings.ReplaceAll(alice, "-", ""), alice + " ", " " + alice, alice + "\x00", alice[:35], alice + "0",
		alice[:35] + "\u0661", "\uff41" + alice[3:], strings.Repeat("a", 10<<10), "' OR 1=1 --", "'; DROP TABLE mappings;--", "a11ce000' eq '", "__proto__", "constructor", "../" + alice, alice + "/..", "*",
		"00000000-0000-0000-0000-000000000000", "a11ce000_0000_4000_8000_00000000000a", "urn:uuid:" + alice, "a11ce0000-000-4000-8000-00000000000a", alice + "," + bob} {
		c.add('J', "token_subject", fmt.Sprintf("oid %.40q", oid), set("oid", oid))
		c.twin(set("oid", strings.ToUpper(bob)))
	}
	for _, oid := range []any{nil, 0, 1, true, []string{alice}, []string{}, map[string]string{"oid": alice}} {
		c.add('J', "token_subject", fmt.Sprintf("oid %v", oid), set("oid", oid))
		c.add('J', "token_subject", fmt.Sprintf("sub %v", oid), set("sub", oid))
	}
	for _, sub := range []string{"", " ", "\t", "a b", "a\x00", "\u00e9", strings.Repeat("s", 257), "\u200b"} {
		c.add('J', "token_subject", fmt.Sprintf("sub %.40q", sub), set("sub", sub))
		c.twin(set("sub", strings.Repeat("s", 256)))
	}
	c.add('J', "token_subject", "oid missing", del("oid"))
	c.add('J', "token_subject", "sub missing", del("sub"))
	c.add('J', "token_subject", "names instead of oid", all(del("oid"), set("upn", "alice@example.com"), set("email", "alice@example.com"), set("puid", "1003")))
	c.twin(all(set("upn", "alice@example.com"), set("email", "alice@example.com"), set("puid", "1003")))
	c.v1('J', "token_subject", "v1 without oid", del("oid"))
}

// json is class K.
func (c *corpus) json() {
	in := func(name string, f func(string) string) { c.add('K', "token_invalid", name, payload(f)) }
	values := map[string]string{"aud": `"` + apiID + `"`, "iss": `"x"`, "tid": `"` + tenantB + `"`, "oid": `"` + bob + `"`, "exp": "4102444800", "scp": `"access_as_user"`, "azp": `"` + spaID + `"`, "ver": `"2.0"`, "sub": `"s"`}
	for _, name := range []string{"aud", "iss", "tid", "oid", "exp", "scp", "azp", "ver", "sub"} {
		value := values[name]
		in(name+" twice, first", first(`"`+name+`":`+value))
		in(name+" twice, last", func(s string) string { return s[:len(s)-1] + `,"` + name + `":` + value + "}" })
		in(name+" by escape", first(fmt.Sprintf(`"\u%04x%s":%s`, name[0], name[1:], value)))
		in(name+" in capitals", first(`"`+strings.ToUpper(name)+`":`+value))
		in(name+" with one capital", first(`"`+strings.ToUpper(name[:1])+name[1:]+`":`+value))
		c.twin(payload(first(`"x_` + name + `":` + value)))
	}
	in("sub with a long s", first(`"ſub":"s"`))
	in("scp with a long s by escape", first(`"\u017fcp":"s"`))
	in("skypeid with a Kelvin sign", first(`"s`+"\u212a"+`ypeid":"s"`))
	c.add('K', "token_invalid", "kid with a Kelvin sign", header(first(`"`+"\u212a"+`id":"x"`)))
	c.add('K', "token_invalid", "alg by escape", header(first(`"\u0061lg":"RS256"`)))
	c.add('K', "token_invalid", "Alg", header(first(`"Alg":"none"`)))
	c.add('K', "token_invalid", "JKU in capitals", header(first(`"JKU":"https://evil.example"`)))
	in("twice below", first(`"x":{"a":1,"a":2}`))
	in("twice below by escape", first(`"x":{"a":1,"\u0061":2}`))
	c.twin(payload(first(`"x":{"a":1,"A":2}`)))
	for _, value := range []string{`"` + "\xff" + `"`, `"` + "\xc0\xaf" + `"`, `"` + "\xed\xa0\x80" + `"`, `"` + "\xf5\x80\x80\x80" + `"`, `"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, `"\udc00\ud800"`, `"\ud83d\n"`, "NaN", "Infinity", "-", "+1", "01", "1.", ".5", "1e", "0x10", "1_000",
		"nul", "True", "'a'", "undefined", `"a`, `"` + "\n" + `"`, `"\x41"`, `"\u12"`, `"\u00g0"`, `"\'"`, "[1,]", "[,1]", "[1 2]", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, "/**/1", "1//x", "1#x", "", "[", "]"} {
		in(fmt.Sprintf("value %q", value), first(`"x":`+value))
		c.twin(payload(first(`"x":"😀","y":"\ud83d\ude00","z":[1.5e3,-0,null,{}]`)))
	}
	for name, f := range map[string]func(string) string{
		"trailing text": func(s string) string { return s + "x" }, "trailing space": func(s string) string { return s + " " }, "trailing NUL": func(s string) string { return s + "\x00" }, "leading space": func(s string) string { return " " + s },
		"two objects": func(s string) string { return s + s }, "two lines": func(s string) string { return s + "\n{}" }, "array": func(s string) string { return "[" + s + "]" }, "string": func(s string) string { return string(must(json.Marshal(s))) },
		"null": func(string) string { return "null" }, "number": func(string) string { return "1" }, "true": func(string) string { return "true" }, "BOM": func(s string) string { return "\ufeff" + s }, "UTF-16": utf16le,
		"unclosed": func(s string) string { return s[:len(s)-1] }, "comment": func(s string) string { return "/**/" + s }, "closing comma": func(s string) string { return s[:len(s)-1] + ",}" }, "no commas": func(s string) string { return strings.ReplaceAll(s, ",", " ") },
		"depth 9": first(`"x":` + strings.Repeat("[", 8) + strings.Repeat("]", 8)), "depth 9 in objects": first(`"x":` + strings.Repeat(`{"a":`, 8) + "1" + strings.Repeat("}", 8)), "depth 4000": first(`"x":` + strings.Repeat("[", 4000) + strings.Repeat("]", 4000)),
		"2000 values": first(`"x":[` + strings.Repeat("1,", 2000) + "1]"), "1100 members": manyMembers(1100),
	} {
		in(name, f)
		c.twin(payload(first(`"x":` + strings.Repeat("[", 7) + strings.Repeat("]", 7) + `,"y":[` + strings.Repeat("1,", 900) + "1]")))
		c.add('K', "token_invalid", "header: "+name, header(short(f)))
	}
	c.add('K', "token_is_id_token", "empty object but for aud and iss", payload(func(string) string { return `{"aud":"` + apiID + `","iss":"x"}` }))
	c.add('K', "token_version", "empty object", payload(func(string) string { return "{}" }))
}

func utf16le(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(string([]byte{byte(r), byte(r >> 8)}))
	}
	return b.String()
}

func manyMembers(n int) func(string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"m%d":0,`, i)
	}
	return first(strings.TrimSuffix(b.String(), ","))
}

// short keeps a header below its limit of bytes, so that the fault under test stays the first one.
func short(f func(string) string) func(string) string {
	return func(s string) string {
		if out := f(s); len(out) < 1500 {
			return out
		}
		return first(`"x":` + strings.Repeat("[", 700) + strings.Repeat("]", 700))(s)
	}
}

// size is class L.
func (c *corpus) size() {
	fill := func(n int) edit { // makes the JWT n bytes long, if the rest of the division by 4 allows it
		return func(k *token) {
			k.claims["fill"] = ""
			missing := n - len(mint(copyOf(k)))
			k.claims["fill"] = strings.Repeat("f", missing*3/4)
			for len(mint(copyOf(k))) < n {
				k.claims["fill"] = k.claims["fill"].(string) + "f"
			}
		}
	}
	c.add('L', "token_too_large", "16 KiB and a bit", fill(16<<10+1))
	c.twin(fill(16<<10 - 3))
	big := func(name, s string) { c.add('L', "token_too_large", name, wrap(func(string) string { return s })) }
	big("1 MiB of dots", strings.Repeat(".", 1<<20))
	big("1 MiB of text", strings.Repeat("A", 1<<20))
	big("16 KiB and one byte of text", strings.Repeat("A", 16<<10+1))
	c.add('L', "token_invalid", "16 KiB of dots", wrap(func(string) string { return strings.Repeat(".", 16<<10) }))
	c.add('L', "token_invalid", "16 KiB of text", wrap(func(string) string { return strings.Repeat("A", 16<<10) }))
	c.add('L', "token_too_large", "kid of 64 KiB", hset("kid", strings.Repeat("k", 64<<10)))
	c.add('L', "token_too_large", "kid of 1 MiB", hset("kid", strings.Repeat("k", 1<<20)))
	c.add('L', "token_invalid", "kid of 4 KiB", hset("kid", strings.Repeat("k", 4<<10)))
	c.add('L', "token_invalid", "header of 2 KiB and a bit", hset("future", strings.Repeat("x", 1500)))
	c.twin(hset("future", strings.Repeat("x", 1450)))
	c.add('L', "token_too_large", "100000 groups", set("groups", make([]int, 100000)))
	c.add('L', "token_invalid", "1100 groups", set("groups", make([]int, 1100)))
	c.twin(set("groups", make([]int, 950)))
	c.add('L', "token_too_large", "1000 group ids", set("groups", strings.Split(strings.Repeat(bob+" ", 1000), " ")))
	c.twin(set("groups", strings.Split(strings.Repeat(bob+" ", 200), " ")))
	c.add('L', "token_too_large", "signature of 16 KiB", signing(func(*token, string) []byte { return make([]byte, 16<<10) }))
	c.add('L', "token_invalid", "signature of 8 KiB", signing(func(*token, string) []byte { return make([]byte, 8<<10) }))
	c.add('L', "token_invalid", "signature of 32 bytes", signing(func(*token, string) []byte { return make([]byte, 32) }))
}

func copyOf(k *token) *token {
	c := *k
	return &c
}
