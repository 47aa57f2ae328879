package entra

import (
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

func TestProofsInToken(t *testing.T) {
	c := emu.Claims{"aio": "x", "amr": []string{"pwd"}}
	have := proofs{"acrs=c1", "capolids=p", "obstacle=7", "acrs=c2"}
	addProofs(c, have)
	if acrs := c["acrs"].([]string); len(acrs) != 2 || c["amr"].([]string)[1] != "mfa" {
		t.Errorf("%v", c)
	}
	c["acrs"] = []any{"c1", 5, "c2"} // as JSON decodes it
	if got := proofsOf(c); len(got) != len(have) {
		t.Errorf("%v", got)
	}
	for _, aio := range []any{nil, "", "a.b", "a.e30", "a.WzFd", 5} {
		if got := proofsOf(emu.Claims{"aio": aio}); len(got) != 0 {
			t.Errorf("aio %v: %v", aio, got)
		}
	}
}

// Whatever a claims parameter holds, what is read from it is bounded, and a sign-in with it meets it.
func FuzzChallenge(f *testing.F) {
	for _, seed := range []string{"", "{}", stepUpChallenge, policyChallenge, `{"access_token":null}`, `{"access_token":{"acrs":null,"x":{"values":[1,"a","b"]}}}`,
		`{"access_token":{"nbf":{"value":"x"}}}`, `{"access_token":{"a":{"values":[{},"",null]}}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, claims string) {
		demands, err := parseChallenge(claims)
		if err != nil {
			return
		}
		var have proofs
		for _, d := range demands {
			have = append(have, d.proof()...)
		}
		if len(demands) > maxDemands || len(have) > maxProofs/2 || !metAll(demands, have) {
			t.Errorf("%q: %v %v", claims, demands, have)
		}
	})
}

func FuzzAssertion(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "e30.e30.e30", "e30.bnVsbA.e30", "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXSwiZXhwIjoieCJ9.AA"} {
		f.Add(seed)
	}
	w := sharedWorld()
	f.Fuzz(func(t *testing.T, token string) {
		a, ok := parseAssertion(token)
		if !ok {
			return
		}
		key, err := w.flow.workload.get()
		if err != nil {
			t.Fatal(err)
		}
		a.audiences()
		if a.signedBy(&key.key.PublicKey) || a.checkTimes(w.now()) == nil && len(a.input) == 0 {
			t.Errorf("%q is taken", token)
		}
	})
}
