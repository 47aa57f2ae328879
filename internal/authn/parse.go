package authn

import (
	"encoding/base64"
	"strings"

	"github.com/acs-solutions/acsauth"
)

const (
	maxHeader    = 2 << 10 // of an encoded header, in bytes
	minSignature = 256     // of RSA with 2048 bits, in bytes
	maxSignature = 512     // of RSA with 4096 bits, in bytes
)

// A compact is a decoded JWS in compact serialization (RFC 7515 section 3.1).
type compact struct {
	signed    string // header and payload as sent: what the signature covers
	header    []byte
	payload   []byte
	signature []byte
}

// strictBase64 refuses a last character with bits that are not used, so that a
// token has one spelling only.
var strictBase64 = base64.RawURLEncoding.Strict()

func splitCompact(token string) (compact, *acsauth.Error) {
	switch {
	case token == "":
		return compact{}, mismatch(tokenMissing, "an access token", "none", "There is no token.", "Send the access token in the Authorization header.")
	case len(token) > MaxToken:
		return compact{}, tooLarge()
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" && !uncontrolled("algorithm") || strings.IndexByte(signature, '.') >= 0 {
		return compact{}, odd("three non-empty parts", "another number, or an empty one",
			"The token is not a signed JWT: it does not have three non-empty parts.")
	}
	if len(header) > maxHeader {
		return compact{}, odd("a header of at most 2048 bytes", "a longer one", "The header of the token is longer than 2048 bytes.")
	}
	if !compactAlphabet(token) {
		return compact{}, odd("letters, digits and - _ . only", "other characters", "The token holds characters that no JWT has.")
	}
	return decodeCompact(token[:len(header)+1+len(payload)], header, payload, signature)
}

func decodeCompact(signed string, parts ...string) (compact, *acsauth.Error) {
	var raw [3][]byte
	for i, part := range parts {
		b, err := strictBase64.DecodeString(part)
		if err != nil {
			return compact{}, odd("three parts in strict base64url", "a part that is not", "A part of the token is not strict base64url.")
		}
		raw[i] = b
	}
	return compact{signed: signed, header: raw[0], payload: raw[1], signature: raw[2]}, nil
}

// compactAlphabet reports whether s has only base64url characters and dots. The
// decoder of the standard library skips line ends, so it cannot tell.
func compactAlphabet(s string) bool {
	foreign := uint8(0)
	for i := range len(s) {
		foreign |= notCompact[s[i]] // no branch: which character comes next cannot be predicted
	}
	return foreign == 0
}

// notCompact is 1 for the bytes that no compact JWT has.
var notCompact = func() (t [256]uint8) {
	for c := range t {
		if !isWordByte(byte(c)) && c != '.' {
			t[c] = 1
		}
	}
	return t
}()

// isWordByte reports whether c belongs to the base64url alphabet.
func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
