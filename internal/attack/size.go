package attack

import (
	"strings"
)

// size is class L.
func (c *corpus) size() {
	fill := func(n int) Edit { // makes the JWT n bytes long, if the rest of the division by 4 allows it
		return func(k *Token) {
			k.Claims["fill"] = ""
			missing := n - len(Mint(copyOf(k)))
			k.Claims["fill"] = strings.Repeat("f", missing*3/4)
			for len(Mint(copyOf(k))) < n {
				k.Claims["fill"] = k.Claims["fill"].(string) + "f"
			}
		}
	}
	c.add('L', "token_too_large", "16 KiB and a bit", fill(16<<10+1))
	c.twin(fill(16<<10 - 3))
	big := func(name, s string) { c.add('L', "token_too_large", name, Wrap(func(string) string { return s })) }
	big("1 MiB of dots", strings.Repeat(".", 1<<20))
	big("1 MiB of text", strings.Repeat("A", 1<<20))
	big("16 KiB and one byte of text", strings.Repeat("A", 16<<10+1))
	c.add('L', "token_invalid", "16 KiB of dots", Wrap(func(string) string { return strings.Repeat(".", 16<<10) }))
	c.add('L', "token_invalid", "16 KiB of text", Wrap(func(string) string { return strings.Repeat("A", 16<<10) }))
	c.add('L', "token_too_large", "kid of 64 KiB", HSet("kid", strings.Repeat("k", 64<<10)))
	c.add('L', "token_too_large", "kid of 1 MiB", HSet("kid", strings.Repeat("k", 1<<20)))
	c.add('L', "token_invalid", "kid of 4 KiB", HSet("kid", strings.Repeat("k", 4<<10)))
	c.add('L', "token_invalid", "header of 2 KiB and a bit", HSet("future", strings.Repeat("x", 1500)))
	c.twin(HSet("future", strings.Repeat("x", 1450)))
	c.add('L', "token_too_large", "100000 groups", Set("groups", make([]int, 100000)))
	c.add('L', "token_invalid", "1100 groups", Set("groups", make([]int, 1100)))
	c.twin(Set("groups", make([]int, 950)))
	c.add('L', "token_too_large", "1000 group ids", Set("groups", strings.Split(strings.Repeat(Bob+" ", 1000), " ")))
	c.twin(Set("groups", strings.Split(strings.Repeat(Bob+" ", 200), " ")))
	c.add('L', "token_too_large", "signature of 16 KiB", Signing(func(*Token, string) []byte { return make([]byte, 16<<10) }))
	c.add('L', "token_invalid", "signature of 8 KiB", Signing(func(*Token, string) []byte { return make([]byte, 8<<10) }))
	c.add('L', "token_invalid", "signature of 32 bytes", Signing(func(*Token, string) []byte { return make([]byte, 32) }))
	for n, name := range map[int]string{16<<10 + 2: "and 2 bytes", 16<<10 + 5: "and 5 bytes", 20 << 10: "and 4 KiB", 31 << 10: "and 15 KiB"} {
		c.add('L', "token_too_large", "16 KiB "+name, fill(n))
	}
	c.add('L', "token_invalid", "16 KiB in the header", HSet("future", strings.Repeat("x", 11<<10)))
	c.add('L', "token_invalid", "240 times one member in the header", Header(First(strings.TrimSuffix(strings.Repeat(`"a":0,`, 240), ","))))
	c.add('L', "token_too_large", "a name of 32 KiB", Payload(First(`"`+strings.Repeat("n", 32<<10)+`":1`)))
}
