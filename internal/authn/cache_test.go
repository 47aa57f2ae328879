package authn_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/authn"
)

// remembering is a world with one tenant and a verifier that remembers tokens, run until the test ends.
func remembering(t *testing.T, tokens int) (*authority, *authn.Verifier) {
	t.Helper()
	a := plainWorld()
	opt := options(a)
	opt.Issuers[0].TenantIDs = []string{tenantA}
	opt.CacheSize = tokens
	return a, running(t, opt)
}

func running(t *testing.T, opt authn.Options) *authn.Verifier {
	t.Helper()
	v := newVerifier(t, opt)
	var wg sync.WaitGroup
	wg.Go(func() { v.Run(t.Context()) }) // which ends before the cleanups run
	t.Cleanup(wg.Wait)
	return v
}

// alive is a token that lives from a minute ago for an hour, by the clock of the test.
func alive(more ...edit) string {
	now := time.Now().Unix()
	return mint(baseV2(), append([]edit{set("iat", now-60), set("nbf", now-60), set("exp", now+3600)}, more...)...)
}

func TestCachedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, v := remembering(t, 100)
		jwt := alive()
		first, code, err := outcome(v, jwt)
		if code != "" {
			t.Fatal(err)
		}
		for range 3 {
			again, code, err := outcome(v, jwt)
			if code != "" || fmt.Sprint(again) != fmt.Sprint(first) {
				t.Fatalf("another caller the second time: %v, %v, want %v", again, err, first)
			}
		}
		if s := v.CacheStats(); s.Hits != 3 || s.Misses != 1 || s.Tokens != 1 {
			t.Errorf("stats are %+v, want 3 hits and 1 miss", s)
		}
		changed := jwt[:len(jwt)-10] + flip(jwt[len(jwt)-10:])
		for _, bad := range []string{changed, jwt + "A", jwt + " "} {
			if _, code, _ := outcome(v, bad); code == "" {
				t.Error("a token with another signature is taken for one that was verified")
			}
		}
		if s := v.CacheStats(); s.Hits != 3 || s.Tokens != 1 {
			t.Errorf("a bad token was cached, or found: %+v", s)
		}
	})
}

func flip(s string) string {
	if s[0] == 'x' {
		return "y" + s[1:]
	}
	return "x" + s[1:]
}

func TestCachedTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, v := remembering(t, 100)
		now := time.Now().Unix()
		jwt := mint(baseV2(), set("iat", now-3000), set("nbf", now-3000), set("exp", now+60))
		expect(t, v, "fresh", jwt, "")
		time.Sleep(119 * time.Second) // the clocks may differ by a minute
		expect(t, v, "in the last second", jwt, "")
		time.Sleep(time.Second)
		expect(t, v, "over", jwt, "token_expired")
		if s := v.CacheStats(); s.Hits != 1 {
			t.Errorf("%d hits, want 1: the test did not see the memory", s.Hits)
		}
	})
}

func TestCachedTokenIsVerifiedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, v := remembering(t, 100)
		jwt := alive()
		expect(t, v, "first", jwt, "")
		time.Sleep(5*time.Minute - time.Second)
		expect(t, v, "cached", jwt, "")
		time.Sleep(time.Second)
		expect(t, v, "after five minutes", jwt, "")
		if s := v.CacheStats(); s.Hits != 1 || s.Misses != 2 {
			t.Errorf("%+v, want 1 hit and 2 misses", s)
		}
	})
}

func TestKeyThatIsGoneEndsItsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := remembering(t, 100)
		a.rotate(map[string]int{"one": 0})
		jwt := alive(hset("kid", "one"), by(keyRing()[0]))
		expect(t, v, "first", jwt, "")
		expect(t, v, "cached", jwt, "")
		a.rotate(map[string]int{"two": 1})
		expect(t, v, "before the keys are loaded again", jwt, "")
		time.Sleep(2 * time.Minute)
		expect(t, v, "a token of the new key makes them load", alive(hset("kid", "two"), by(keyRing()[1])), "")
		expect(t, v, "its key is no longer listed", jwt, "token_key_unknown")
	})
	synctest.Test(t, func(t *testing.T) { // another key under the old name
		a, v := remembering(t, 100)
		a.rotate(map[string]int{"one": 0})
		jwt := alive(hset("kid", "one"), by(keyRing()[0]))
		expect(t, v, "first", jwt, "")
		expect(t, v, "cached", jwt, "")
		a.rotate(map[string]int{"one": 1, "two": 1})
		time.Sleep(time.Minute)
		expect(t, v, "load", alive(hset("kid", "two"), by(keyRing()[1])), "")
		expect(t, v, "the name is of another key", jwt, "token_signature")
	})
}

func TestKeysTooOldEndCachedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := remembering(t, 100)
		expect(t, v, "load", alive(), "")
		a.setHook(status(503))
		time.Sleep(24*time.Hour - time.Minute)
		jwt := alive()
		expect(t, v, "keys of almost a day", jwt, "")
		expect(t, v, "cached", jwt, "")
		time.Sleep(2 * time.Minute)
		expect(t, v, "keys of more than a day", jwt, "keys_unavailable")
	})
}

// Two verifiers never share: one with another audience must not take what the other took.
func TestCacheIsOfOneVerifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := remembering(t, 100)
		opt := options(a)
		opt.Issuers[0].TenantIDs, opt.Issuers[0].Audiences, opt.CacheSize = []string{tenantA}, []string{"api://another"}, 100
		other := running(t, opt)
		jwt := alive()
		expect(t, v, "its own", jwt, "")
		expect(t, v, "its own", jwt, "")
		expect(t, other, "another audience", jwt, "token_audience")
	})
}

func TestCacheIsBounded(t *testing.T) {
	_, v := remembering(t, 50)
	for n := range 200 {
		expect(t, v, "token", alive(set("uti", fmt.Sprint(n))), "")
	}
	eventually(t, func() bool { s := v.CacheStats(); return s.Tokens > 10 && s.Tokens <= 50 })
	_, v = remembering(t, 50)
	groups := make([]string, 200)
	for n := range groups {
		groups[n] = fmt.Sprintf("11111111-1111-1111-1111-%012d", n)
	}
	for n := range 20 { // each takes 11 KiB
		expect(t, v, "with many groups", alive(set("uti", fmt.Sprint(n)), set("groups", groups)), "")
	}
	eventually(t, func() bool { s := v.CacheStats(); return s.Tokens > 0 && s.Tokens <= 4 })
}

func eventually(t *testing.T, f func() bool) {
	t.Helper()
	for range 500 {
		if f() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("not within 5 seconds")
}
