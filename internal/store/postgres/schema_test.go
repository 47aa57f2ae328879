package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/acs-solutions/acsauth"
)

// nextProgram is this program with one more migration.
func nextProgram(t *testing.T, up string) program {
	t.Helper()
	p, err := thisProgram()
	mustDo(t, err)
	files := fstest.MapFS{fmt.Sprintf("%04d_next.sql", p.version+1): {Data: []byte("-- +goose Up\n" + up)}}
	names, err := fs.Glob(p.migrations, "*.sql")
	mustDo(t, err)
	for _, name := range names {
		content, err := fs.ReadFile(p.migrations, name)
		mustDo(t, err)
		files[name] = &fstest.MapFile{Data: content}
	}
	return program{migrations: files, version: p.version + 1}
}

func openNext(t *testing.T, dsn, up string) *Store {
	t.Helper()
	s, err := openAs(t.Context(), Options{DSN: dsn}, nextProgram(t, up))
	mustDo(t, err)
	t.Cleanup(func() { mustDo(t, s.Close()) })
	return s
}

const (
	// additive is a migration that this program can live with.
	additive = `ALTER TABLE acsauth.mapping ADD note text NOT NULL DEFAULT '';
		ALTER TABLE acsauth.journal ADD tries integer NOT NULL DEFAULT 0;
		CREATE TABLE acsauth.extra (x integer);
		CREATE INDEX mapping_resource ON acsauth.mapping (resource);`
	// breaking is one that it cannot live with.
	breaking = `ALTER TABLE acsauth.mapping ALTER COLUMN generation TYPE text; UPDATE acsauth.compatibility SET oldest_program = 2;`
)

// useAll calls every verb.
func useAll(t *testing.T, s *Store, name string) {
	t.Helper()
	ctx := t.Context()
	row, line := pendingRow(name), lineOf(pendingRow(name))
	mustDo(t, s.Ping(ctx))
	mustDo(t, s.Insert(ctx, row))
	mustDo(t, s.Replace(ctx, row, activeRow(name), &line))
	if got, err := s.Get(ctx, row.Key); err != nil || !got.Fenced(activeRow(name)) {
		t.Errorf("get: %v, %v", got.State, err)
	}
	if got, err := s.Find(ctx, activeRow(name).Identity); err != nil || got.Key != row.Key {
		t.Errorf("find: %v", err)
	}
	if _, _, err := s.List(ctx, "", 10); err != nil {
		t.Error(err)
	}
	if lines, err := s.Lines(ctx, acsauth.Suspect, 10); err != nil || len(lines) != 1 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	mustDo(t, s.DropLine(ctx, line.User, line.Attempt))
	mustDo(t, s.Remove(ctx, activeRow(name), nil))
	if _, err := s.Counts(ctx); err != nil {
		t.Error(err)
	}
	if _, err := s.Unfinished(ctx, acsauth.Pending, 0, 10); err != nil {
		t.Error(err)
	}
	if has, err := s.Lock(ctx, name, "holder", 1); err != nil || !has {
		t.Errorf("lock: %t, %v", has, err)
	}
}

