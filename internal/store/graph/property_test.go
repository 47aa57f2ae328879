package graph

import (
	"bytes"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/testkit"
	"pgregory.net/rapid"
)

// genRow makes rows whose fields are alike, so that one may pass for another.
func genRow(t *rapid.T, name string) acsauth.Mapping {
	part := func(what string) string {
		return rapid.OneOf(rapid.StringMatching(`[ab1]{0,3}`), rapid.String()).Draw(t, name+" "+what)
	}
	return acsauth.Mapping{Key: acsauth.UserKey{Issuer: part("issuer"), Subject: part("subject")}, Identity: acsauth.Identity(part("identity")),
		Attempt: part("attempt"), Resource: part("resource"), Generation: rapid.Int64Range(-2, 12).Draw(t, name+" generation")}
}

// change makes one field, or the border between two, another.
func change(t *rapid.T, m acsauth.Mapping) acsauth.Mapping {
	other := genRow(t, "other")
	switch rapid.IntRange(0, 7).Draw(t, "field") {
	case 0:
		m.Key.Issuer = other.Key.Issuer
	case 1:
		m.Key.Subject = other.Key.Subject
	case 2:
		m.Identity = other.Identity
	case 3:
		m.Attempt = other.Attempt
	case 4:
		m.Resource = other.Resource
	case 5:
		m.Generation = other.Generation
	case 6: // the border between issuer and subject
		both := m.Key.Issuer + m.Key.Subject
		at := rapid.IntRange(0, len(both)).Draw(t, "border")
		m.Key = acsauth.UserKey{Issuer: both[:at], Subject: both[at:]}
	case 7: // the border between identity and attempt
		both := string(m.Identity) + m.Attempt
		at := rapid.IntRange(0, len(both)).Draw(t, "border")
		m.Identity, m.Attempt = acsauth.Identity(both[:at]), both[at:]
	}
	return m
}

// P-08: a change of any field is refused, by one key and by two; and what the first of two keys signed is taken by
// every store that has it, as first or second key, and by no other.
func TestMACRefusesAnyChange(t *testing.T) {
	testkit.Checks(t, "10000")
	changed := 0
	rapid.Check(t, func(t *rapid.T) {
		keys := make([]MACKey, 3)
		for i := range keys {
			keys[i] = MACKey{ID: string(rune('a' + i)), Key: bytes.Repeat([]byte{rapid.Byte().Draw(t, "key"), byte(i)}, 16)}
		}
		store := func(keys ...MACKey) *Store { return &Store{o: Options{MACKeys: keys, Extension: DefaultExtension}} }
		m := genRow(t, "row")
		mac := store(keys[0], keys[1]).sign(m)
		for name, c := range map[string]struct {
			s    *Store
			want bool
		}{
			"before the rotation": {store(keys[0]), true}, "while it lasts": {store(keys[1], keys[0]), true}, "the other way round": {store(keys[0], keys[2]), true},
			"after it": {store(keys[1]), false}, "two others": {store(keys[2], keys[1]), false},
			"the same id": {store(MACKey{ID: keys[0].ID, Key: keys[1].Key}), false},
		} {
			if c.s.verify(m, mac) != c.want {
				t.Fatalf("%s: %v", name, !c.want)
			}
		}
		other := change(t, m)
		if other != m {
			changed++
		}
		for _, s := range []*Store{store(keys[0]), store(keys[1], keys[0])} {
			if s.verify(other, mac) != (other == m) {
				t.Fatalf("%+v and %+v", m, other)
			}
		}
		at := rapid.IntRange(0, len(mac)-1).Draw(t, "at")
		if bad := mac[:at] + string(mac[at]^byte(rapid.IntRange(1, 127).Draw(t, "bit"))) + mac[at+1:]; store(keys[0], keys[1], keys[2]).verify(m, bad) {
			t.Fatalf("accepted %q for %q", bad, mac)
		}
		if strings.Count(mac, ".") != 1 {
			t.Fatalf("signature %q", mac)
		}
	})
	if changed == 0 {
		t.Error("nothing was changed: the test shows nothing")
	}
}
