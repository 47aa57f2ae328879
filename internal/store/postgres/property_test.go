package postgres

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/acs-solutions/acsauth"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"pgregory.net/rapid"
)

// withDown is the next program, whose migration can be taken back.
func withDown(t *testing.T, up, down string) program {
	t.Helper()
	p := nextProgram(t, up)
	files := p.migrations.(fstest.MapFS)
	files[fmt.Sprintf("%04d_next.sql", p.version)].Data = []byte("-- +goose Up\n" + up + "\n-- +goose Down\n" + down)
	return p
}

// takeBack undoes the migrations down to a version, as an operator would with goose.
func takeBack(t *testing.T, s *Store, p program, version int64) {
	t.Helper()
	db := stdlib.OpenDBFromPool(s.pool)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, p.migrations, goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true))
	mustDo(t, err)
	_, err = provider.DownTo(t.Context(), version)
	mustDo(t, err)
}

// holdings are all rows and lines of a store. Leases run, so they are left out.
func holdings(t *testing.T, s *Store) (rows []acsauth.Mapping, lines []acsauth.JournalLine) {
	t.Helper()
	rows, next, err := s.List(t.Context(), "", acsauth.MaxLimit)
	if err != nil || next != "" {
		t.Fatalf("list: %v, %q", err, next)
	}
	for i := range rows {
		rows[i].Lease = 0
	}
	for _, kind := range []acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan, acsauth.Left} {
		some, err := s.Lines(t.Context(), kind, acsauth.MaxLimit)
		mustDo(t, err)
		lines = append(lines, some...)
	}
	slices.SortFunc(lines, func(a, b acsauth.JournalLine) int {
		return slices.Compare([]byte(a.User+a.Attempt), []byte(b.User+b.Attempt))
	})
	return rows, lines
}

// write puts random rows and lines into a store.
func write(t *testing.T, r *rapid.T, s *Store, name string) {
	t.Helper()
	for i := range rapid.IntRange(1, 8).Draw(r, name+" rows") {
		row := pendingRow(fmt.Sprint(name, i, rapid.StringMatching(`[a-zé'"\\ ]{0,8}`).Draw(r, "subject")))
		row.Identity, row.Generation = "", rapid.Int64Range(1, 1<<40).Draw(r, "generation")
		mustDo(t, s.Insert(t.Context(), row))
		next := row
		next.State, next.Identity, next.Lease = acsauth.Active, acsauth.Identity(fmt.Sprintf("8:acs:resource_%s-%d", name, i)), 0
		var line *acsauth.JournalLine
		if rapid.Bool().Draw(r, "line") {
			l := lineOf(row)
			l.Answer = rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, "answer")
			line = &l
		}
		if rapid.IntRange(0, 3).Draw(r, "commit") > 0 {
			mustDo(t, s.Replace(t.Context(), row, next, line))
		}
	}
}

// P-12: rows and lines are the same after a migration, after it was taken back, and after it was made again; and what
// was written in between is there, too.
func TestMigrationsKeepRows(t *testing.T) {
	const down = `DROP INDEX acsauth.mapping_resource; DROP TABLE acsauth.extra; ALTER TABLE acsauth.journal DROP tries; ALTER TABLE acsauth.mapping DROP note;`
	next := withDown(t, additive, down)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		if n++; n > 6 { // a database each
			return
		}
		old, dsn := openNew(t)
		write(t, r, old, "before")
		newer, err := openAs(t.Context(), Options{DSN: dsn}, next)
		mustDo(t, err)
		defer func() { mustDo(t, newer.Close()) }()
		same(t, "after the migration", old, newer)
		write(t, r, newer, "between")
		rows, lines := holdings(t, newer)
		takeBack(t, old, next, schemaVersion)
		back := openAt(t, dsn)
		gotRows, gotLines := holdings(t, back)
		if diff := cmp.Diff(rows, gotRows) + cmp.Diff(lines, gotLines, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("after it was taken back: %s", diff)
		}
		write(t, r, back, "after")
		again, err := openAs(t.Context(), Options{DSN: dsn}, next)
		mustDo(t, err)
		defer func() { mustDo(t, again.Close()) }()
		same(t, "after it was made again", back, again)
	})
}

func same(t *testing.T, when string, a, b *Store) {
	t.Helper()
	rows, lines := holdings(t, a)
	gotRows, gotLines := holdings(t, b)
	if diff := cmp.Diff(rows, gotRows) + cmp.Diff(lines, gotLines, cmpopts.EquateEmpty()); diff != "" || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %s", when, len(rows), diff)
	}
}
