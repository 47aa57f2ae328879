package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// TestLongestCursor: the cursor of the longest key is not too long.
func TestLongestCursor(t *testing.T) {
	s, _ := openNew(t)
	for i := range 2 {
		row := pendingRow("x")
		row.Key.Issuer = strings.Repeat("i", maxKey/2)
		row.Key.Subject = strings.Repeat("s", maxKey/2-1) + fmt.Sprint(i)
		mustDo(t, s.Insert(t.Context(), row))
	}
	_, next, err := s.List(t.Context(), "", 1)
	if err != nil || len(next) > 4096 || len(next) < maxKey {
		t.Errorf("a cursor of %d bytes, %v", len(next), err)
	}
	if rows, _, err := s.List(t.Context(), next, 1); err != nil || len(rows) != 1 {
		t.Errorf("from the longest cursor: %d rows, %v", len(rows), err)
	}
}

// TestEmptyKey: the row of the least key is the first one, and listed.
func TestEmptyKey(t *testing.T) {
	s, _ := openNew(t)
	row := pendingRow("")
	row.Key = acsauth.UserKey{}
	mustDo(t, s.Insert(t.Context(), row))
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	rows, next, err := s.List(t.Context(), "", 1)
	if err != nil || len(rows) != 1 || rows[0].Key != row.Key {
		t.Fatalf("the first page: %d rows, %v", len(rows), err)
	}
	if rows, _, err = s.List(t.Context(), next, 5); err != nil || len(rows) != 1 {
		t.Errorf("the second page: %d rows, %v", len(rows), err)
	}
}

// FuzzCursor: any text is refused, or is the one cursor of a key.
func FuzzCursor(f *testing.F) {
	good := cursorBehind(pendingRow("alice").Key)
	for _, seed := range []string{"", "s1.", good, good[:len(good)-1], good + "=", strings.ToUpper(good), "s1.AAAAAAA", "s1.AAAAAP8"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if key, err := parseCursor(cursor); err == nil && cursorBehind(key) != cursor {
			t.Errorf("%q was taken for the cursor of another", cursor)
		}
	})
}

// TestDamagedCursor: no cursor with a changed byte is taken for a place in the list.
func TestDamagedCursor(t *testing.T) {
	good := cursorBehind(pendingRow("alice").Key)
	for i := range good {
		for _, c := range []byte{'A', 'z', '0', '_', '.', ' ', 0} {
			damaged := good[:i] + string(c) + good[i+1:]
			if _, err := parseCursor(damaged); (err == nil) != (damaged == good) {
				t.Errorf("byte %d as %q: %v", i, c, err)
			}
		}
	}
}
