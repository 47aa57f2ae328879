package authn_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"hash"
	"strings"
	"sync"
)

var smallKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1024)) })

// part changes one of the three parts of a JWT.
func part(i int, f func(string) string) edit {
	return wrap(func(jwt string) string {
		parts := strings.Split(jwt, ".")
		parts[i] = f(parts[i])
		return strings.Join(parts, ".")
	})
}

// structure is class A.
func (c *corpus) structure() {
	bad := func(name string, f func(string) string) { c.add('A', "token_invalid", name, wrap(f)) }
	c.add('A', "token_missing", "nothing", wrap(func(string) string { return "" }))
	for _, n := range []int{1, 2, 4, 5, 6, 7} {
		bad(fmt.Sprint(n, " parts"), func(s string) string { return strings.Join(strings.Split(s+"."+s+"."+s, ".")[:n], ".") })
	}
	for i, name := range []string{"header", "payload", "signature"} {
		c.add('A', "token_invalid", "empty "+name, part(i, func(string) string { return "" }))
		c.add('A', "token_invalid", "padding after "+name, part(i, func(s string) string { return s + "=" }))
		c.add('A', "token_invalid", "double padding after "+name, part(i, func(s string) string { return s + "==" }))
		for _, ch := range []string{"\r\n", "\n", "\t", "\x00", " ", "é", "+", "/", "%2e", "．"} {
			c.add('A', "token_invalid", fmt.Sprintf("%q in %s", ch, name), part(i, func(s string) string { return s[:8] + ch + s[8:] }))
		}
		c.add('A', "token_invalid", "one character more in "+name, part(i, func(s string) string { return s + strings.Repeat("A", 5-len(s)%4) }))
	}
	c.add('A', "token_invalid", "unused bits of the signature", part(2, nextBits))
	c.add('A', "token_invalid", "unused bits of the payload", all(payload(padTo(1)), part(1, nextBits)))
	c.twin(payload(padTo(1)))
	c.add('A', "token_invalid", "unused bits of the header", all(header(padTo(2)), part(0, nextBits)))
	c.twin(header(padTo(2)))
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
	bad("base64 twice", func(s string) string { return b64([]byte(s)) })
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
			if padded := first(`"pad":"` + strings.Repeat("x", n) + `"`)(s); len(padded)%3 == rest {
				return padded
			}
		}
	}
}

// algorithm is class B.
func (c *corpus) algorithm() {
	alg := func(name string, value any, more ...edit) {
		c.add('B', "token_invalid", name, all(append(more, hset("alg", value))...))
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", "noNE", "none ", " none", "n\u043ene", "none\x00", "nоne", "non\u0435", "null", "nOne", "no ne", "none\n", "NoNe"} {
		alg(fmt.Sprintf("%q with a signature", none), none)
		alg(fmt.Sprintf("%q without a signature", none), none, part(2, func(string) string { return "" }))
	}
	pub := &keyRing()[0].PublicKey
	der := must(x509.MarshalPKIXPublicKey(pub))
	secrets := map[string][]byte{"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "modulus": pub.N.Bytes(),
		"JWK": []byte(marshal(jwk("k-v2", pub, nil))), "empty": nil, "PKCS1": x509.MarshalPKCS1PublicKey(pub)}
	for _, kind := range []string{"DER", "PEM", "modulus", "JWK", "empty", "PKCS1"} {
		for name, h := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
			alg(name+" keyed with the public key as "+kind, name, signing(func(_ *token, s string) []byte { return mac(h, secrets[kind], s) }))
			alg("RS256 header, "+name+" keyed with "+kind, "RS256", signing(func(_ *token, s string) []byte { return mac(h, secrets[kind], s) }))
		}
	}
	for name, h := range map[string]crypto.Hash{"RS384": crypto.SHA384, "RS512": crypto.SHA512} {
		alg(name, name, signing(func(k *token, s string) []byte { return pkcs1(k.key, h, s) }))
	}
	for name, h := range map[string]crypto.Hash{"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512} {
		alg(name, name, signing(func(k *token, s string) []byte {
			return must(rsa.SignPSS(rand.Reader, k.key, h, digest(h, s), nil))
		}))
	}
	alg("ES256", "ES256", signing(func(_ *token, s string) []byte {
		key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		return must(ecdsa.SignASN1(rand.Reader, key, digest(crypto.SHA256, s)))
	}))
	alg("EdDSA", "EdDSA", signing(func(_ *token, s string) []byte {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return ed25519.Sign(must(key, err), []byte(s))
	}))
	for _, name := range []string{"ES384", "ES512", "RSA1_5", "RSA-OAEP", "dir", "A256KW", "RS1", "XYZ", "rs256", "Rs256", "RS256 ", "RS256\x00", "RS-256", "RS2560", "RS25", "", "ＲS256", "SHA256withRSA"} {
		alg(fmt.Sprintf("%q", name), name)
	}
	for _, value := range []any{[]string{"RS256"}, nil, 256, true, map[string]string{"alg": "RS256"}} {
		alg(fmt.Sprintf("value %v", value), value)
	}
	c.add('B', "token_invalid", "missing", hdel("alg"))
	c.add('B', "token_invalid", "twice", header(first(`"alg":"RS256"`)))
	c.add('B', "token_invalid", "twice, none first", header(first(`"alg":"none"`)))
	c.add('B', "token_invalid", "in capitals", all(hdel("alg"), hset("ALG", "RS256")))
}

