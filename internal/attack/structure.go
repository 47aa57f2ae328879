package attack

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// structure is class A.
func (c *corpus) structure() {
	bad := func(name string, f func(string) string) { c.add('A', "token_invalid", name, Wrap(f)) }
	c.add('A', "token_missing", "nothing", Wrap(func(string) string { return "" }))
	for _, n := range []int{1, 2, 4, 5, 6, 7} {
		bad(fmt.Sprint(n, " parts"), func(s string) string { return strings.Join(strings.Split(s+"."+s+"."+s, ".")[:n], ".") })
	}
	for i, name := range []string{"header", "payload", "signature"} {
		c.add('A', "token_invalid", "empty "+name, Part(i, func(string) string { return "" }))
		c.add('A', "token_invalid", "padding after "+name, Part(i, func(s string) string { return s + "=" }))
		c.add('A', "token_invalid", "double padding after "+name, Part(i, func(s string) string { return s + "==" }))
		for _, ch := range []string{"\r\n", "\n", "\t", "\x00", " ", "é", "+", "/", "%2e", "．"} {
			c.add('A', "token_invalid", fmt.Sprintf("%q in %s", ch, name), Part(i, func(s string) string { return s[:8] + ch + s[8:] }))
		}
		c.add('A', "token_invalid", "one character more in "+name, Part(i, func(s string) string { return s + strings.Repeat("A", 5-len(s)%4) }))
	}
	c.add('A', "token_invalid", "unused bits of the signature", Part(2, nextBits))
	c.add('A', "token_invalid", "unused bits of the payload", All(Payload(padTo(1)), Part(1, nextBits)))
	c.twin(Payload(padTo(1)))
	c.add('A', "token_invalid", "unused bits of the header", All(Header(padTo(2)), Part(0, nextBits)))
	c.twin(Header(padTo(2)))
	bad("only dots", func(string) string { return ".." })
	bad("dot in front", func(s string) string { return "." + s })
	bad("dot at the end", func(s string) string { return s + "." })
	bad("two dots between", func(s string) string { return strings.Replace(s, ".", "..", 1) })
	for _, ends := range [][2]string{{`"`, `"`}, {"'", "'"}, {"<", ">"}, {" ", ""}, {"", " "}, {"", "\n"}, {"\ufeff", ""}, {"Bearer ", ""}, {"bearer:", ""}, {"", ",x"}, {"{", "}"}, {"", "#x"}, {"", "\x00"}} {
		bad(fmt.Sprintf("between %q and %q", ends[0], ends[1]), func(s string) string { return ends[0] + s + ends[1] })
	}
	bad("flattened JSON", func(s string) string {
		p := strings.Split(s, ".")
		return fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, p[0], p[1], p[2])
	})
	bad("general JSON", func(s string) string {
		p := strings.Split(s, ".")
		return fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, p[1], p[0], p[2])
	})
	bad("parts in another order", func(s string) string { p := strings.Split(s, "."); return p[1] + "." + p[0] + "." + p[2] })
	bad("standard base64", func(s string) string {
		p := strings.Split(s, ".")
		return base64.StdEncoding.EncodeToString([]byte(p[0])) + "." + p[1] + "." + p[2]
	})
	bad("base64 twice", func(s string) string { return B64([]byte(s)) })
	bad("half", func(s string) string { return s[:len(s)/2] })
	bad("twice", func(s string) string { return s + s })
}

// nextBits sets a bit of the last character that carries no data.
func nextBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return s[:len(s)-1] + string(alphabet[strings.IndexByte(alphabet, s[len(s)-1])|1])
}

// padTo makes the length of a JSON object leave the rest of a division by 3 that leaves unused bits in base64.
func padTo(rest int) func(string) string {
	return func(s string) string {
		for n := 1; ; n++ {
			if padded := First(`"pad":"` + strings.Repeat("x", n) + `"`)(s); len(padded)%3 == rest {
				return padded
			}
		}
	}
}
