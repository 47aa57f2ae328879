package main

import (
	"bytes"
	crand "crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

const signatureBytes = 256 // of RSA with 2048 bits

// A maker makes tokens that look like a valid one and are none.
type maker struct {
	header, claims []byte // of the valid token, as JSON
	tenant         string
	head, body     string // of the valid token, as they are sent
}

func newMaker(valid string) (*maker, error) {
	parts := strings.Split(valid, ".")
	if len(parts) != 3 {
		return nil, errors.New("the emulator's token is not a JWT")
	}
	m := &maker{head: parts[0], body: parts[1]}
	for i, out := range []*[]byte{&m.header, &m.claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, err
		}
		*out = b
	}
	var claims struct {
		Tenant string `json:"tid"`
	}
	if err := json.Unmarshal(m.claims, &claims); err != nil || claims.Tenant == "" {
		return nil, fmt.Errorf("the emulator's token has no tenant: %v", err)
	}
	m.tenant = claims.Tenant
	return m, nil
}

// A next appends a new token to dst.
type next func(dst []byte, r *rand.ChaCha8) []byte

func (m *maker) unknownKid(dst []byte, r *rand.ChaCha8) []byte {
	head := fmt.Appendf(nil, `{"typ":"JWT","alg":"RS256","kid":"%016x%016x"}`, r.Uint64(), r.Uint64())
	dst = base64.RawURLEncoding.AppendEncode(dst, head)
	dst = append(append(dst, '.'), m.body...)
	return sign(dst, r)
}

func (m *maker) unknownTenant(dst []byte, r *rand.ChaCha8) []byte {
	x := r.Uint64()
	tenant := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(x), uint16(x>>32), x>>52, r.Uint64()>>52, r.Uint64()>>16)
	dst = append(append(dst, m.head...), '.')
	dst = base64.RawURLEncoding.AppendEncode(dst, bytes.ReplaceAll(m.claims, []byte(m.tenant), []byte(tenant)))
	return sign(dst, r)
}

func (m *maker) badSignature(dst []byte, r *rand.ChaCha8) []byte {
	dst = append(append(append(dst, m.head...), '.'), m.body...)
	return sign(dst, r)
}

// sign appends random bytes that are smaller than any modulus of their length.
func sign(dst []byte, r *rand.ChaCha8) []byte {
	var sig [signatureBytes]byte
	_, _ = r.Read(sig[:]) // it never fails
	sig[0] &= 0x7f
	return base64.RawURLEncoding.AppendEncode(append(dst, '.'), sig[:])
}

// dice are seeded anew for each connection.
func dice() *rand.ChaCha8 {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // it never fails
	return rand.NewChaCha8(seed)
}