func mac(h func() hash.Hash, key []byte, s string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(s))
	return m.Sum(nil)
}

func digest(h crypto.Hash, s string) []byte {
	d := h.New()
	d.Write([]byte(s))
	return d.Sum(nil)
}

func pkcs1(key *rsa.PrivateKey, h crypto.Hash, s string) []byte {
	return must(rsa.SignPKCS1v15(nil, key, h, digest(h, s)))
}

// signature is class D.
func (c *corpus) signature() {
	changed := func(name string, f func([]byte) []byte) {
		c.add('D', "token_signature", name, signing(func(k *token, s string) []byte { return f(rs256(k.key, s)) }))
	}
	for i := range 16 {
		changed(fmt.Sprint("bit ", i*131, " flipped"), func(b []byte) []byte { b[i*131/8] ^= 1 << (i * 131 % 8); return b })
	}
	for _, n := range []int{1, 16, 128, 256} {
		changed(fmt.Sprint(n, " bytes more"), func(b []byte) []byte { return append(b, make([]byte, n)...) })
		changed(fmt.Sprint(n, " zero bytes in front"), func(b []byte) []byte { return append(make([]byte, n), b...) })
	}
	for _, n := range []int{1, 128, 255} {
		c.add('D', "token_invalid", fmt.Sprint(n, " bytes less"), signing(func(k *token, s string) []byte { return rs256(k.key, s)[n:] }))
	}
	c.add('D', "token_invalid", "513 bytes", signing(func(*token, string) []byte { return make([]byte, 513) }))
	changed("zeros", func(b []byte) []byte { return make([]byte, len(b)) })
	changed("ones", func(b []byte) []byte { return []byte(strings.Repeat("\xff", len(b))) })
	changed("the number one", func(b []byte) []byte { b = make([]byte, len(b)); b[len(b)-1] = 1; return b })
	changed("the modulus", func([]byte) []byte { return keyRing()[0].N.Bytes() })
	changed("reversed", func(b []byte) []byte {
		for i := range len(b) / 2 {
			b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
		}
		return b
	})
	c.add('D', "token_signature", "of another token", signing(func(k *token, s string) []byte { return rs256(k.key, s+"x") }))
	c.add('D', "token_signature", "of the payload alone", signing(func(k *token, s string) []byte { return rs256(k.key, s[strings.IndexByte(s, '.')+1:]) }))
	c.add('D', "token_signature", "of the decoded payload", signing(func(k *token, _ string) []byte { return rs256(k.key, marshal(k.claims)) }))
	c.add('D', "token_signature", "by another key", by(keyRing()[2]))
	c.v1('D', "token_signature", "v1 by another key", by(keyRing()[0]))
	c.add('D', "token_signature", "payload changed afterwards", part(1, func(p string) string {
		raw := must(base64.RawURLEncoding.DecodeString(p))
		return b64([]byte(strings.Replace(string(raw), alice, bob, 1)))
	}))
	c.add('D', "token_signature", "header changed afterwards", part(0, func(p string) string {
		raw := must(base64.RawURLEncoding.DecodeString(p))
		return b64([]byte(first(`"future":1`)(string(raw))))
	}))
	for name, h := range map[string]crypto.Hash{"SHA-1": crypto.SHA1, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512} {
		c.add('D', "token_signature", "over "+name, signing(func(k *token, s string) []byte { return pkcs1(k.key, h, s) }))
	}
	c.add('D', "token_signature", "PSS", signing(func(k *token, s string) []byte {
		return must(rsa.SignPSS(rand.Reader, k.key, crypto.SHA256, digest(crypto.SHA256, s), nil))
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
	good := signing(func(k *token, s string) []byte {
		return rawRSA(k.key, block(1, 0xff, 202, []byte{0}, append(info, sum(s)...)...))
	})
	bad := func(name string, em func(s string) []byte) {
		c.add('D', "token_signature", name, signing(func(k *token, s string) []byte { return rawRSA(k.key, em(s)) }))
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
