package attack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// json is class K.
func (c *corpus) json() {
	in := func(name string, f func(string) string) { c.add('K', "token_invalid", name, Payload(f)) }
	values := map[string]string{"aud": `"` + APIID + `"`, "iss": `"x"`, "tid": `"` + TenantB + `"`, "oid": `"` + Bob + `"`, "exp": "4102444800", "scp": `"access_as_user"`, "azp": `"` + SPAID + `"`, "ver": `"2.0"`, "sub": `"s"`}
	for _, name := range []string{"aud", "iss", "tid", "oid", "exp", "scp", "azp", "ver", "sub"} {
		value := values[name]
		in(name+" twice, first", First(`"`+name+`":`+value))
		in(name+" twice, last", func(s string) string { return s[:len(s)-1] + `,"` + name + `":` + value + "}" })
		in(name+" by escape", First(fmt.Sprintf(`"\u%04x%s":%s`, name[0], name[1:], value)))
		in(name+" in capitals", First(`"`+strings.ToUpper(name)+`":`+value))
		in(name+" with one capital", First(`"`+strings.ToUpper(name[:1])+name[1:]+`":`+value))
		c.twin(Payload(First(`"x_` + name + `":` + value)))
	}
	in("sub with a long s", First(`"ſub":"s"`))
	in("scp with a long s by escape", First(`"\u017fcp":"s"`))
	in("skypeid with a Kelvin sign", First(`"s`+"\u212a"+`ypeid":"s"`))
	c.add('K', "token_invalid", "kid with a Kelvin sign", Header(First(`"`+"\u212a"+`id":"x"`)))
	c.add('K', "token_invalid", "alg by escape", Header(First(`"\u0061lg":"RS256"`)))
	c.add('K', "token_invalid", "Alg", Header(First(`"Alg":"none"`)))
	c.add('K', "token_invalid", "JKU in capitals", Header(First(`"JKU":"https://evil.example"`)))
	in("twice below", First(`"x":{"a":1,"a":2}`))
	in("twice below by escape", First(`"x":{"a":1,"\u0061":2}`))
	c.twin(Payload(First(`"x":{"a":1,"A":2}`)))
	for _, value := range []string{`"` + "\xff" + `"`, `"` + "\xc0\xaf" + `"`, `"` + "\xed\xa0\x80" + `"`, `"` + "\xf5\x80\x80\x80" + `"`, `"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, `"\udc00\ud800"`, `"\ud83d\n"`, "NaN", "Infinity", "-", "+1", "01", "1.", ".5", "1e", "0x10", "1_000",
		"nul", "True", "'a'", "undefined", `"a`, `"` + "\n" + `"`, `"\x41"`, `"\u12"`, `"\u00g0"`, `"\'"`, "[1,]", "[,1]", "[1 2]", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, "/**/1", "1//x", "1#x", "", "[", "]"} {
		in(fmt.Sprintf("value %q", value), First(`"x":`+value))
		c.twin(Payload(First(`"x":"😀","y":"\ud83d\ude00","z":[1.5e3,-0,null,{}]`)))
	}
	for name, f := range map[string]func(string) string{
		"trailing text": func(s string) string { return s + "x" }, "trailing space": func(s string) string { return s + " " }, "trailing NUL": func(s string) string { return s + "\x00" }, "leading space": func(s string) string { return " " + s },
		"two objects": func(s string) string { return s + s }, "two lines": func(s string) string { return s + "\n{}" }, "array": func(s string) string { return "[" + s + "]" }, "string": func(s string) string { return string(must(json.Marshal(s))) },
		"null": func(string) string { return "null" }, "number": func(string) string { return "1" }, "true": func(string) string { return "true" }, "BOM": func(s string) string { return "\ufeff" + s }, "UTF-16": utf16le,
		"unclosed": func(s string) string { return s[:len(s)-1] }, "comment": func(s string) string { return "/**/" + s }, "closing comma": func(s string) string { return s[:len(s)-1] + ",}" }, "no commas": func(s string) string { return strings.ReplaceAll(s, ",", " ") },
		"depth 9": First(`"x":` + strings.Repeat("[", 8) + strings.Repeat("]", 8)), "depth 9 in objects": First(`"x":` + strings.Repeat(`{"a":`, 8) + "1" + strings.Repeat("}", 8)), "depth 4000": First(`"x":` + strings.Repeat("[", 4000) + strings.Repeat("]", 4000)),
		"2000 values": First(`"x":[` + strings.Repeat("1,", 2000) + "1]"), "1100 members": manyMembers(1100),
	} {
		in(name, f)
		c.twin(Payload(First(`"x":` + strings.Repeat("[", 7) + strings.Repeat("]", 7) + `,"y":[` + strings.Repeat("1,", 900) + "1]")))
		c.add('K', "token_invalid", "header: "+name, Header(short(f)))
	}
	c.add('K', "token_is_id_token", "empty object but for aud and iss", Payload(func(string) string { return `{"aud":"` + APIID + `","iss":"x"}` }))
	c.add('K', "token_version", "empty object", Payload(func(string) string { return "{}" }))
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
	return First(strings.TrimSuffix(b.String(), ","))
}

// short keeps a header below its limit of bytes, so that the fault under test stays the first one.
func short(f func(string) string) func(string) string {
	return func(s string) string {
		if out := f(s); len(out) < 1500 {
			return out
		}
		return First(`"x":` + strings.Repeat("[", 700) + strings.Repeat("]", 700))(s)
	}
}
