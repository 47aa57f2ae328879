package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// jump lets the clock of the store jump ahead by d: all that is stored gets older by as much.
func (s *Store) jump(t *testing.T, d time.Duration) {
	t.Helper()
	for _, text := range []string{
		"UPDATE mapping SET lease_until = lease_until - ?", "UPDATE journal SET since = since - ?", "UPDATE named_lock SET until = until - ?",
	} {
		if _, err := s.writer.conn.ExecContext(t.Context(), text, d.Milliseconds()); err != nil { // the writer is idle
			t.Fatal(err)
		}
	}
}

// TestClockJumps: a clock that jumps makes leases longer or shorter, and nothing else.
func TestClockJumps(t *testing.T) {
	for _, d := range []time.Duration{2 * time.Hour, 20 * 365 * 24 * time.Hour, -2 * time.Hour, -20 * 365 * 24 * time.Hour} {
		t.Run(d.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "acsauth.db")
			s, err := Open(t.Context(), path)
			mustDo(t, err)
			first, second, line := pendingRow("x"), pendingRow("x"), lineOf(pendingRow("x"))
			second.Attempt = "later"
			mustDo(t, s.Insert(t.Context(), first))
			mustDo(t, s.PutLine(t.Context(), lineOf(pendingRow("old"))))
			wantLock(t, s, "one", true)
			s.jump(t, d)
			rows, err := s.Unfinished(t.Context(), acsauth.Pending, 0, 10)
			if over := d > 0; err != nil || over != (len(rows) == 1) {
				t.Errorf("Unfinished: %d rows, %v", len(rows), err)
			}
			wantLock(t, s, "two", d > 0)
			// A lease protects nothing: the fence decides, before and after.
			mustDo(t, s.Replace(t.Context(), first, second, &line))
			if err := s.Replace(t.Context(), first, activeRow("x"), nil); !errors.Is(err, acsauth.ErrConflict) {
				t.Errorf("a late writer: %v", err)
			}
			row, err := s.Get(t.Context(), first.Key)
			if err != nil || !row.Fenced(second) || row.Lease > time.Hour || row.Lease < 50*time.Minute {
				t.Errorf("after a new lease: %s for %v, %v", row.State, row.Lease, err)
			}
			if lines, err := s.Lines(t.Context(), acsauth.Suspect, 10); err != nil || len(lines) != 2 {
				t.Errorf("%d lines, %v", len(lines), err)
			}
			s.jump(t, d)
			mustDo(t, s.Close())
			s = openAt(t, path) // a restart ends all leases, even those of a future that never comes
			wantLock(t, s, "three", true)
			if rows, err := s.Unfinished(t.Context(), acsauth.Pending, 0, 10); err != nil || len(rows) != 1 {
				t.Errorf("Unfinished after a restart: %d rows, %v", len(rows), err)
			}
		})
	}
}

// wantLock asks for a lock for an hour.
func wantLock(t *testing.T, s *Store, holder string, want bool) {
	t.Helper()
	if has, err := s.Lock(t.Context(), "sweeper", holder, time.Hour); err != nil || has != want {
		t.Error(fmt.Errorf("the lock for %s: %t, %w", holder, has, err))
	}
}
