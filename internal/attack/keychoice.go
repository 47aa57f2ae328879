package attack

import (
	"fmt"
	"strings"
)

// keyChoice is class C.
func (c *corpus) keyChoice() {
	evil := JWK("k-v2", &Ring()[2].PublicKey, nil)
	refused := func(name string, value any, more ...Edit) {
		c.add('C', "token_invalid", fmt.Sprintf("header %s=%.40v", name, value), All(append(more, HSet(name, value))...))
		c.twin(HSet("x-"+name, value))
	}
	refused("jwk", evil, By(Ring()[2]))
	for _, url := range []string{"https://evil.example/keys", "http://127.0.0.1/keys", "file:///etc/passwd", "//evil.example", "http://169.254.169.254/latest",
		c.w.Host + "@evil.example/keys", c.w.Host + "/" + TenantA + "/discovery/v2.0/keys", "ftp://evil.example", "gopher://x", "data:application/json,{}", "http://[::1]/", "https://localhost"} {
		refused("jku", url, By(Ring()[2]))
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
		c.add('C', "token_invalid", fmt.Sprintf("typ %v", typ), HSet("typ", typ))
	}
	for _, kid := range []any{"", nil, 1, true, []string{"k-v2"}, map[string]string{"kid": "k-v2"}, strings.Repeat("k", 129), "../../dev/null", "/etc/passwd",
		"k-v2' OR '1'='1", "k-v2\x00", "k-v2 ", " k-v2", "https://evil.example/key", "k-v2;ls", "k%2dv2", "k‐v2", "{tenantid}", "k.v2", "k-v2\n", "..", "*"} {
		c.add('C', "token_invalid", fmt.Sprintf("kid %.30v", kid), HSet("kid", kid))
	}
	c.add('C', "token_invalid", "kid missing", HDel("kid"))
	c.add('C', "token_invalid", "kid missing, x5t there", All(HDel("kid"), HSet("x5t", "k-v2")))
	c.twin(HSet("x5t", "k-v2"))
	c.add('C', "token_invalid", "kid in capitals", All(HDel("kid"), HSet("KID", "k-v2")))
	c.add('C', "token_invalid", "kid twice in the header", Header(First(`"kid":"k-b"`)))
	for _, kid := range []string{"K-V2", "removed", "future", "k-b", "k-v1", strings.Repeat("k", 128), "enc", "e3", "rs512", "small", "ec", "oct", "consumer",
		"other-issuer", "other-cloud", "issuer-number", "twice", "crypt-op", "bad-n", "-", "__proto__", "constructor"} {
		c.add('C', "token_key_unknown", "kid "+kid, HSet("kid", kid))
		c.twin(HSet("kid", "same"))
	}
	c.add('C', "token_key_unknown", "signed by the small key", All(HSet("kid", "small"), Signing(func(_ *Token, s string) []byte { return append(RS256(smallKey(), s), make([]byte, 128)...) })))
	c.add('C', "token_invalid", "short signature of the small key", All(HSet("kid", "small"), By(smallKey())))
	// One kid, three keys: of tenant A in v2 and v1, and of tenant B.
	same, inB := HSet("kid", "same"), All(Set("iss", c.w.Host+"/"+TenantB+"/v2.0"), Set("tid", TenantB))
	c.add('C', "token_signature", "same kid, key of the other tenant", All(same, By(Ring()[2])))
	c.twin(All(same, inB, By(Ring()[2])))
	c.add('C', "token_signature", "same kid, token of B with the key of A", All(same, inB))
	c.twin(same)
	c.add('C', "token_signature", "same kid, v2 token with the v1 key", All(same, By(Ring()[1])))
	c.v1('C', "token_signature", "same kid, v1 token with the v2 key", All(same, By(Ring()[0])))
	c.twin(same)
	c.add('C', "token_key_unknown", "token of B with a kid of A", All(inB, HSet("kid", "enc")))
}
