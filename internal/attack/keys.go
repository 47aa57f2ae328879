package attack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"maps"
	"sync"
)

// ring is made once: making RSA keys is slow.
var ring = sync.OnceValue(func() (keys [4]*rsa.PrivateKey) {
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i] = must(rsa.GenerateKey(rand.Reader, 2048)) })
	}
	wg.Wait()
	return keys
})

var smallKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1024)) })

// Ring returns the signing keys: of tenant A for v2 and v1, and of tenant B for v2 and v1.
func Ring() [4]*rsa.PrivateKey { return ring() }

// B64 is base64url without padding (RFC 7515 section 2).
func B64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// JWK is a key as Entra ID publishes it; extra adds or replaces members, nil removes one.
func JWK(kid string, key *rsa.PublicKey, extra map[string]any) map[string]any {
	m := map[string]any{"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": B64(key.N.Bytes()), "e": "AQAB", "x5c": []string{"MII"}}
	maps.Copy(m, extra)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return m
}

// V2Key is a key of the v2 key set, with the issuer as a template.
func (w World) V2Key(kid string, key *rsa.PrivateKey) map[string]any {
	return JWK(kid, &key.PublicKey, map[string]any{"issuer": w.Host + "/{tenantid}/v2.0", "cloud_instance_name": "microsoftonline.com"})
}

// V1Key is a key of the v1 key set.
func (w World) V1Key(kid string, key *rsa.PrivateKey) map[string]any {
	return JWK(kid, &key.PublicKey, nil)
}

// KeySet lists the keys of a tenant.
type KeySet struct{ V2, V1 []map[string]any }

// KeySets are the keys of the tenants A and B. Besides the good keys they have those that must not be used.
func (w World) KeySets() map[string]KeySet {
	keys := Ring()
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	with := func(kid string, extra map[string]any) map[string]any {
		m := JWK(kid, &keys[0].PublicKey, map[string]any{"issuer": w.Host + "/{tenantid}/v2.0"})
		maps.Copy(m, extra)
		return m
	}
	small := JWK("small", &rsa.PublicKey{N: smallKey().N, E: 65537}, nil)
	return map[string]KeySet{
		TenantA: {[]map[string]any{
			w.V2Key("k-v2", keys[0]), w.V2Key("same", keys[0]), small,
			with("enc", map[string]any{"use": "enc"}), with("e3", map[string]any{"e": "Aw"}), with("rs512", map[string]any{"alg": "RS512"}),
			with("consumer", map[string]any{"issuer": w.Host + "/" + Consumers + "/v2.0"}), with("other-issuer", map[string]any{"issuer": w.Host + "/" + TenantB + "/v2.0"}),
			with("other-cloud", map[string]any{"cloud_instance_name": "microsoftonline.us"}), with("issuer-number", map[string]any{"issuer": 7}),
			{"kty": "EC", "use": "sig", "kid": "ec", "crv": "P-256", "x": B64(ec.X.Bytes()), "y": B64(ec.Y.Bytes())},
			{"kty": "oct", "use": "sig", "kid": "oct", "k": "c2VjcmV0"},
			with("twice", nil), JWK("twice", &keys[2].PublicKey, nil),
			with("crypt-op", map[string]any{"key_ops": []string{"encrypt"}}), with("bad-n", map[string]any{"n": "***"}), {"kid": 1}, {},
		}, []map[string]any{w.V1Key("k-v1", keys[1]), w.V1Key("same", keys[1])}},
		TenantB: {[]map[string]any{w.V2Key("k-v2", keys[2]), w.V2Key("same", keys[2]), w.V2Key("k-b", keys[2])}, []map[string]any{w.V1Key("k-v1", keys[3])}},
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // of test material: there is nobody to tell
	}
	return v
}
