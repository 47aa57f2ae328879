package authn_test

import (
	"crypto/rand"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/attack"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// corpusWorld lists besides the good keys those that must not be used.
func corpusWorld() *authority {
	a := newAuthority()
	for tenant, keys := range attackWorld().KeySets() {
		a.publish(tenant, keys.V2, keys.V1)
	}
	return a
}

// planned is how many cases of each class there must be at least.
var planned = map[byte]int{'A': 44, 'B': 40, 'C': 52, 'D': 32, 'E': 34, 'F': 48, 'G': 26, 'H': 34, 'I': 28, 'J': 36, 'K': 44, 'L': 16}

func TestCorpus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, w := corpusWorld(), attackWorld()
		v := newVerifier(t, options(a))
		exhaust(t, v)
		before, perClass := a.count(), map[byte]int{}
		attacks := w.Cases()
		for _, k := range attacks {
			if _, code, err := outcome(v, w.Good(k)); code != "" {
				t.Errorf("%s: the twin is refused: %v", k, err)
			}
			jwt := w.Bad(k)
			caller, code, err := outcome(v, jwt)
			if code != k.Want {
				t.Errorf("%s: %q, want %q (%v)", k, code, k.Want, err)
			}
			if code != "token_app_only" && code != "token_scope" && caller.Key != (acsauth.UserKey{}) { // those two are of RequireUser
				t.Errorf("%s: a caller and an error", k)
			}
			if err != nil {
				checkText(t, k.String(), jwt, err)
			}
			perClass[k.Class]++
		}
		if n := a.count() - before; n != 0 || a.foreign != 0 {
			t.Errorf("%d requests, %d of them to foreign hosts", n, a.foreign)
		}
		for class, n := range planned {
			if perClass[class] < n {
				t.Errorf("class %c has shrunk to %d attacks", class, perClass[class])
			}
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
		w := attackWorld()
		v := newVerifier(t, options(corpusWorld()))
		exhaust(t, v)
		seed := mathrand.Uint64()
		r := mathrand.New(mathrand.NewPCG(seed, 0))
		t.Logf("seed %d", seed)
		attacks := slices.DeleteFunc(w.Cases(), func(k attack.Case) bool { return k.V1 || !w.Combines(k) })
		for range 500 {
			base, names, classes := baseV2(), []string{}, ""
			for len(names) < 2+r.IntN(3) {
				k := attacks[r.IntN(len(attacks))]
				if strings.IndexByte(classes, k.Class) < 0 {
					k.Edit(base)
					names, classes = append(names, k.String()), classes+string(k.Class)
				}
			}
			if _, code, _ := outcome(v, mint(base)); code == "" {
				t.Fatalf("accepted: %v", names)
			}
		}
		t.Logf("500 combinations of %d attacks", len(attacks))
	})
}
