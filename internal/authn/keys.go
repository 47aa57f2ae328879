package authn

import (
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
	"strings"
)

// A keyID names a signing key. Two tenants or profiles may use one kid for
// different keys, so the kid alone never finds a key.
type keyID struct {
	tenant  string
	profile profile
	kid     string
}

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
}

var errNoKeys = errors.New("key set has no usable key")

// parseKeys takes the usable keys out of a key set (RFC 7517 section 5). A key
// that does not fit is skipped and spoils nothing. Two different keys with one
// kid are both skipped: it is not clear which one is meant.
func parseKeys(doc jsonValue, rules keyRules) (map[keyID]*rsa.PublicKey, error) {
	list, _ := doc.get("keys")
	keys := make(map[keyID]*rsa.PublicKey)
	double := make(map[keyID]bool)
	for _, item := range list.items {
		kid, key := parseKey(item, rules)
		if key == nil {
			continue
		}
		id := keyID{rules.tenant, rules.profile, kid}
		if old := keys[id]; old != nil && !old.Equal(key) {
			double[id] = true
		} else if len(keys) < maxKeys {
			keys[id] = key
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

// parseKey returns a key for RS256 signatures, or nil.
func parseKey(k jsonValue, rules keyRules) (string, *rsa.PublicKey) {
	kid, _ := k.str("kid")
	kty, _ := k.str("kty")
	use, _ := k.str("use")
	if !isKeyName(kid) || kty != "RSA" || use != "sig" || !forRS256(k) || !rules.fit(k) {
		return "", nil
	}
	n, _ := k.str("n")
	e, _ := k.str("e")
	modulus, err := strictBase64.DecodeString(n)
	if err != nil || e != "AQAB" { // 65537 in base64url
		return "", nil
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}
	if bits := key.N.BitLen(); bits < minKeyLen || bits > maxKeyLen || key.N.Bit(0) == 0 {
		return "", nil
	}
	return strings.Clone(kid), key
}

// forRS256 reports whether alg and key_ops, if present, allow the check of RS256 signatures.
func forRS256(k jsonValue) bool {
	if alg, ok := k.str("alg"); k.has("alg") && (!ok || alg != "RS256") {
		return false
	}
	ops, ok := k.get("key_ops")
	return !ok || slices.ContainsFunc(ops.items, func(op jsonValue) bool { return op.kind == jsonString && op.text == "verify" })
}

// fit reports whether the issuer and cloud that a key names are those of the
// rules. {tenantid} in the issuer stands for any tenant.
func (r keyRules) fit(k jsonValue) bool {
	issuer, ok := k.str("issuer")
	if k.has("issuer") && (!ok || !slices.Contains(r.issuers, strings.ReplaceAll(issuer, "{tenantid}", r.tenant))) {
		return false
	}
	cloud, ok := k.str("cloud_instance_name")
	return !k.has("cloud_instance_name") || r.cloud == "" || ok && cloud == r.cloud
}
