package tables

import (
	"errors"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
)

// inventory reads the whole table: what the methods must find by their indexes.
func (s *Store) inventory(t testing.TB) (views map[string]*view) {
	t.Helper()
	views = map[string]*view{}
	_, all, err := s.query(t.Context(), "PartitionKey lt '"+behindHashes+"'", fullPage, func(e aztables.EDMEntity) (bool, error) {
		v := views[e.PartitionKey]
		if v == nil {
			v = &view{}
			views[e.PartitionKey] = v
		}
		return true, v.decode(e)
	})
	if err == nil && !all {
		err = errors.New("too many")
	}
	must(t, err)
	return views
}

// wantFound fails unless the store finds everything that is in the table and
// must be found: unfinished rows, lines of every kind, and holders of identities.
// At most 1000 of a sort can be compared.
func wantFound(t testing.TB, s *Store) {
	t.Helper()
	rows, lines := map[acsauth.UserKey]bool{}, map[string]acsauth.JournalKind{}
	for _, state := range []acsauth.State{acsauth.Pending, acsauth.Deleting} {
		found, err := s.Unfinished(t.Context(), state, 0, 1000)
		must(t, err)
		for _, m := range found {
			rows[m.Key] = true
		}
	}
	for _, kind := range []acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan, acsauth.Left} {
		found, err := s.Lines(t.Context(), kind, 1000)
		must(t, err)
		for _, l := range found {
			lines[l.User+l.Attempt] = kind
		}
	}
	unfinishedRows, allLines := 0, 0
	for user, v := range s.inventory(t) {
		if v.row != nil && v.row.Identity != "" {
			if m, err := s.Find(t.Context(), v.row.Identity); err != nil || m.Key != v.row.Key {
				t.Errorf("a %s row is not found by its identity: %v", v.row.State, err)
			}
		}
		if v.open() {
			unfinishedRows++
			if !rows[v.row.Key] {
				t.Errorf("a %s row with attempt %q is not found", v.row.State, v.row.Attempt)
			}
		}
		for _, l := range v.lines {
			allLines++
			if lines[user+l.Attempt] != l.Kind {
				t.Errorf("the %s line of attempt %q is not found", l.Kind, l.Attempt)
			}
		}
	}
	if len(rows) != unfinishedRows || len(lines) != allLines {
		t.Errorf("found %d rows and %d lines, the table has %d and %d", len(rows), len(lines), unfinishedRows, allLines)
	}
}
