package attack

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// signature is class D.
func (c *corpus) signature() {
	changed := func(name string, f func([]byte) []byte) {
		c.add('D', "token_signature", name, Signing(func(k *Token, s string) []byte { return f(RS256(k.Key, s)) }))
	}
	for i := range 16 {
		changed(fmt.Sprint("bit ", i*131, " flipped"), func(b []byte) []byte { b[i*131/8] ^= 1 << (i * 131 % 8); return b })
	}
	for _, n := range []int{1, 16, 128, 256} {
		changed(fmt.Sprint(n, " bytes more"), func(b []byte) []byte { return append(b, make([]byte, n)...) })
		changed(fmt.Sprint(n, " zero bytes in front"), func(b []byte) []byte { return append(make([]byte, n), b...) })
	}
	for _, n := range []int{1, 128, 255} {
		c.add('D', "token_invalid", fmt.Sprint(n, " bytes less"), Signing(func(k *Token, s string) []byte { return RS256(k.Key, s)[n:] }))
	}
	c.add('D', "token_invalid", "513 bytes", Signing(func(*Token, string) []byte { return make([]byte, 513) }))
	changed("zeros", func(b []byte) []byte { return make([]byte, len(b)) })
	changed("ones", func(b []byte) []byte { return []byte(strings.Repeat("\xff", len(b))) })
	changed("the number one", func(b []byte) []byte { b = make([]byte, len(b)); b[len(b)-1] = 1; return b })
	changed("the modulus", func([]byte) []byte { return Ring()[0].N.Bytes() })
	changed("reversed", func(b []byte) []byte {
		for i := range len(b) / 2 {
			b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
		}
		return b
	})
	c.add('D', "token_signature", "of another token", Signing(func(k *Token, s string) []byte { return RS256(k.Key, s+"x") }))
	c.add('D', "token_signature", "of the payload alone", Signing(func(k *Token, s string) []byte { return RS256(k.Key, s[strings.IndexByte(s, '.')+1:]) }))
	c.add('D', "token_signature", "of the decoded payload", Signing(func(k *Token, _ string) []byte { return RS256(k.Key, Marshal(k.Claims)) }))
	c.add('D', "token_signature", "by another key", By(Ring()[2]))
	c.v1('D', "token_signature", "v1 by another key", By(Ring()[0]))
	c.add('D', "token_signature", "payload changed afterwards", Part(1, func(p string) string {
		raw := must(base64.RawURLEncoding.DecodeString(p))
		return B64([]byte(strings.Replace(string(raw), Alice, Bob, 1)))
	}))
	c.add('D', "token_signature", "header changed afterwards", Part(0, func(p string) string {
		raw := must(base64.RawURLEncoding.DecodeString(p))
		return B64([]byte(First(`"future":1`)(string(raw))))
	}))
	for name, h := range map[string]crypto.Hash{"SHA-1": crypto.SHA1, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512} {
		c.add('D', "token_signature", "over "+name, Signing(func(k *Token, s string) []byte { return pkcs1(k.Key, h, s) }))
	}
	c.add('D', "token_signature", "PSS", Signing(func(k *Token, s string) []byte {
		return must(rsa.SignPSS(rand.Reader, k.Key, crypto.SHA256, digest(crypto.SHA256, s), nil))
	}))
	c.padding()
}

// padding is the part of class D with wrong PKCS #1 blocks. The good block is the twin of all.
func (c *corpus) padding() {
	const sha256Info, noNull = "3031300d060960864801650304020105000420", "302f300b0609608648016503040201" + "0420"
	info := must(hex.DecodeString(sha256Info))
	block := func(kind byte, fill byte, n int, sep []byte, rest ...byte) []byte {
		em := append([]byte{0, kind}, []byte(strings.Repeat(string([]byte{fill}), n))...)
		return append(append(em, sep...), rest...)
	}
	sum := func(s string) []byte { d := sha256.Sum256([]byte(s)); return d[:] }
	good := Signing(func(k *Token, s string) []byte {
		return rawRSA(k.Key, block(1, 0xff, 202, []byte{0}, append(info, sum(s)...)...))
	})
	bad := func(name string, em func(s string) []byte) {
		c.add('D', "token_signature", name, Signing(func(k *Token, s string) []byte { return rawRSA(k.Key, em(s)) }))
		c.twin(good)
	}
	bad("block type 2", func(s string) []byte { return block(2, 0xff, 202, []byte{0}, append(info, sum(s)...)...) })
	bad("block type 0", func(s string) []byte { return block(0, 0, 202, []byte{0}, append(info, sum(s)...)...) })
	bad("other fill", func(s string) []byte { return block(1, 0xfe, 202, []byte{0}, append(info, sum(s)...)...) })
	bad("no separator", func(s string) []byte { return block(1, 0xff, 202, []byte{0xff}, append(info, sum(s)...)...) })
	bad("short fill and junk after the digest", func(s string) []byte {
		return append(block(1, 0xff, 8, []byte{0}, append(info, sum(s)...)...), make([]byte, 194)...)
	})
	bad("junk before the digest info", func(s string) []byte {
		return block(1, 0xff, 8, []byte{0}, append(make([]byte, 194), append(info, sum(s)...)...)...)
	})
	bad("no digest info", func(s string) []byte { return block(1, 0xff, 221, []byte{0}, sum(s)...) })
	bad("digest info without NULL", func(s string) []byte {
		return block(1, 0xff, 204, []byte{0}, append(must(hex.DecodeString(noNull)), sum(s)...)...)
	})
	bad("digest info of SHA-1, digest of SHA-256", func(s string) []byte {
		return block(1, 0xff, 206, []byte{0}, append(must(hex.DecodeString("3021300906052b0e03021a05000414")), sum(s)...)...)
	})
	bad("digest of SHA-1 under SHA-256", func(s string) []byte {
		d := sha1.Sum([]byte(s))
		return block(1, 0xff, 214, []byte{0}, append(info, d[:]...)...)
	})
}
