package attack

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"strings"
	"time"
)

// A World is where the tokens come from.
type World struct {
	// Host is the authority: scheme and host, such as [PublicHost] or http://localhost:4000.
	Host string
	// Slack is how many seconds may pass between making a token and its check. Limits in time are moved by it, away from
	// the edge. Zero for a clock that stands still.
	Slack int64
}

// A Token is what Mint makes a JWT of.
type Token struct {
	Header, Claims map[string]any
	Key            *rsa.PrivateKey
	Now            int64 // when it was made, in seconds since 1970

	editHeader  func(json string) string
	editPayload func(json string) string
	sign        func(signed string) []byte // nil: RS256
	wrap        func(jwt string) string    // the last change
}

// V2Issuer is the v2 issuer of a tenant.
func (w World) V2Issuer(tenant string) string { return w.Host + "/" + tenant + "/v2.0" }

// V2 is a good v2 access token of Alice.
func (w World) V2() *Token {
	now := time.Now().Unix()
	return &Token{Key: Ring()[0], Now: now,
		Header: map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k-v2"},
		Claims: map[string]any{"iss": w.V2Issuer(TenantA), "aud": APIID, "iat": now, "nbf": now, "exp": now + 3600,
			"azp": SPAID, "azpacr": "0", "name": "Alice", "oid": Alice, "preferred_username": "alice@example.com", "rh": "0.AX", "scp": "access_as_user",
			"sub": "AAAA-pairwise_alice", "tid": TenantA, "uti": "u", "ver": "2.0"}}
}

// V1 is a good v1 access token of Alice.
func (w World) V1() *Token {
	now := time.Now().Unix()
	return &Token{Key: Ring()[1], Now: now,
		Header: map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k-v1", "x5t": "k-v1"},
		Claims: map[string]any{"iss": "https://sts.windows.net/" + TenantA + "/", "aud": APIURI, "iat": now, "nbf": now, "exp": now + 3600,
			"appid": SPAID, "appidacr": "0", "upn": "alice@example.com", "oid": Alice, "scp": "access_as_user",
			"sub": "AAAA-pairwise_alice", "tid": TenantA, "uti": "u", "ver": "1.0"}}
}

// Teams is a good Teams token of Alice.
func (w World) Teams() *Token {
	k := w.V1()
	k.Claims["aud"], k.Claims["scp"] = TeamsURL+"/", "Teams.ManageCalls Teams.ManageChats"
	return k
}

// Mint makes a JWT of k after the edits, which may be nil.
func Mint(k *Token, edits ...Edit) string {
	for _, e := range edits {
		if e != nil {
			e(k)
		}
	}
	h, p := Marshal(k.Header), Marshal(k.Claims)
	if k.editHeader != nil {
		h = k.editHeader(h)
	}
	if k.editPayload != nil {
		p = k.editPayload(p)
	}
	signed := B64([]byte(h)) + "." + B64([]byte(p))
	sign := k.sign
	if sign == nil {
		sign = func(s string) []byte { return RS256(k.Key, s) }
	}
	jwt := signed + "." + B64(sign(signed))
	if k.wrap != nil {
		jwt = k.wrap(jwt)
	}
	return jwt
}

// Marshal writes m without escaping of HTML characters.
func Marshal(m map[string]any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		panic(err) // a claim of the corpus that is no JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// RS256 signs (RFC 7518 section 3.3).
func RS256(key *rsa.PrivateKey, signed string) []byte {
	sum := sha256.Sum256([]byte(signed))
	return must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]))
}

// rawRSA makes the signature whose padded block is em.
func rawRSA(key *rsa.PrivateKey, em []byte) []byte {
	c := new(big.Int).Exp(new(big.Int).SetBytes(em), key.D, key.N)
	return c.FillBytes(make([]byte, key.Size()))
}

func copyOf(k *Token) *Token {
	c := *k
	return &c
}
