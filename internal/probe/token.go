package probe

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
)

// A token is a compact JWT taken apart, unverified.
type token struct {
	header, claims map[string]any
	parts          [3]string
}

var errForm = errors.New("is not a JWT: three parts of base64url, the first two of them JSON, at most 16384 bytes")

func parse(s string) (token, error) {
	var t token
	parts := strings.Split(s, ".")
	if len(parts) != 3 || len(s) > maxToken {
		return token{}, errForm
	}
	t.parts = [3]string(parts)
	if decode(parts[0], &t.header) != nil || decode(parts[1], &t.claims) != nil || t.header == nil || t.claims == nil {
		return token{}, errForm
	}
	return t, nil
}

func decode(part string, into *map[string]any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber() // times stay whole numbers
	return dec.Decode(into)
}

// time returns a claim in seconds since 1970, or 0.
func (t token) time(name string) int64 {
	n, _ := t.claims[name].(json.Number)
	sec, _ := n.Int64()
	return sec
}

func (t token) text(name string) string {
	s, _ := t.claims[name].(string)
	return s
}

// with returns the token with other claims and the old signature. A nil value removes a claim.
func (t token) with(change map[string]any) token {
	t.claims = merged(t.claims, change)
	t.parts[1] = encode(t.claims)
	return t
}

// headed returns the token with another header and the old signature.
func (t token) headed(change map[string]any) token {
	t.header = merged(t.header, change)
	t.parts[0] = encode(t.header)
	return t
}

func merged(old, change map[string]any) map[string]any {
	out := maps.Clone(old)
	for k, v := range change {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

// signed returns the token with a signature of its own.
func (t token) signed(sign func(input string) []byte) token {
	t.parts[2] = base64.RawURLEncoding.EncodeToString(sign(t.parts[0] + "." + t.parts[1]))
	return t
}

func (t token) compact() string { return strings.Join(t.parts[:], ".") }

// damaged changes one bit in the middle of the signature.
func (t token) damaged() token {
	sig, err := base64.RawURLEncoding.DecodeString(t.parts[2])
	if err != nil || len(sig) == 0 {
		return t
	}
	sig[len(sig)/2] ^= 1
	t.parts[2] = base64.RawURLEncoding.EncodeToString(sig)
	return t
}

func encode(v map[string]any) string {
	b, _ := json.Marshal(v) // what was decoded always encodes
	return base64.RawURLEncoding.EncodeToString(b)
}

// rs256 signs with a key that no issuer has.
func rs256(key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		sig, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:]) // a key of 2048 bits can sign a hash
		return sig
	}
}

// hs256 takes a public key for a secret, as a server would that lets the token choose the algorithm.
func hs256(secret []byte) func(string) []byte {
	return func(input string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
}

// newGUID is a random GUID of version 4.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	const digits = "0123456789abcdef"
	var out strings.Builder
	for i, x := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out.WriteByte('-')
		}
		out.WriteByte(digits[x>>4])
		out.WriteByte(digits[x&15])
	}
	return out.String()
}
