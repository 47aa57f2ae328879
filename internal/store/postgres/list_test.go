package postgres

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// TestList: every row that exists all the while is listed once, whatever the
// size of the pages, while others come and go.
func TestList(t *testing.T) {
	s, dsn := openNew(t)
	if rows, next, err := s.List(t.Context(), "", 1); len(rows) != 0 || next != "" || err != nil {
		t.Errorf("an empty database: %d rows, next %q, %v", len(rows), next, err)
	}
	const n = 60
	want := map[acsauth.UserKey]acsauth.Mapping{}
	for i := range n {
		row := activeRow(fmt.Sprint(i))
		if row.Lease = 0; i%3 == 0 {
			row = pendingRow(fmt.Sprint(i))
		}
		mustDo(t, s.Insert(t.Context(), row))
		want[row.Key] = row
	}
	other := openAt(t, dsn)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			row := pendingRow(fmt.Sprint("comes and goes ", i))
			if err := errors.Join(other.Insert(t.Context(), row), other.Remove(t.Context(), row, nil)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for _, limit := range []int{1, 7, n - 1, n, n + 1, 1000} {
		seen := map[acsauth.UserKey]int{}
		for cursor, more := "", true; more; more = cursor != "" {
			rows, next, err := s.List(t.Context(), cursor, limit)
			mustDo(t, err)
			if len(rows) > limit || next != "" && next == cursor {
				t.Fatalf("a page of %d rows with limit %d, cursor %q", len(rows), limit, next)
			}
			for _, row := range rows {
				if seen[row.Key]++; row.Fenced(want[row.Key]) {
					continue
				} else if _, ours := want[row.Key]; ours {
					t.Errorf("a row was listed as %s", row.State)
				}
			}
			cursor = next
		}
		for key := range want {
			if seen[key] != 1 {
				t.Errorf("limit %d: a row was listed %d times", limit, seen[key])
			}
		}
	}
	close(done)
	wg.Wait()
}

// TestCursors: a cursor shows no key, and what is none is refused.
func TestCursors(t *testing.T) {
	s, _ := openNew(t)
	for i := range 3 {
		mustDo(t, s.Insert(t.Context(), pendingRow(fmt.Sprint("alice", i))))
	}
	_, next, err := s.List(t.Context(), "", 2)
	plain, decodeErr := base64.RawURLEncoding.DecodeString(next)
	if err != nil || decodeErr != nil || strings.Contains(string(plain), "alice") {
		t.Errorf("cursor %q, %v", next, err)
	}
	if rows, last, err := s.List(t.Context(), next, 2); len(rows) != 1 || last != "" || err != nil {
		t.Errorf("the last page: %d rows, next %q, %v", len(rows), last, err)
	}
	for _, cursor := range []string{"x", "0", next + "x", next[1:], next + "\n", " " + next, strings.Repeat("A", 4096), "' OR 1=1"} {
		_, _, err := s.List(t.Context(), cursor, 2)
		wantFault(t, err, "the cursor is not one")
	}
	for _, limit := range []int{-1, 0, 1001} {
		_, _, err := s.List(t.Context(), "", limit)
		wantFault(t, err, "1 to 1000")
	}
}

// TestFind: it finds rows in the two states that hold an identity, byte for byte.
func TestFind(t *testing.T) {
	s, dsn := openNew(t)
	other := openAt(t, dsn)
	row := activeRow("Alice")
	deleting := row
	deleting.State = acsauth.Deleting
	mustDo(t, s.Insert(t.Context(), pendingRow("Alice")))
	steps := []struct {
		do   func() error
		want acsauth.Mapping
	}{
		{func() error { return nil }, acsauth.Mapping{}},
		{func() error { return s.Replace(t.Context(), pendingRow("Alice"), row, nil) }, row},
		{func() error { return s.Replace(t.Context(), row, deleting, nil) }, deleting},
		{func() error { return s.Remove(t.Context(), deleting, nil) }, acsauth.Mapping{}},
	}
	for i, step := range steps {
		mustDo(t, step.do())
		got, err := other.Find(t.Context(), row.Identity)
		if !got.Fenced(step.want) || errors.Is(err, acsauth.ErrNotFound) != (step.want.State == "") {
			t.Errorf("step %d: got state %q, %v", i, got.State, err)
		}
		for _, id := range []acsauth.Identity{"", acsauth.Identity(strings.ToLower(string(row.Identity))), row.Identity + " "} {
			if _, err := s.Find(t.Context(), id); !errors.Is(err, acsauth.ErrNotFound) {
				t.Errorf("step %d: another identity: %v", i, err)
			}
		}
	}
}
