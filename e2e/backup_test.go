package e2e

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/parts"
)

// marked is the shell block after a mark in docs/operations.md.
func marked(t *testing.T, name string) string {
	t.Helper()
	script, _ := transcript(t, "../docs/operations.md", "<!-- run: "+name+" -->")
	return script
}

// A backupSite has the folders that the page names, in a temporary place.
type backupSite struct {
	*testing.T
	w     *world
	dir   string
	store string
}

func newBackupSite(t *testing.T, kind placeKind) *backupSite {
	w := newWorld(t, kind, 24)
	return &backupSite{T: t, w: w, dir: t.TempDir(), store: w.env["ACSAUTH_STORE"]}
}

// run does what the page says, with its folders and its program. Variables are given in pairs.
func (b *backupSite) run(name string, variables ...string) {
	b.Helper()
	script := strings.NewReplacer("/var/lib/acsauth", b.dir+"/lib", "/backup", b.dir+"/backup", "acsauth mappings", production(b.T)+" mappings").Replace(marked(b.T, name))
	if m := regexp.MustCompile(`(?m)^sqlite3 (\S+) "([^"]+)"$`).FindStringSubmatch(script); m != nil { // without the program sqlite3
		b.query(m[1], m[2])
		return
	}
	set := "export PATH=\"" + postgresPrograms(b.T) + ":$PATH\"\ncd " + b.dir + "\n"
	for i := 0; i+1 < len(variables); i += 2 {
		set += "export " + variables[i] + "='" + variables[i+1] + "'\n"
	}
	b.Logf("%s: %s", name, strings.Join(play(b.T, set+script), "; "))
}

// query has the driver do what the program sqlite3 would.
func (b *backupSite) query(path, statement string) {
	b.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { mustStop(b.T, db.Close()) }()
	if _, err := db.ExecContext(b.Context(), statement); err != nil {
		b.Fatal(err)
	}
}

// postgresPrograms is the folder of pg_dump.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if err != nil || len(found) == 0 {
		t.Fatalf("no pg_dump: %v", err)
	}
	return filepath.Dir(found[len(found)-1])
}

// shown asks who the users from one to another are.
func (b *backupSite) shown(server *process, from, to int) (ids []string) {
	b.Helper()
	for u := from; u < to; u++ {
		ids = append(ids, b.w.ask(server, u, "POST", "/getUser"))
	}
	return ids
}

// same fails for each user whose identity is another one.
func (b *backupSite) same(server *process, before []string, first int) {
	b.Helper()
	for i, id := range b.shown(server, first, first+len(before)) {
		if id != before[i] || id == "" {
			b.Errorf("user %d had %s and has %s", first+i, before[i], id)
		}
	}
}

// folders makes those that the page takes for granted.
func (b *backupSite) folders() {
	b.Helper()
	for _, name := range []string{"lib", "backup"} {
		if err := os.Mkdir(filepath.Join(b.dir, name), 0o700); err != nil {
			b.Fatal(err)
		}
	}
}

// The backup of SQLite that the page shows, taken under load, gives every user of before it the same identity; those
// who came later keep theirs, too, if the broken store can still be read.
func TestBackupOfSQLite(t *testing.T) {
	t.Parallel()
	b := newBackupSite(t, sqlitePlace)
	b.folders()
	b.store = "sqlite:" + b.dir + "/lib/acsauth.db"
	b.w.env["ACSAUTH_STORE"], b.w.env["ACSAUTH_LIMIT_USER"] = b.store, "off"
	server := b.w.serve(t)
	early := b.shown(server, 0, 16)
	l := (&world{emu: b.w.emu, tokens: b.w.tokens[:16], ledger: b.w.ledger}).load(t, []*process{server})
	b.run("sqlite backup")
	l.fresh()
	l.end()
	late := b.shown(server, 16, 24)
	server.kill()
	b.run("sqlite restore")
	broken := "sqlite:" + b.dir + "/lib/broken/acsauth.db"
	b.run("export", "ACSAUTH_STORE", broken)

	server = b.w.serve(t) // without the import, to see what it is for
	b.same(server, early, 0)
	other := b.shown(server, 16, 20)
	for i, id := range other {
		if id == late[i] {
			t.Errorf("user %d came after the backup and has the same identity, which the store cannot know", 16+i)
		}
	}
	server.kill()
	if err := os.RemoveAll(b.dir + "/lib/broken"); err != nil {
		t.Fatal(err)
	}
	b.run("sqlite restore") // once more, now in the right order
	b.run("import", "ACSAUTH_STORE", b.store)
	server = b.w.serve(t)
	b.same(server, early, 0)
	b.same(server, late, 16)
	t.Logf("%d users before the backup and %d after it; %d requests under way meanwhile, %d failed", len(early), len(late), l.calls.Load(), l.failed.Load())
}

// The same with PostgreSQL and two replicas, whose database is lost as a whole.
func TestBackupOfPostgreSQL(t *testing.T) {
	t.Parallel()
	pg := startPostgres(t, parts.PostgresOptions{})
	b := newBackupSite(t, postgresPlaces(pg))
	b.folders()
	b.w.env["ACSAUTH_LIMIT_USER"] = "off"
	fleet := b.w.fleet(t, 2)
	early := b.shown(fleet[0], 0, 16)
	l := (&world{emu: b.w.emu, tokens: b.w.tokens[:16], ledger: b.w.ledger}).load(t, fleet)
	b.run("postgres backup", "DATABASE_URL", b.store)
	l.fresh()
	late := b.shown(fleet[1], 16, 24)
	b.run("export", "ACSAUTH_STORE", b.store) // while the service runs
	l.end()
	for _, replica := range fleet {
		replica.kill()
	}
	if err := pg.CreateDatabase(t.Context(), "restored"); err != nil {
		t.Fatal(err)
	}
	restored := pg.DSN("restored")
	b.run("postgres restore", "NEW_DATABASE_URL", restored)
	b.run("import", "ACSAUTH_STORE", restored)
	b.w.env["ACSAUTH_STORE"] = restored
	fleet = b.w.fleet(t, 2)
	b.same(fleet[0], early, 0)
	b.same(fleet[1], late, 16)
	t.Logf("%d users before the backup and %d after it; %d requests under way meanwhile, %d failed", len(early), len(late), l.calls.Load(), l.failed.Load())
}
