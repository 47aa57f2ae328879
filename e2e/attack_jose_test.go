package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// fireWycheproof sends the encrypted tokens of Wycheproof as bearer tokens to every route: none is even looked into.
func (s *target) fireWycheproof(t *testing.T, result *scores) {
	t.Helper()
	var list []string
	for _, file := range []string{"json_web_encryption_test.json", "json_web_crypto_test.json"} {
		list = append(list, encrypted(t, file)...)
	}
	if len(list) < 139 {
		t.Errorf("there are only %d vectors", len(list))
	}
	before := s.acs.Load()
	eachOnWire(s, list, func(w *wire, i int, token string) {
		result.add('W', func(n *score) { n.cases++ })
		expect, _ := onWire("token_invalid", token)
		for _, r := range s.routes {
			a, err := w.send(s.message(r, token).String())
			result.judge('W', fmt.Sprintf("%s: JWE %d", r, i), expect, a, err, token)
		}
	})
	if n := s.acs.Load() - before; n != 0 {
		t.Errorf("class W: refused requests caused %d requests to ACS", n)
	}
	eachOnWire(s, s.routes, func(w *wire, _ int, r route) {
		a, err := w.send(s.message(r, s.good(r)).String())
		result.twin('W', fmt.Sprintf("%s: beside the vectors", r), a, err)
	})
}

// encrypted lists the encrypted tokens of a file of vectors. One in JSON serialization stays JSON, in one line.
func encrypted(t *testing.T, file string) (list []string) {
	t.Helper()
	raw, err := fs.ReadFile(wycheproof.TestVectors, file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		TestGroups []struct {
			Tests []struct{ JWE any }
		}
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, g := range all.TestGroups {
		for _, c := range g.Tests {
			if token, ok := c.JWE.(string); ok {
				list = append(list, token)
			} else if c.JWE != nil {
				b, err := json.Marshal(c.JWE)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, string(b))
			}
		}
	}
	return list
}
