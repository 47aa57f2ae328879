package authn

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
	"strings"
)

// A keyID names a signing key for one algorithm. Two tenants or profiles may use
// one kid for different keys, so the kid alone never finds a key; and a key never serves an algorithm that is not its own.
type keyID struct {
	tenant  string
	profile profile
	kid     string
	alg     string
}

// A publicKey is an *rsa.PublicKey or an *ecdsa.PublicKey.
type publicKey interface{ Equal(crypto.PublicKey) bool }

const (
	maxKeys   = 100 // of one key set
	minKeyLen = 2048
	maxKeyLen = 4096
)

// keyRules is what a key must fit to.
type keyRules struct {
	tenant  string
	profile profile
	issuers []string // a key that names an issuer must name one of these
	cloud   string   // a key that names a cloud must name this one, if it is known
	algs    []string // what a key may be for
	anyUse  bool     // a key without use is taken, too
}

var errNoKeys = errors.New("key set has no usable key")

// parseKeys takes the usable keys out of a key set (RFC 7517 section 5). A key
// that does not fit is skipped and spoils nothing. Two different keys with one
// kid are both skipped: it is not clear which one is meant.
func parseKeys(doc jsonValue, rules keyRules) (map[keyID]publicKey, error) {
	list, _ := doc.get("keys")
	keys := make(map[keyID]publicKey)
	double := make(map[keyID]bool)
	for _, item := range list.items {
		kid, ok := rules.fit(item)
		if !ok {
			continue
		}
		for _, alg := range rules.algs {
			key := parseKey(item, alg)
			id := keyID{rules.tenant, rules.profile, kid, alg}
			if old := keys[id]; key == nil {
				continue
			} else if old != nil && !old.Equal(key) {
				double[id] = true
			} else if len(keys) < maxKeys {
				keys[id] = key
			}
		}
	}
	for id := range double {
		delete(keys, id)
	}
	if len(keys) == 0 {
		return nil, errNoKeys
	}
	return keys, nil
}

// parseKey returns a key for signatures of one algorithm, or nil.
func parseKey(k jsonValue, alg string) publicKey {
	if own, ok := k.str("alg"); k.has("alg") && (!ok || own != alg) {
		return nil
	}
	a := algorithms[alg]
	if kty, _ := k.str("kty"); kty != a.kty {
		return nil
	}
	if a.kty == "EC" {
		return parseEC(k, a)
	}
	return parseRSA(k)
}

func parseRSA(k jsonValue) publicKey {
	n, _ := k.str("n")
	e, _ := k.str("e")
	modulus, err := strictBase64.DecodeString(n)
	if err != nil || e != "AQAB" { // 65537 in base64url
		return nil
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}
	if bits := key.N.BitLen(); bits < minKeyLen || bits > maxKeyLen || key.N.Bit(0) == 0 {
		return nil
	}
	return key
}

// fit returns the kid of a key that is for signatures, and of the right issuer
// and cloud as far as it names them. {tenantid} in the issuer stands for any tenant.
func (r keyRules) fit(k jsonValue) (kid string, ok bool) {
	kid, _ = k.str("kid")
	use, _ := k.str("use")
	if !isKeyName(kid) || use != "sig" && !(r.anyUse && !k.has("use")) || !forVerify(k) {
		return "", false
	}
	issuer, ok := k.str("issuer")
	if k.has("issuer") && (!ok || !slices.Contains(r.issuers, strings.ReplaceAll(issuer, allTenants, r.tenant))) {
		return "", false
	}
	cloud, ok := k.str("cloud_instance_name")
	return strings.Clone(kid), !k.has("cloud_instance_name") || r.cloud == "" || ok && cloud == r.cloud
}

// forVerify reports whether key_ops, if present, allows the check of signatures.
func forVerify(k jsonValue) bool {
	ops, ok := k.get("key_ops")
	return !ok || slices.ContainsFunc(ops.items, func(op jsonValue) bool { return op.kind == jsonString && op.text == "verify" })
}
