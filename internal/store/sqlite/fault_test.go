package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// pragma sets something on the writing connection, as a fault would.
func (s *Store) pragma(t *testing.T, text string) {
	t.Helper()
	var got string
	if err := s.writer.conn.QueryRowContext(t.Context(), "PRAGMA "+text).Scan(&got); err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
}

// TestDiskFull: a full disk fails writes, loses nothing, and is over when there is room again.
func TestDiskFull(t *testing.T) {
	s, path := openNew(t)
	s.pragma(t, "max_page_count = 40")
	var mu sync.Mutex
	var kept []string
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for i := range 10000 {
				name := fmt.Sprintf("%d-%d", worker, i)
				if err := s.Insert(t.Context(), pendingRow(name)); err != nil {
					wantFault(t, err, "full")
					return
				}
				mu.Lock()
				kept = append(kept, "pending "+name)
				mu.Unlock()
			}
			t.Error("the disk was never full")
		})
	}
	wg.Wait()
	// A batch that does not fit is rolled back whole, so some room may be left: lines take it one by one.
	long := func(name string) acsauth.JournalLine {
		line := lineOf(pendingRow(name))
		line.Answer = make([]byte, acsauth.MaxJournalAnswer)
		return line
	}
	filled := 0
	for ; filled < 100 && s.PutLine(t.Context(), long(fmt.Sprint("fill", filled))) == nil; filled++ {
	}
	t.Logf("full after %d rows and %d lines", len(kept), filled)
	for range 3 {
		line := long("x")
		wantFault(t, s.PutLine(t.Context(), line), "full")
		wantFault(t, s.Replace(t.Context(), nameRow(kept[0]), nameRow(kept[0]), &line), "full")
	}
	for _, told := range kept {
		state, name, _ := strings.Cut(told, " ")
		if row, err := s.Get(t.Context(), pendingRow(name).Key); err != nil || string(row.State) != state {
			t.Fatalf("%s was acknowledged before the disk was full: %v", told, err)
		}
	}
	if lines, err := s.Lines(t.Context(), acsauth.Suspect, 1000); err != nil || len(lines) != filled {
		t.Errorf("%d lines, %v: a failed write left one", len(lines), err)
	}
	s.pragma(t, "max_page_count = 100000")
	for i := range filled {
		line := long(fmt.Sprint("fill", i))
		mustDo(t, s.DropLine(t.Context(), line.User, line.Attempt))
	}
	mustDo(t, s.Insert(t.Context(), pendingRow("room")))
	mustDo(t, s.Close())
	checkSound(t, path)
}

func nameRow(told string) acsauth.Mapping {
	_, name, _ := strings.Cut(told, " ")
	return pendingRow(name)
}

// wantFault fails unless err is unknown and says why.
func wantFault(t *testing.T, err error, why string) {
	t.Helper()
	if err == nil || sentinel(err) || !strings.Contains(err.Error(), why) {
		t.Errorf("got error %v, want one that is no sentinel and says %q", err, why)
	}
}

// TestReadOnly: a file that cannot be written any more still serves reads.
func TestReadOnly(t *testing.T) {
	s, _ := openNew(t)
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	s.pragma(t, "query_only = 1")
	wantFault(t, s.Insert(t.Context(), pendingRow("y")), "readonly")
	wantFault(t, s.Remove(t.Context(), pendingRow("x"), nil), "readonly")
	if _, err := s.Get(t.Context(), pendingRow("x").Key); err != nil {
		t.Error(err)
	}
	mustDo(t, s.Ping(t.Context()))
	s.pragma(t, "query_only = 0")
	mustDo(t, s.Insert(t.Context(), pendingRow("y")))
}

// TestLockedByAnother: while another program holds a write transaction, a
// write ends with its context, reads go on, and the write is unknown.
func TestLockedByAnother(t *testing.T) {
	s, path := openNew(t)
	s.pragma(t, "busy_timeout = 50")
	other, err := sql.Open("sqlite", dsn(path, url.Values{"_txlock": {"immediate"}}))
	mustDo(t, err)
	defer other.Close()
	tx, err := other.Begin()
	mustDo(t, err)
	wantFault(t, s.Insert(t.Context(), pendingRow("x")), "locked")
	s.pragma(t, "busy_timeout = 60000")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Insert(ctx, pendingRow("y")); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "may or may not") {
		t.Errorf("a write that waits for a lock: got %v", err)
	}
	if _, err := s.Get(t.Context(), pendingRow("x").Key); !errors.Is(err, acsauth.ErrNotFound) {
		t.Errorf("a read beside a lock: got %v", err)
	}
	mustDo(t, tx.Rollback())
	mustDo(t, s.Insert(t.Context(), pendingRow("z")))
}

