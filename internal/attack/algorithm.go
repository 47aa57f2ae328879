package attack

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"hash"
)

// algorithm is class B.
func (c *corpus) algorithm() {
	alg := func(name string, value any, more ...Edit) {
		c.add('B', "token_invalid", name, All(append(more, HSet("alg", value))...))
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", "noNE", "none ", " none", "n\u043ene", "none\x00", "ｎone", "non\u0435", "null", "nOne", "no ne", "none\n", "NoNe"} {
		alg(fmt.Sprintf("%q with a signature", none), none)
		alg(fmt.Sprintf("%q without a signature", none), none, Part(2, func(string) string { return "" }))
	}
	pub := &Ring()[0].PublicKey
	der := must(x509.MarshalPKIXPublicKey(pub))
	secrets := map[string][]byte{"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "modulus": pub.N.Bytes(),
		"JWK": []byte(Marshal(JWK("k-v2", pub, nil))), "empty": nil, "PKCS1": x509.MarshalPKCS1PublicKey(pub)}
	for _, kind := range []string{"DER", "PEM", "modulus", "JWK", "empty", "PKCS1"} {
		for name, h := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
			alg(name+" keyed with the public key as "+kind, name, Signing(func(_ *Token, s string) []byte { return mac(h, secrets[kind], s) }))
			alg("RS256 header, "+name+" keyed with "+kind, "RS256", Signing(func(_ *Token, s string) []byte { return mac(h, secrets[kind], s) }))
		}
	}
	for name, h := range map[string]crypto.Hash{"RS384": crypto.SHA384, "RS512": crypto.SHA512} {
		alg(name, name, Signing(func(k *Token, s string) []byte { return pkcs1(k.Key, h, s) }))
	}
	for name, h := range map[string]crypto.Hash{"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512} {
		alg(name, name, Signing(func(k *Token, s string) []byte {
			return must(rsa.SignPSS(rand.Reader, k.Key, h, digest(h, s), nil))
		}))
	}
	alg("ES256", "ES256", Signing(func(_ *Token, s string) []byte {
		key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		return must(ecdsa.SignASN1(rand.Reader, key, digest(crypto.SHA256, s)))
	}))
	alg("EdDSA", "EdDSA", Signing(func(_ *Token, s string) []byte {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return ed25519.Sign(must(key, err), []byte(s))
	}))
	for _, name := range []string{"ES384", "ES512", "RSA1_5", "RSA-OAEP", "dir", "A256KW", "RS1", "XYZ", "rs256", "Rs256", "RS256 ", "RS256\x00", "RS-256", "RS2560", "RS25", "", "ＲS256", "SHA256withRSA"} {
		alg(fmt.Sprintf("%q", name), name)
	}
	for _, value := range []any{[]string{"RS256"}, nil, 256, true, map[string]string{"alg": "RS256"}} {
		alg(fmt.Sprintf("value %v", value), value)
	}
	c.add('B', "token_invalid", "missing", HDel("alg"))
	c.add('B', "token_invalid", "twice", Header(First(`"alg":"RS256"`)))
	c.add('B', "token_invalid", "twice, none first", Header(First(`"alg":"none"`)))
	c.add('B', "token_invalid", "in capitals", All(HDel("alg"), HSet("ALG", "RS256")))
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
