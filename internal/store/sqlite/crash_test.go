package sqlite

import (
	"bufio"
	"database/sql"
	"errors"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestKilled kills a writing process again and again: what it acknowledged is
// there, rows and lines agree, and the file is sound.
func TestKilled(t *testing.T) {
	const cycles = 20
	path := filepath.Join(t.TempDir(), "acsauth.db")
	rng := rand.New(rand.NewPCG(1, 2))
	var all []string
	for range cycles {
		told := killWriter(t, path, time.Duration(rng.IntN(120))*time.Millisecond)
		all = append(all, told...)
		s, err := Open(t.Context(), path)
		mustDo(t, err)
		for _, line := range told {
			checkTold(t, s, line)
		}
		rows, err := s.Unfinished(t.Context(), acsauth.Pending, 0, 1000)
		mustDo(t, err)
		for _, row := range rows {
			mustDo(t, s.Remove(t.Context(), row, nil)) // the lease of a dead process is over at once
		}
		mustDo(t, s.Close())
		checkSound(t, path)
	}
	s := openAt(t, path)
	for _, line := range all {
		if strings.HasPrefix(line, "active ") { // pending ones were cleared away
			checkTold(t, s, line)
		}
	}
	t.Logf("%d kills, %d acknowledged writes, 0 lost", cycles, len(all))
	if len(all) < cycles*10 {
		t.Errorf("only %d writes were acknowledged: the test did not see much", len(all))
	}
}

// killWriter starts a writer, kills it some time after its first acknowledged
// write, and returns the writes that it was told were done.
func killWriter(t *testing.T, path string, after time.Duration) []string {
	t.Helper()
	cmd := child(t, "write", path)
	out, err := cmd.StdoutPipe()
	mustDo(t, err)
	mustDo(t, cmd.Start())
	r := bufio.NewReader(out)
	if _, err := r.Peek(1); err != nil {
		t.Fatalf("the writer wrote nothing: %v", err)
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	told := completeLines(r)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return told
}

// checkTold fails unless an acknowledged write is stored.
func checkTold(t *testing.T, s *Store, told string) {
	t.Helper()
	state, name, _ := strings.Cut(told, " ")
	row, err := s.Get(t.Context(), pendingRow(name).Key)
	switch {
	case err != nil:
		t.Fatalf("%s was acknowledged: %v", told, err)
	case state == "active" && !row.Fenced(activeRow(name)), state == "pending" && !row.Fenced(activeRow(name)) && !row.Fenced(pendingRow(name)):
		t.Fatalf("%s was acknowledged, the row is %s", told, row.State)
	case row.State == acsauth.Pending && row.Lease > 0:
		t.Fatalf("a dead process holds a lease for %v", row.Lease)
	}
}

// checkSound looks at a closed database with a connection of its own.
func checkSound(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, url.Values{}))
	mustDo(t, err)
	defer db.Close()
	var verdict string
	mustDo(t, db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	if verdict != "ok" {
		t.Fatalf("integrity_check: %s", verdict)
	}
	var alone int
	mustDo(t, db.QueryRow(`SELECT (SELECT count(*) FROM mapping WHERE state = 'active' AND attempt NOT IN (SELECT attempt FROM journal))
		+ (SELECT count(*) FROM journal WHERE attempt NOT IN (SELECT attempt FROM mapping WHERE state = 'active'))`).Scan(&alone))
	if alone != 0 {
		t.Fatalf("%d rows without their line, or lines without their row", alone)
	}
}

func TestInUse(t *testing.T) {
	s, path := openNew(t)
	out, err := child(t, "open", path).Output()
	mustDo(t, err)
	for _, want := range []string{"true ", path, "stop the other process", "another file"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("another process was told %q, want %q in it", out, want)
		}
	}
	link := filepath.Join(t.TempDir(), "link.db")
	mustDo(t, os.Symlink(path, link))
	for _, name := range []string{path, link} {
		if _, err := Open(t.Context(), name); !errors.Is(err, ErrInUse) {
			t.Errorf("a second Open of %s in this process: got %v, want ErrInUse", name, err)
		}
	}
	mustDo(t, s.Insert(t.Context(), pendingRow("x"))) // the first is unharmed
	mustDo(t, s.Close())
	out, err = child(t, "open", path).Output()
	mustDo(t, err)
	if got := string(out); got != "opened <nil>\n" {
		t.Errorf("after Close another process was told %q", got)
	}
}
