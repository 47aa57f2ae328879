package tables

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestFind: by every way into and out of a row with an identity.
func TestFind(t *testing.T) {
	t.Parallel()
	s := open(t, newTable())
	find := func(id acsauth.Identity, want *acsauth.Mapping) {
		t.Helper()
		got, err := s.Find(t.Context(), id)
		switch {
		case want == nil && (err != acsauth.ErrNotFound || got != acsauth.Mapping{}):
			t.Errorf("found %v, %v; want ErrNotFound", got.State, err)
		case want != nil && (err != nil || !got.Fenced(*want)):
			t.Errorf("found %v, %v; want the %s row", got.State, err, want.State)
		}
	}
	pending, active := pendingRow("alice"), activeRow("alice")
	deleting := in(acsauth.Deleting, active)
	find("", nil)
	find(active.Identity, nil)
	must(t, s.Insert(t.Context(), pending))
	find("", nil)
	must(t, s.Replace(t.Context(), pending, active, nil))
	find(active.Identity, &active)
	find(acsauth.Identity(strings.ToUpper(string(active.Identity))), nil)
	must(t, s.Replace(t.Context(), active, deleting, nil))
	find(active.Identity, &deleting)
	must(t, s.Remove(t.Context(), deleting, nil))
	find(active.Identity, nil)
	must(t, s.Insert(t.Context(), active))
	find(active.Identity, &active)
	other := active
	other.Identity = "8:acs:resource_other"
	must(t, s.Replace(t.Context(), active, other, nil))
	find(active.Identity, nil)
	find(other.Identity, &other)
	s.quiet()
	if _, err := s.get(t.Context(), claimPartition(active.Identity), active.Key.Hash()); !absent(err) {
		t.Errorf("the entry of an identity that left the row is still there: %v", err)
	}
}

// TestList: pages of every size hold each row once, and nothing else.
func TestList(t *testing.T) {
	t.Parallel()
	s := open(t, newTable())
	const n = 23
	var want []string
	for i := range n {
		row := pendingRow(fmt.Sprint("user", i))
		if i%3 == 1 {
			row = in(acsauth.Active, row)
		}
		must(t, s.Insert(t.Context(), row))
		must(t, s.PutLine(t.Context(), suspectOf(row)))
		want = append(want, row.Key.Subject)
	}
	slices.Sort(want)
	for _, limit := range []int{1, 2, 7, n - 1, n, n + 1, 1000} {
		var got []string
		pages := 0
		for cursor, more := "", true; more; more = cursor != "" {
			rows, next, err := s.List(t.Context(), cursor, limit)
			must(t, err)
			if len(rows) > limit {
				t.Errorf("limit %d: %d rows", limit, len(rows))
			}
			for _, row := range rows {
				got = append(got, row.Key.Subject)
				if row.Lease > time.Hour+time.Second || row.Lease < time.Minute {
					t.Errorf("a lease of %v", row.Lease)
				}
			}
			cursor = next
			pages++
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || pages != (n+limit-1)/limit {
			t.Errorf("limit %d: %d rows in %d pages", limit, len(got), pages)
		}
	}
}

// TestListChanges: rows that stay are listed once, whatever comes and goes.
func TestListChanges(t *testing.T) {
	t.Parallel()
	o := newTable()
	s := open(t, o)
	var stay []string
	for i := range 20 {
		must(t, s.Insert(t.Context(), activeRow(fmt.Sprint("user", i))))
		if i%2 == 0 {
			stay = append(stay, fmt.Sprint("user", i))
		}
	}
	seen := map[string]int{}
	step := 0
	for cursor, more := "", true; more; more = cursor != "" {
		again := open(t, o) // a cursor outlives a restart
		rows, next, err := again.List(t.Context(), cursor, 3)
		must(t, err)
		for _, row := range rows {
			seen[row.Key.Subject]++
		}
		if step < 10 {
			must(t, s.Remove(t.Context(), activeRow(fmt.Sprint("user", 2*step+1)), nil))
			must(t, s.Insert(t.Context(), activeRow(fmt.Sprint("new", step))))
		}
		step++
		cursor = next
	}
	for _, subject := range stay {
		if seen[subject] != 1 {
			t.Errorf("%s was listed %d times", subject, seen[subject])
		}
	}
}

// TestBadCursors: limits and cursors that List did not give are errors.
func TestBadCursors(t *testing.T) {
	t.Parallel()
	s, other := open(t, newTable()), open(t, newTable())
	for i := range 2 {
		must(t, s.Insert(t.Context(), activeRow(fmt.Sprint(i))))
	}
	_, good, err := s.List(t.Context(), "", 1)
	must(t, err)
	if len(good) == 0 || len(good) > 4096 {
		t.Fatalf("cursor %q", good)
	}
	for _, cursor := range []string{"x", good + "0", good[1:], good[:len(good)-1], strings.ToUpper(good), good[:len(good)-1] + "'", strings.Repeat("x", 5000)} {
		if _, _, err := s.List(t.Context(), cursor, 10); err == nil {
			t.Errorf("cursor %.80q was taken", cursor)
		}
	}
	if _, _, err := other.List(t.Context(), good, 10); err == nil {
		t.Error("a cursor of another table was taken")
	}
	for _, limit := range []int{-1, 0, 1001} {
		if _, _, err := s.List(t.Context(), "", limit); err == nil {
			t.Errorf("limit %d was taken", limit)
		}
	}
	must(t, other.Close())
	_, err = other.Find(t.Context(), "8:acs:r_x")
	_, _, listErr := other.List(t.Context(), "", 1)
	if !errors.Is(err, errClosed) || !errors.Is(listErr, errClosed) {
		t.Errorf("after Close: %v, %v", err, listErr)
	}
}
