package moving

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

func newSQLite(t *testing.T) acsauth.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "one.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// From SQLite to SQLite by way of a file, with an identity that the target has for another user.
func TestRealStores(t *testing.T) {
	const n = 3000
	from, to := newSQLite(t), newSQLite(t)
	var wg sync.WaitGroup
	for worker := range 64 {
		wg.Go(func() {
			for i := worker; i < n; i += 64 {
				if err := from.Insert(t.Context(), mixed(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, line := range sampleLines() {
		if err := from.PutLine(t.Context(), line); err != nil {
			t.Fatal(err)
		}
	}
	source, err := FromStore(from)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mappings.jsonl")
	if _, err := ExportFile(t.Context(), Options{Source: source, Pair: "p"}, path, "test"); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Copy(t.Context(), options(f, to)); err != nil {
		t.Fatal(err)
	}
	checkEqual(t, n, to)
	v, err := Verify(t.Context(), options(source, to))
	if moves, _, pending := numbers(n); err != nil || v != (Verdict{Rows: moves, Equal: moves, Pending: pending}) {
		t.Errorf("%+v %v", v, err)
	}
	third := newSQLite(t)
	rival := mixed(0)
	rival.Key.Subject, rival.Attempt = "rival", "rival"
	if err := third.Insert(context.Background(), rival); err != nil {
		t.Fatal(err)
	}
	o := options(source, third)
	var notes []Note
	o.Note = func(n Note) { notes = append(notes, n) }
	tally, err := Copy(t.Context(), o)
	if err != nil || tally.Conflicts != 1 {
		t.Errorf("%+v %v", tally, err)
	}
	want := "its identity belongs to user " + rival.Key.Hash() + " in the target"
	found := false
	for _, note := range notes {
		found = found || note == Note{User: mixed(0).Key.Hash(), Reason: want}
	}
	if !found {
		t.Errorf("no note says: %s", want)
	}
}