// TestStartAtOnce: replicas that find a new database at the same time all get
// to work, and it is migrated once.
func TestStartAtOnce(t *testing.T) {
	const replicas, rounds = 8, 4
	var wg sync.WaitGroup
	var dsns []string
	for range rounds {
		dsn := fresh(t)
		dsns = append(dsns, dsn)
		for i := range replicas {
			wg.Go(func() {
				s, err := Open(t.Context(), Options{DSN: dsn, MaxConns: 2})
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(s.Insert(t.Context(), pendingRow(fmt.Sprint(i))), s.Close()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for _, dsn := range dsns {
		var applied, rows int
		mustDo(t, openAt(t, dsn).pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM acsauth.schema_migration WHERE version_id > 0),
			(SELECT count(*) FROM acsauth.mapping)`).Scan(&applied, &rows))
		if applied != schemaVersion || rows != replicas {
			t.Errorf("%d migrations were applied and %d rows written", applied, rows)
		}
	}
}

// TestNewestMigration: the constant is the number of the newest file.
func TestNewestMigration(t *testing.T) {
	p, err := thisProgram()
	mustDo(t, err)
	names, err := fs.Glob(p.migrations, "*.sql")
	mustDo(t, err)
	if len(names) != schemaVersion || !strings.HasPrefix(names[len(names)-1], fmt.Sprintf("%04d_", schemaVersion)) {
		t.Errorf("schemaVersion is %d, and the migrations are %v", schemaVersion, names)
	}
}

// TestNewerSchema: the program of before works on a schema that only has more,
// before and after the migration, beside the newer one.
func TestNewerSchema(t *testing.T) {
	old, dsn := openNew(t)
	useAll(t, old, "before")
	mustDo(t, old.Insert(t.Context(), activeRow("kept")))
	newer := openNext(t, dsn, additive)
	useAll(t, old, "still open") // its statements were prepared before
	useAll(t, newer, "newer")
	useAll(t, openAt(t, dsn), "opened after")
	for _, s := range []*Store{old, newer} {
		if row, err := s.Get(t.Context(), activeRow("kept").Key); err != nil || !row.Fenced(activeRow("kept")) {
			t.Errorf("a row from before the migration: %v", err)
		}
	}
}

// TestBreakingSchema: the program of before is refused, and one that runs sees it.
func TestBreakingSchema(t *testing.T) {
	old, dsn := openNew(t)
	mustDo(t, old.Ping(t.Context()))
	openNext(t, dsn, breaking)
	const want = "version 2 or newer, and this one knows version 1; run a newer acsauth"
	_, err := Open(t.Context(), Options{DSN: dsn})
	wantFault(t, err, want)
	wantFault(t, old.Ping(t.Context()), want)
	old.pool.Reset() // connections end some day
	wantFault(t, old.Insert(t.Context(), pendingRow("x")), want)
}

// TestFailedMigration: it changes nothing, and the next program that can goes on.
func TestFailedMigration(t *testing.T) {
	old, dsn := openNew(t)
	_, err := openAs(t.Context(), Options{DSN: dsn}, nextProgram(t, "CREATE TABLE acsauth.half (x integer); SELECT 1/0;"))
	wantFault(t, err, "division by zero")
	wantFault(t, err, "from version 1 to 2: migration 2")
	useAll(t, old, "old")
	useAll(t, openNext(t, dsn, "CREATE TABLE acsauth.half (x integer);"), "next")
}

// TestRights: a role needs little once the schema is there, and is told what it lacks.
func TestRights(t *testing.T) {
	owner, dsn := openNew(t)
	as := func(role string) string { return strings.Replace(dsn, "postgres@", role+"@", 1) }
	name := owner.pool.Config().ConnConfig.Database
	little, less, none := name+"_little", name+"_less", name+"_none"
	admin(t, dsn, "CREATE ROLE "+little+" LOGIN", "CREATE ROLE "+less+" LOGIN", "CREATE ROLE "+none+" LOGIN",
		"GRANT USAGE ON SCHEMA acsauth TO "+little+", "+less,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA acsauth TO "+little+", "+less,
		"REVOKE DELETE ON acsauth.journal FROM "+less, "REVOKE INSERT, UPDATE ON acsauth.mapping FROM "+less)
	useAll(t, openAt(t, as(little)), "little")
	for role, want := range map[string]string{
		less:        "DELETE on table acsauth.journal, INSERT on table acsauth.mapping, UPDATE on table acsauth.mapping",
		none:        "grant the role CREATE on the database, or USAGE on schema acsauth",
		name + "_x": "look at user",
	} {
		_, err := Open(t.Context(), Options{DSN: as(role)})
		wantFault(t, err, want)
	}
	empty := fresh(t)
	_, err := Open(t.Context(), Options{DSN: strings.Replace(empty, "postgres@", none+"@", 1)})
	wantFault(t, err, "grant the role CREATE on the database")
	admin(t, empty, "CREATE SCHEMA acsauth AUTHORIZATION "+none)
	useAll(t, openAt(t, strings.Replace(empty, "postgres@", none+"@", 1)), "owner of the schema only")
	_, err = Open(t.Context(), Options{DSN: strings.Replace(dsn, name, "no_such_database", 1)})
	wantFault(t, err, "create the database")
	admin(t, empty, "DROP TABLE acsauth.journal")
	_, err = Open(t.Context(), Options{DSN: empty})
	wantFault(t, err, "schema acsauth is not complete")
}
