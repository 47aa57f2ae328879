package authn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha512" // SHA-384
	"math/big"
	"slices"
)

// An algorithm is how a token may be signed (RFC 7518 section 3.1).
type algorithm struct {
	kty   string
	hash  crypto.Hash
	pss   bool
	curve elliptic.Curve
	crv   string
}

// algorithms are all that can be allowed. Microsoft Entra ID uses RS256 only.
var algorithms = map[string]algorithm{
	"RS256": {kty: "RSA", hash: crypto.SHA256},
	"PS256": {kty: "RSA", hash: crypto.SHA256, pss: true},
	"ES256": {kty: "EC", hash: crypto.SHA256, curve: elliptic.P256(), crv: "P-256"},
	"ES384": {kty: "EC", hash: crypto.SHA384, curve: elliptic.P384(), crv: "P-384"},
}

// width is the length of a coordinate of the curve in bytes.
func (a algorithm) width() int { return (a.curve.Params().BitSize + 7) / 8 }

// signatureLen returns the least and the greatest length of a signature, in bytes.
func (a algorithm) signatureLen() (least, most int) {
	if a.kty == "EC" {
		return 2 * a.width(), 2 * a.width()
	}
	return minSignature, maxSignature
}

// verify checks a signature with the standard library and not with a JWT library.
// Such a library parses the token once more in its own way, and what it verified
// would not be what was read. So there is one parse, and all claims come from it.
func (a algorithm) verify(key publicKey, raw compact) bool {
	h := a.hash.New()
	h.Write([]byte(raw.signed))
	sum := h.Sum(nil)
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch {
		case a.kty != "RSA" || len(raw.signature) != k.Size():
			return false
		case a.pss:
			return rsa.VerifyPSS(k, a.hash, sum, raw.signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(k, a.hash, sum, raw.signature) == nil
	case *ecdsa.PublicKey:
		if a.kty != "EC" || k.Curve != a.curve || len(raw.signature) != 2*a.width() {
			return false
		}
		r, s := raw.signature[:a.width()], raw.signature[a.width():]
		return ecdsa.Verify(k, sum, new(big.Int).SetBytes(r), new(big.Int).SetBytes(s))
	}
	return false
}

// parseEC reads the point of a key, which must lie on the curve.
func parseEC(k jsonValue, a algorithm) publicKey {
	crv, _ := k.str("crv")
	xs, _ := k.str("x")
	ys, _ := k.str("y")
	x, err := strictBase64.DecodeString(xs)
	y, yerr := strictBase64.DecodeString(ys)
	if crv != a.crv || err != nil || yerr != nil || len(x) != a.width() || len(y) != a.width() {
		return nil
	}
	key, err := ecdsa.ParseUncompressedPublicKey(a.curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil
	}
	return key
}
