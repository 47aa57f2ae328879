//go:build linux || darwin

package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/acs-solutions/acsauth"
)

const nobody = 65534

// hamper takes rights away from this process: "nobody" the privileges of root,
// if it has them, a number all room in files beyond so many bytes.
func hamper(handicap string) error {
	switch {
	case handicap == "":
		return nil
	case handicap == "nobody" && os.Getuid() != 0:
		return nil
	case handicap == "nobody":
		if err := syscall.Setgroups(nil); err != nil {
			return err
		}
		if err := syscall.Setgid(nobody); err != nil {
			return err
		}
		return syscall.Setuid(nobody)
	}
	room, err := strconv.ParseUint(handicap, 10, 32)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ) // so that a write fails as on a full disk
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: room, Max: room})
}

// openHampered opens a database in another process with a handicap, and returns what that was told.
func openHampered(t *testing.T, handicap, path string) string {
	t.Helper()
	out, err := child(t, "open+"+handicap, path).Output()
	mustDo(t, err)
	return string(out)
}

// wantTold fails unless another process was told why it cannot open the database.
func wantTold(t *testing.T, told, path string, wants ...string) {
	t.Helper()
	for _, want := range append(wants, path) {
		if !strings.Contains(told, want) {
			t.Errorf("another process was told %q, want %q in it", told, want)
		}
	}
}

// made returns a database with a row, closed, that "nobody" may reach and owns.
func made(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "acsauth.db")
	s, err := Open(t.Context(), path)
	mustDo(t, err)
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	mustDo(t, s.Close())
	if os.Getuid() == 0 {
		mustDo(t, os.Chmod(filepath.Dir(filepath.Dir(path)), 0o711))
		for _, name := range []string{filepath.Dir(path), path, path + ".lock"} {
			mustDo(t, os.Chown(name, nobody, nobody))
		}
	}
	return path
}

// TestNoRights: a file or a folder that cannot be written is refused with the
// reason, left as it is, and opened again when it can be written.
func TestNoRights(t *testing.T) {
	for _, c := range []struct {
		name         string
		file, folder os.FileMode
		want         string
	}{
		{"read-only file", 0o400, 0o700, "this user must be able to read and write it"},
		{"unreadable file", 0, 0o700, "this user must be able to read and write it"},
		{"read-only folder", 0o600, 0o500, "able to write to its folder"},
		{"closed folder", 0o600, 0, "permission denied"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			path := made(t)
			before, err := os.ReadFile(path)
			mustDo(t, err)
			mustDo(t, os.Chmod(path, c.file))
			mustDo(t, os.Chmod(filepath.Dir(path), c.folder))
			told := openHampered(t, "nobody", path)
			mustDo(t, os.Chmod(filepath.Dir(path), 0o700))
			mustDo(t, os.Chmod(path, 0o600))
			wantTold(t, told, path, c.want)
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
			if told := openHampered(t, "nobody", path); told != "opened <nil>\n" {
				t.Errorf("with all rights again: %s", told)
			}
		})
	}
}

// TestNoRightsAnywhere: a folder that cannot be written gets no new database.
func TestNoRightsAnywhere(t *testing.T) {
	path := made(t)
	dir := filepath.Dir(path)
	mustDo(t, os.Chmod(dir, 0o500))
	told := openHampered(t, "nobody", filepath.Join(dir, "new.db"))
	mustDo(t, os.Chmod(dir, 0o700))
	wantTold(t, told, "new.db", "able to write to its folder", "permission denied")
}

// TestNoRoom: a database that finds no room when it is opened is refused, and opened when there is.
func TestNoRoom(t *testing.T) {
	for _, room := range []int{0, 100, 4096, 20000} {
		t.Run(fmt.Sprint(room, "_bytes"), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "acsauth.db")
			wantTold(t, openHampered(t, strconv.Itoa(room), path), path, "false ", "cannot write to it: there must be room")
			s := openAt(t, path)
			mustDo(t, s.Insert(t.Context(), pendingRow("x")))
		})
	}
}

// TestNoMoreRoom: a process that finds no more room keeps all that it acknowledged.
func TestNoMoreRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acsauth.db")
	cmd := child(t, "write+300000", path)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err == nil {
		t.Fatal("there was room without end")
	}
	if !strings.Contains(errs.String(), "there must be room on its disk") || strings.Contains(errs.String(), acsauth.ErrConflict.Error()) {
		t.Errorf("a write without room was told %q", errs.String())
	}
	s, err := Open(t.Context(), path)
	mustDo(t, err)
	told := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range told {
		checkTold(t, s, line)
	}
	mustDo(t, s.Close())
	checkSound(t, path)
	t.Logf("%d acknowledged writes, then %s", len(told), strings.TrimSpace(errs.String()))
}
