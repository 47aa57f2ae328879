package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestOpenEndsLeases: whoever held a lease or a lock before is dead.
func TestOpenEndsLeases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acsauth.db")
	s, err := Open(t.Context(), path)
	mustDo(t, err)
	deleting := activeRow("deleting")
	deleting.State = acsauth.Deleting
	for _, row := range []acsauth.Mapping{pendingRow("pending"), deleting, activeRow("active")} {
		mustDo(t, s.Insert(t.Context(), row))
	}
	has, err := s.Lock(t.Context(), "sweeper", "dead", time.Hour)
	if err != nil || !has {
		t.Fatal(has, err)
	}
	mustDo(t, s.Close())
	s = openAt(t, path)
	for state, want := range map[acsauth.State]acsauth.Mapping{acsauth.Pending: pendingRow("pending"), acsauth.Deleting: deleting} {
		rows, err := s.Unfinished(t.Context(), state, 0, 10)
		if err != nil || len(rows) != 1 || !rows[0].Fenced(want) {
			t.Errorf("Unfinished(%s) after Open: %d rows, %v; want the one", state, len(rows), err)
		}
	}
	if has, err := s.Lock(t.Context(), "sweeper", "living", time.Hour); err != nil || !has {
		t.Errorf("the lock of a dead process holds: %t, %v", has, err)
	}
}

// TestOddPaths: no part of a path is taken for an option, and the file has just that name.
func TestOddPaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{
		"plain.db", "a?mode=memory", "a?_pragma=synchronous(OFF)&x=y", "a#b.db", "a%41.db", "a b+c.db", "a;b'c\"d.db", "\u00fc\u4e2d.db",
		"file:a.db", "-x.db", "100%", filepath.Join(dir, "absolute?x.db"), "a&vfs=none.db",
	} {
		s, err := Open(t.Context(), name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		mustDo(t, s.Insert(t.Context(), pendingRow("x")))
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%q: no such file was made: %v", name, err)
		}
		mustDo(t, s.Close())
	}
	for _, name := range []string{"", ":memory:", "a\x00b", "none/x.db", "."} {
		if s, err := Open(t.Context(), name); err == nil {
			t.Errorf("%q was opened", name)
			mustDo(t, s.Close())
		}
	}
}

// TestPermissions: only the owner can read the files, whatever they were before.
func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acsauth.db")
	for _, before := range []os.FileMode{0, 0o644, 0o666, 0o604} {
		if before != 0 {
			mustDo(t, os.Chmod(path, before))
		}
		s, err := Open(t.Context(), path)
		mustDo(t, err)
		mustDo(t, s.Insert(t.Context(), pendingRow(before.String())))
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			info, err := os.Stat(path + suffix)
			mustDo(t, err)
			if mode := info.Mode().Perm(); mode&0o007 != 0 || before == 0 && mode != 0o600 {
				t.Errorf("acsauth.db%s has mode %v after it had %v", suffix, mode, before)
			}
		}
		mustDo(t, s.Close())
	}
}

// TestSettings: the promises of durability rest on these.
func TestSettings(t *testing.T) {
	s, _ := openNew(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "user_version": "1"} {
		var got string
		mustDo(t, s.writer.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("writer: %s is %q, want %q", pragma, got, want)
		}
	}
	if _, err := s.readers.Exec("DELETE FROM mapping"); err == nil {
		t.Error("a reader can write")
	}
}

// TestRefusedFiles: what is not ours, or not of this version, is left as it is.
func TestRefusedFiles(t *testing.T) {
	for _, c := range []struct{ name, sql, want string }{
		{"newer schema", schema + "PRAGMA application_id = 0x41435341; PRAGMA user_version = 2;", "version 2 and this program knows version 1"},
		{"our mark without a version", schema + "PRAGMA application_id = 0x41435341;", "version 0"},
		{"another program", "CREATE TABLE bookmarks (url TEXT);", "another program"},
		{"another program's mark", "PRAGMA application_id = 252006674;", "another program"},
		{"another program's version", "PRAGMA user_version = 7;", "another program"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "acsauth.db")
			db, err := sql.Open("sqlite", dsn(path, url.Values{}))
			mustDo(t, err)
			_, err = db.Exec(c.sql)
			mustDo(t, err)
			mustDo(t, db.Close())
			wantRefused(t, path, c.want)
		})
	}
	for name, content := range map[string][]byte{
		"text":      bytes.Repeat([]byte("this is no database "), 500),
		"half":      append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{0xff}, 5000)...),
		"shortened": shortened(t),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "acsauth.db")
			mustDo(t, os.WriteFile(path, content, 0o600))
			wantRefused(t, path, "cannot read it")
		})
	}
}

// shortened is a database of ours without its second half.
func shortened(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole.db")
	s, err := Open(t.Context(), path)
	mustDo(t, err)
	mustDo(t, s.Close())
	content, err := os.ReadFile(path)
	mustDo(t, err)
	return content[:100]
}

func wantRefused(t *testing.T, path, want string) {
	t.Helper()
	before, err := os.ReadFile(path)
	mustDo(t, err)
	s, err := Open(t.Context(), path)
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %q, want %q and the path in it", err, want)
	}
	after, err := os.ReadFile(path)
	mustDo(t, err)
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	if got, err := lockFile(path); err != nil {
		t.Errorf("the lock is still held: %v", err)
	} else {
		mustDo(t, got.Unlock())
	}
}

func TestSize(t *testing.T) {
	s, _ := openNew(t)
	before, err := s.Size(t.Context())
	mustDo(t, err)
	for i := range 500 {
		mustDo(t, s.Insert(t.Context(), activeRow(fmt.Sprint(i))))
	}
	if after, err := s.Size(t.Context()); err != nil || after < before+100*500 {
		t.Errorf("500 rows take %d bytes, %v", after-before, err)
	}
}
