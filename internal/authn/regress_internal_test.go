package authn

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// The keys of caches are structs of fields that can be compared, never strings joined together: then no two
// different ones are one, wherever the border between their fields is.
func TestRegressionKeysAreStructs(t *testing.T) {
	for _, key := range []any{keyID{}, acsauth.UserKey{}} {
		typ := reflect.TypeOf(key)
		if typ.Kind() != reflect.Struct || !typ.Comparable() || typ.NumField() < 2 {
			t.Errorf("%v is no struct of fields that can be compared", typ)
		}
	}
	if sets := reflect.TypeOf(keySet{}.keys); sets.Key() != reflect.TypeOf(keyID{}) {
		t.Errorf("keys are found by %v", sets.Key())
	}
	const letters = "ab:/|\x00.-"
	text := strings.Builder{}
	for range 100_000 {
		text.Reset()
		for range 2 + rand.IntN(6) {
			text.WriteByte(letters[rand.IntN(len(letters))])
		}
		s := text.String()
		i, j := rand.IntN(len(s)), rand.IntN(len(s))
		one, other := keyID{tenant: s[:i], kid: s[i:]}, keyID{tenant: s[:j], kid: s[j:]}
		if (one == other) != (i == j) {
			t.Fatalf("%+v and %+v", one, other)
		}
	}
}
