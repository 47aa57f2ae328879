package authn

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"
)

// vectors is a Wycheproof file of JOSE tests.
type vectors struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		Type    string          `json:"type"`
		Comment string          `json:"comment"`
		Private json.RawMessage `json:"private"`
		Public  json.RawMessage `json:"public"`
		Tests   []struct {
			ID      int             `json:"tcId"`
			Comment string          `json:"comment"`
			JWS     json.RawMessage `json:"jws"`
			JWE     json.RawMessage `json:"jwe"`
			Result  string          `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

func loadVectors(t *testing.T, name string) vectors {
	t.Helper()
	raw, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// compactOf is the text of a vector. A JWS in JSON serialization stays JSON.
func compactOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// keysOf loads the key or key set of a group by our rules; asSig adds use=sig, which ours must have.
func keysOf(t *testing.T, jwk json.RawMessage, asSig bool) map[keyID]publicKey {
	t.Helper()
	var one map[string]any
	if err := json.Unmarshal(jwk, &one); err != nil {
		t.Fatal(err)
	}
	doc := []byte(jwk)
	if _, isSet := one["keys"]; !isSet {
		if _, has := one["use"]; asSig && !has {
			one["use"] = "sig"
		}
		if kid, ok := one["kid"].(string); ok {
			one["kid"] = wordsOnly(kid)
		}
		doc, _ = json.Marshal(map[string]any{"keys": []any{one}})
	}
	v, err := parseObject(bytes.TrimSpace(doc), maxDocumentValues)
	if err != nil {
		return nil
	}
	keys, err := parseKeys(v, keyRules{tenant: "t", profile: v2, algs: []string{"RS256", "PS256", "ES256", "ES384"}})
	if err != nil {
		return nil
	}
	return keys
}

// wordsOnly makes the kid of RFC 7520, which is an e-mail address, one that Entra ID could use.
func wordsOnly(kid string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x7f || !isWordByte(byte(r)) {
			return '_'
		}
		return r
	}, kid)
}

// accepts runs steps 2 to 9 of the check, but for the JSON of the payload, which
// is no object in these vectors. The key is the only one of the set: most of the headers have no kid.
func accepts(token string, keys map[keyID]publicKey, algs ...string) bool {
	raw, e := splitCompact(token)
	if e != nil {
		return false
	}
	h, e := parsePart("header", raw.header, headerNames)
	if e != nil {
		return false
	}
	for i := range h.members { // our rules for a kid are not under test here
		if h.members[i].name == "kid" {
			h.members[i].value.text = wordsOnly(h.members[i].value.text)
		}
	}
	if !h.has("kid") {
		h.members = append(h.members, jsonMember{"kid", jsonValue{kind: jsonString, text: "none"}})
	}
	k := &check{header: h, raw: raw}
	k.iss = &issuer{Issuer: Issuer{Kind: OIDC, Algorithms: algs}}
	if k.algorithm(context.Background()) != nil || k.checkHeader(context.Background()) != nil {
		return false
	}
	for id, key := range keys {
		if id.alg == k.alg && algorithms[k.alg].verify(key, raw) {
			return true
		}
	}
	return false
}

// A vectorID names a test of a file.
type vectorID struct {
	file string
	id   int
}

// deviations are the vectors that we judge otherwise on purpose, with the reason.
var deviations = map[vectorID]string{
	{"json_web_signature_test.json", 259}: "valid, refused: its payload is empty, and a token without claims is no token",
	{"json_web_signature_test.json", 272}: "valid, refused: its payload is empty",
	{"json_web_crypto_test.json", 46}:     "invalid, accepted: a key of a broken generator (ROCA); keys come from the configured authority only",
	{"json_web_key_test.json", 7}:         "invalid, accepted: the same key",
}

func TestWycheproofSignatures(t *testing.T) {
	t.Run("Entra ID", func(t *testing.T) { judgeSignatures(t, "RS256") })
	t.Run("other issuers", func(t *testing.T) { judgeSignatures(t, "RS256", "PS256", "ES256", "ES384") })
}

func judgeSignatures(t *testing.T, algs ...string) {
	for _, file := range []string{"json_web_signature_test.json", "json_web_crypto_test.json"} {
		all, count := loadVectors(t, file), map[string]int{}
		for _, g := range all.TestGroups {
			for _, c := range g.Tests {
				if c.JWS == nil {
					continue
				}
				token := compactOf(c.JWS)
				got := accepts(token, keysOf(t, publicOf(g.Public, g.Private), true), algs...)
				want := c.Result == "valid" && slices.Contains(algs, headerAlg(token))
				reason, deviates := deviations[vectorID{file, c.ID}]
				deviates = deviates && (want || c.Result != "valid")
				if got != (want != deviates) {
					t.Errorf("%s %d (%s, %s, %s): accepted %v", file, c.ID, g.Comment, c.Comment, c.Result, got)
				}
				switch {
				case deviates:
					t.Logf("%s %d: %s", file, c.ID, reason)
					count["deviating"]++
				case c.Result == "valid" && !want:
					count["valid, other algorithm, refused"]++
				default:
					count[c.Result]++
				}
			}
		}
		t.Logf("%s: %v", file, count)
	}
}

func publicOf(public, private json.RawMessage) json.RawMessage {
	if public != nil {
		return public
	}
	return private
}

func headerAlg(token string) string {
	head, _, _ := strings.Cut(token, ".")
	raw, err := strictBase64.DecodeString(head)
	if err != nil {
		return ""
	}
	var h struct {
		Alg any `json:"alg"`
	}
	_ = json.Unmarshal(raw, &h) // no header, no algorithm
	alg, _ := h.Alg.(string)
	return alg
}

// Encrypted tokens are refused by their form, at step 2.
func TestWycheproofEncryption(t *testing.T) {
	n := 0
	for _, file := range []string{"json_web_encryption_test.json", "json_web_crypto_test.json"} {
		for _, g := range loadVectors(t, file).TestGroups {
			for _, c := range g.Tests {
				if c.JWE == nil {
					continue
				}
				if _, e := splitCompact(compactOf(c.JWE)); e == nil {
					t.Errorf("%s %d (%s): taken for a signed token", file, c.ID, c.Comment)
				}
				n++
			}
		}
	}
	t.Logf("%d encrypted tokens refused", n)
	if n < 139 {
		t.Errorf("only %d vectors", n)
	}
}

// The key vectors as key sets: no panic, and only RSA keys for signatures come through.
func TestWycheproofKeys(t *testing.T) {
	all := loadVectors(t, "json_web_key_test.json")
	sets, usable := 0, 0
	for _, g := range all.TestGroups {
		for _, jwk := range []json.RawMessage{g.Private, g.Public} {
			if jwk == nil {
				continue
			}
			sets++
			keys := keysOf(t, jwk, false)
			for id, public := range keys {
				usable++
				key, ok := public.(*rsa.PublicKey)
				if ok != (id.alg == "RS256" || id.alg == "PS256") {
					t.Errorf("%s: key %s for %s is a %T", g.Comment, id.kid, id.alg, public)
				}
				if !ok {
					continue
				}
				if key.E != 65537 || key.N.BitLen() < 2048 {
					t.Errorf("%s: key %s of %d bits, e=%d", g.Comment, id.kid, key.N.BitLen(), key.E)
				}
			}
			for _, c := range g.Tests {
				_, deviates := deviations[vectorID{"json_web_key_test.json", c.ID}]
				if got := accepts(compactOf(c.JWS), keys, "RS256", "PS256", "ES256", "ES384"); got && c.Result != "valid" && !deviates {
					t.Errorf("%d (%s): accepted", c.ID, c.Comment)
				}
			}
		}
	}
	t.Logf("%d key sets of %d vectors, %d usable keys", sets, all.NumberOfTests, usable)
}
