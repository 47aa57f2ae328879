package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// P-12: there is one version of the schema so far. So rows are the same whenever a file is opened again, and a file of
// a newer program is refused and left as it is, byte for byte; with its own version again it opens, and nothing is lost.
func TestVersionsKeepRows(t *testing.T) {
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		if n++; n > 20 { // a file each
			return
		}
		path := filepath.Join(t.TempDir(), "acsauth.db")
		s, err := Open(t.Context(), path)
		mustDo(t, err)
		for i := range rapid.IntRange(1, 12).Draw(r, "rows") {
			row := pendingRow(fmt.Sprint(i, rapid.StringMatching(`[a-zé'"\\ ]{0,8}`).Draw(r, "subject")))
			row.Generation = rapid.Int64Range(1, 1<<40).Draw(r, "generation")
			mustDo(t, s.Insert(t.Context(), row))
			active, line := row, lineOf(row)
			active.State, active.Identity, active.Lease = acsauth.Active, acsauth.Identity(fmt.Sprint("8:acs:resource_", i)), 0
			line.Answer = rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, "answer")
			if rapid.Bool().Draw(r, "commit") {
				mustDo(t, s.Replace(t.Context(), row, active, &line))
			}
		}
		rows, lines := holdings(t, s)
		mustDo(t, s.Close())

		setVersion(t, path, schemaVersion+rapid.IntRange(1, 9).Draw(r, "newer"))
		before, err := os.ReadFile(path)
		mustDo(t, err)
		if s, err := Open(t.Context(), path); err == nil {
			_ = s.Close()
			t.Fatal("the file of a newer program is opened")
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Fatalf("the refused file was changed: %v", err)
		}

		setVersion(t, path, schemaVersion)
		again, err := Open(t.Context(), path)
		mustDo(t, err)
		gotRows, gotLines := holdings(t, again)
		mustDo(t, again.Close())
		if diff := cmp.Diff(rows, gotRows) + cmp.Diff(lines, gotLines); diff != "" || len(rows) == 0 {
			t.Fatalf("%d rows, %s", len(rows), diff)
		}
	})
}

// holdings are all rows and suspects of a store. Leases run, so they are left out.
func holdings(t *testing.T, s *Store) (rows []acsauth.Mapping, lines []acsauth.JournalLine) {
	t.Helper()
	rows, next, err := s.List(t.Context(), "", acsauth.MaxLimit)
	if err != nil || next != "" {
		t.Fatalf("list: %v, %q", err, next)
	}
	for i := range rows {
		rows[i].Lease = 0
	}
	lines, err = s.Lines(t.Context(), acsauth.Suspect, acsauth.MaxLimit)
	mustDo(t, err)
	return rows, lines
}

func setVersion(t *testing.T, path string, version int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	mustDo(t, err)
	_, err = db.ExecContext(t.Context(), fmt.Sprintf("PRAGMA user_version = %d; PRAGMA wal_checkpoint(TRUNCATE);", version))
	mustDo(t, err)
	mustDo(t, db.Close())
}