// TestIdentityOfTwo: an identity belongs to one user, and the refusal spoils nothing else.
func TestIdentityOfTwo(t *testing.T) {
	s, _ := openNew(t)
	mustDo(t, s.Insert(t.Context(), activeRow("alice")))
	bob := activeRow("bob")
	bob.Identity = activeRow("alice").Identity
	wantFault(t, s.Insert(t.Context(), bob), "UNIQUE")
	mustDo(t, s.Insert(t.Context(), pendingRow("bob")))
	line := lineOf(bob)
	wantFault(t, s.Replace(t.Context(), pendingRow("bob"), bob, &line), "UNIQUE")
	row, err := s.Get(t.Context(), bob.Key)
	if err != nil || !row.Fenced(pendingRow("bob")) {
		t.Errorf("the row of a refused write: %+v, %v", row.State, err)
	}
	if c, err := s.Counts(t.Context()); err != nil || c.Suspects != 0 {
		t.Errorf("the line of a refused write is there: %+v, %v", c, err)
	}
}

// TestRefusedLine: a line that cannot be stored takes its row with it.
func TestRefusedLine(t *testing.T) {
	s, _ := openNew(t)
	row := pendingRow("x")
	mustDo(t, s.Insert(t.Context(), row))
	line := lineOf(row)
	line.Kind = acsauth.Orphan // without an identity
	wantFault(t, s.Replace(t.Context(), row, activeRow("x"), &line), "CHECK")
	wantFault(t, s.Remove(t.Context(), row, &line), "CHECK")
	if got, err := s.Get(t.Context(), row.Key); err != nil || !got.Fenced(row) {
		t.Errorf("the row changed without its line: %s, %v", got.State, err)
	}
}

// TestRefusedRows: what no row can be is refused, and says why.
func TestRefusedRows(t *testing.T) {
	s, _ := openNew(t)
	long := strings.Repeat("x", acsauth.MaxTextLen+1)
	for name, change := range map[string]func(m *acsauth.Mapping){
		"CHECK":             func(m *acsauth.Mapping) { m.State = "lost" },
		"identity":          func(m *acsauth.Mapping) { m.Identity = "8:acs:x_y" },
		"attempt":           func(m *acsauth.Mapping) { m.Attempt = "" },
		"attempt: 65 bytes": func(m *acsauth.Mapping) { m.Attempt = long[:65] },
		"resource":          func(m *acsauth.Mapping) { m.Resource = long[:257] },
		"subject":           func(m *acsauth.Mapping) { m.Key.Subject = long },
		"issuer":            func(m *acsauth.Mapping) { m.Key.Issuer = long },
	} {
		row := pendingRow("x")
		change(&row)
		err := s.Insert(t.Context(), row)
		wantFault(t, err, name)
		if err != nil && strings.Contains(err.Error(), "xxxx") {
			t.Errorf("the error shows the value: %v", err)
		}
	}
	line := lineOf(pendingRow("x"))
	line.Kind = acsauth.Orphan // without an identity
	wantFault(t, s.PutLine(t.Context(), line), "CHECK")
	line.Attempt = long
	wantFault(t, s.PutLine(t.Context(), line), "attempt")
	wantFault(t, s.Remove(t.Context(), pendingRow("x"), &line), "attempt")
	_, err := s.Lock(t.Context(), long, "holder", time.Second)
	wantFault(t, err, "lock name")
	_, err = s.Lock(t.Context(), "name", long, time.Second)
	wantFault(t, err, "lock holder")
	_, err = s.Unfinished(t.Context(), acsauth.Active, 0, 1)
	wantFault(t, err, "neither pending nor deleting")
	if c, err := s.Counts(t.Context()); err != nil || c != (acsauth.Counts{}) {
		t.Errorf("something was stored: %+v, %v", c, err)
	}
}
