package authn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// An attack is a bad token: a good one with an edit. Its twin is the same good
// token with a harmless edit, or none, and must pass; so an attack cannot fail for a wrong reason.
type attack struct {
	class byte
	name  string
	want  string // code
	edit  edit
	twin  edit
	v1    bool // the base is a v1 token
}

func (a attack) base() *token {
	if a.v1 {
		return baseV1()
	}
	return baseV2()
}

// corpus collects attacks.
type corpus []attack

func (c *corpus) add(class byte, want, name string, e edit) {
	*c = append(*c, attack{class: class, name: name, want: want, edit: e})
}

// twin gives the last attack its own twin.
func (c *corpus) twin(e edit) { (*c)[len(*c)-1].twin = e }

// v1 adds an attack on a v1 token.
func (c *corpus) v1(class byte, want, name string, e edit) {
	c.add(class, want, name, e)
	(*c)[len(*c)-1].v1 = true
}

// corpusWorld lists besides the good keys those that must not be used.
func corpusWorld() *authority {
	a, ring := newAuthority(), keyRing()
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	with := func(kid string, extra map[string]any) map[string]any {
		m := jwk(kid, &ring[0].PublicKey, map[string]any{"issuer": publicHost + "/{tenantid}/v2.0"})
		maps.Copy(m, extra)
		return m
	}
	small := jwk("small", &rsa.PublicKey{N: smallKey().N, E: 65537}, nil)
	a.publish(tenantA, []map[string]any{
		v2Key("k-v2", ring[0]), v2Key("same", ring[0]), small,
		with("enc", map[string]any{"use": "enc"}), with("e3", map[string]any{"e": "Aw"}), with("rs512", map[string]any{"alg": "RS512"}),
		with("consumer", map[string]any{"issuer": publicHost + "/" + consumers + "/v2.0"}), with("other-issuer", map[string]any{"issuer": publicHost + "/" + tenantB + "/v2.0"}),
		with("other-cloud", map[string]any{"cloud_instance_name": "microsoftonline.us"}), with("issuer-number", map[string]any{"issuer": 7}),
		{"kty": "EC", "use": "sig", "kid": "ec", "crv": "P-256", "x": b64(ec.X.Bytes()), "y": b64(ec.Y.Bytes())},
		{"kty": "oct", "use": "sig", "kid": "oct", "k": "c2VjcmV0"},
		with("twice", nil), jwk("twice", &ring[2].PublicKey, nil),
		with("crypt-op", map[string]any{"key_ops": []string{"encrypt"}}), with("bad-n", map[string]any{"n": "***"}), {"kid": 1}, {},
	}, []map[string]any{v1Key("k-v1", ring[1]), v1Key("same", ring[1])})
	a.publish(tenantB, []map[string]any{v2Key("k-v2", ring[2]), v2Key("same", ring[2]), v2Key("k-b", ring[2])}, []map[string]any{v1Key("k-v1", ring[3])})
	return a
}

func fullCorpus() corpus {
	var c corpus
	c.structure()
	c.algorithm()
	c.keyChoice()
	c.signature()
	c.times()
	c.issuer()
	c.audience()
	c.rights()
	c.wrongKind()
	c.subject()
	c.json()
	c.size()
	return c
}

func TestCorpus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := corpusWorld()
		v := newVerifier(t, options(a))
		exhaust(t, v)
		before, perClass := a.count(), map[byte]int{}
		attacks := fullCorpus()
		for _, k := range attacks {
			name := fmt.Sprintf("%c %s", k.class, k.name)
			if _, code, err := outcome(v, mint(k.base(), k.twin)); code != "" {
				t.Errorf("%s: the twin is refused: %v", name, err)
			}
			jwt := mint(k.base(), k.edit)
			caller, code, err := outcome(v, jwt)
			if code != k.want {
				t.Errorf("%s: %q, want %q (%v)", name, code, k.want, err)
			}
			if code != "token_app_only" && code != "token_scope" && caller.Key != (acsauth.UserKey{}) { // those two are of RequireScope
				t.Errorf("%s: a caller and an error", name)
			}
			if err != nil {
				checkText(t, name, jwt, err)
			}
			perClass[k.class]++
		}
		if n := a.count() - before; n != 0 || a.foreign != 0 {
			t.Errorf("%d requests, %d of them to foreign hosts", n, a.foreign)
		}
		if len(attacks) < 400 {
			t.Errorf("the corpus has shrunk to %d attacks", len(attacks))
		}
		for _, class := range slices.Sorted(maps.Keys(perClass)) {
			t.Logf("class %c: %d attacks, %d twins", class, perClass[class], perClass[class])
		}
		t.Logf("%d attacks in all, 0 requests", len(attacks))
	})
}

// exhaust loads the keys and uses up the budget for unknown keys, so that from
// now on every request is a fault. Time stands still.
func exhaust(t *testing.T, v *authn.Verifier) {
	t.Helper()
	for _, base := range []func() *token{baseV2, baseV1} {
		for _, kid := range []string{"stray-1", "stray-2"} {
			if _, code, _ := outcome(v, mint(base(), hset("kid", kid))); code != "token_key_unknown" {
				t.Fatalf("stray kid: %s", code)
			}
		}
	}
	inB := all(set("iss", publicHost+"/"+tenantB+"/v2.0"), set("tid", tenantB), by(keyRing()[2]))
	for range 3 {
		if _, code, _ := outcome(v, mint(baseV2(), inB)); code != "" {
			t.Fatal(code)
		}
		outcome(v, mint(baseV2(), inB, hset("kid", rand.Text())))
	}
}

// Attacks on top of each other are refused, too. The seed is printed.
func TestCombinedAttacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(corpusWorld()))
		exhaust(t, v)
		seed := mathrand.Uint64()
		r := mathrand.New(mathrand.NewPCG(seed, 0))
		t.Logf("seed %d", seed)
		attacks := slices.DeleteFunc(fullCorpus(), func(k attack) bool { return !k.combines() })
		for range 500 {
			base, names, classes := baseV2(), []string{}, ""
			for len(names) < 2+r.IntN(3) {
				k := attacks[r.IntN(len(attacks))]
				if !k.v1 && strings.IndexByte(classes, k.class) < 0 {
					k.edit(base)
					names, classes = append(names, string(k.class)+" "+k.name), classes+string(k.class)
				}
			}
			if _, code, _ := outcome(v, mint(base)); code == "" {
				t.Fatalf("accepted: %v", names)
			}
		}
		t.Logf("500 combinations of %d attacks", len(attacks))
	})
}

// combines reports whether an attack changes header and claims only. Two of
// those, of different classes, never add up to a good token; a key or a second
// spelling of a claim may fit what another attack took away.
func (a attack) combines() bool {
	k := a.base()
	if a.class == 'L' { // fits its size to the token
		return false
	}
	a.edit(k)
	return k.editHeader == nil && k.editPayload == nil && k.sign == nil && k.wrap == nil && k.key == a.base().key
}
