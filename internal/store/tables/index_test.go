package tables

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// pair opens two stores on one table: one with a wire, and one without faults.
func pair(t *testing.T) (s *Store, w *wire, other *Store) {
	t.Helper()
	o := newTable()
	plainOptions := o
	w = newWire(t, &o)
	return open(t, o), w, open(t, plainOptions)
}

// A gate holds requests of one sort until it is opened.
type gate struct{ arrived, open chan struct{} }

// hold makes the next such request wait at a gate.
func (w *wire) holdNext(what string) gate {
	g := gate{make(chan struct{}), make(chan struct{})}
	w.set(func(w *wire) {
		held := false
		w.hold = func(_ int, is string, _ *http.Request) {
			w.mu.Lock()
			mine := is == what && !held
			held = held || mine
			w.mu.Unlock()
			if mine {
				close(g.arrived)
				<-g.open
			}
		}
	})
	return g
}

// wait waits until a request has come to the gate.
func (g gate) wait(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(20 * time.Second):
		t.Fatal("the request that was to be held did not come")
	}
}

// background runs do, and returns its error when asked.
func background(do func() error) (wait func() error) {
	result := make(chan error, 1)
	go func() { result <- do() }()
	return func() error { return <-result }
}

func (s *Store) indexed(t *testing.T, index string) (users []string) {
	t.Helper()
	entries, _, err := s.entries(t.Context(), index)
	must(t, err)
	for _, e := range entries {
		users = append(users, e.user)
	}
	return users
}

// unfinishedKeys lists rows of a state whose lease is over.
func unfinishedKeys(t *testing.T, s *Store, state acsauth.State) (subjects []string) {
	t.Helper()
	rows, err := s.Unfinished(t.Context(), state, 0, 1000)
	must(t, err)
	for _, row := range rows {
		subjects = append(subjects, row.Key.Subject)
	}
	return subjects
}

// TestStaleEntries: an entry that stands for nothing stays while a write might
// be under way, and goes after that.
func TestStaleEntries(t *testing.T) {
	t.Parallel()
	s, w, _ := pair(t)
	lost := func(_ int, is string) fate {
		if is == "POST row" || is == "POST line" || is == "DELETE open" {
			return requestLost
		}
		return delivered
	}
	w.set(func(w *wire) { w.plan = lost })
	left := suspectOf(pendingRow("carol"))
	left.Kind = acsauth.Left
	for _, err := range []error{s.Insert(t.Context(), pendingRow("alice")), s.PutLine(t.Context(), suspectOf(pendingRow("bob"))), s.PutLine(t.Context(), left)} {
		if err == nil {
			t.Fatal("a lost write returned nil")
		}
	}
	w.set(func(w *wire) { w.plan = nil })
	must(t, s.Insert(t.Context(), overdue(pendingRow("dave"))))
	for _, c := range []struct {
		ahead      time.Duration
		open, left int
	}{{0, 3, 1}, {safeAge - time.Minute, 3, 1}, {safeAge + time.Minute, 1, 0}} {
		w.set(func(w *wire) { w.ahead = c.ahead })
		counts, err := s.Counts(t.Context())
		if err != nil || counts.Pending != 1 || counts.Suspects+counts.Left != 0 {
			t.Errorf("Counts with the clock %v ahead: %+v, %v", c.ahead, counts, err)
		}
		if open, left := len(s.indexed(t, openPartition)), len(s.indexed(t, leftPartition)); open != c.open || left != c.left {
			t.Errorf("with the clock %v ahead the indexes hold %d and %d entries, want %d and %d", c.ahead, open, left, c.open, c.left)
		}
	}
	wantFound(t, s)
}

// TestCleanerMeetsWriter: a writer has touched its entry and is slow to write
// the row. A cleaner sees an entry that stands for nothing. At the safe age it
// leaves it; the control shows that without an age the row would be lost from sight.
func TestCleanerMeetsWriter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		age       time.Duration
		wantFound bool
	}{{"safe age", safeAge, true}, {"control", -time.Hour, false}} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			s, w, cleaner := pair(t)
			cleaner.safeAge = c.age
			g := w.holdNext("POST row")
			insert := background(func() error { return s.Insert(t.Context(), overdue(pendingRow("alice"))) })
			g.wait(t)
			if found := unfinishedKeys(t, cleaner, acsauth.Pending); len(found) != 0 {
				t.Errorf("found %q before it was there", found)
			}
			close(g.open)
			must(t, insert())
			if found := len(unfinishedKeys(t, cleaner, acsauth.Pending)) == 1; found != c.wantFound {
				t.Errorf("the row is found: %t, want %t", found, c.wantFound)
			}
		})
	}
}

// TestWriterMeetsCleaner: the cleaner has seen an old entry that stands for
// nothing and is slow to remove it. A writer that comes meanwhile touches it.
func TestWriterMeetsCleaner(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"GET query user", "GET open", "DELETE open"} {
		t.Run(strings.ReplaceAll(at, " ", "_"), func(t *testing.T) {
			s, w, writer := pair(t)
			_, err := s.touch(t.Context(), openPartition, pendingRow("alice").Key.Hash(), "", aRow) // and its writer died
			must(t, err)
			w.set(func(w *wire) { w.ahead = safeAge + time.Minute })
			g := w.holdNext(at)
			survey := background(func() error { _, err := s.Unfinished(t.Context(), acsauth.Pending, 0, 10); return err })
			g.wait(t)
			must(t, writer.Insert(t.Context(), overdue(pendingRow("alice"))))
			close(g.open)
			must(t, survey())
			if found := unfinishedKeys(t, writer, acsauth.Pending); len(found) != 1 {
				t.Error("the row is not found")
			}
		})
	}
}

// TestForgetMeetsWriter: the removal of an entry after a commit is slow, and
// another replica makes the row unfinished again, or writes a line, meanwhile.
func TestForgetMeetsWriter(t *testing.T) {
	t.Parallel()
	s, w, other := pair(t)
	for i, do := range []func(active acsauth.Mapping) error{
		func(active acsauth.Mapping) error {
			return other.Replace(t.Context(), active, overdue(in(acsauth.Deleting, active)), nil)
		},
		func(active acsauth.Mapping) error { return other.PutLine(t.Context(), suspectOf(active)) },
		func(active acsauth.Mapping) error {
			line := orphanOf(active)
			return other.Remove(t.Context(), active, &line)
		},
	} {
		row := pendingRow(fmt.Sprint("user", i))
		must(t, s.Insert(t.Context(), row))
		g := w.holdNext("DELETE open")
		must(t, s.Replace(t.Context(), row, in(acsauth.Active, row), nil))
		g.wait(t)
		must(t, do(in(acsauth.Active, row)))
		close(g.open)
		s.quiet()
	}
	wantFound(t, other)
	if n := len(other.indexed(t, openPartition)); n != 3 {
		t.Errorf("the index holds %d entries, want 3", n)
	}
}

// TestTwoWriters: one writer is slow between its entry and its row, while another
// uses the same entry for a whole life and is done with it.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	for name, life := range map[string]func(s *Store, row acsauth.Mapping) error{
		"row": func(s *Store, row acsauth.Mapping) error {
			return errors.Join(s.Insert(t.Context(), row), s.Remove(t.Context(), row, nil))
		},
		"line": func(s *Store, row acsauth.Mapping) error {
			line := suspectOf(row)
			line.Attempt = "other"
			return errors.Join(s.PutLine(t.Context(), line), s.DropLine(t.Context(), line.User, line.Attempt))
		},
		"row that leaves a line": func(s *Store, row acsauth.Mapping) error {
			row.Attempt = "other"
			line := suspectOf(row)
			return errors.Join(s.Insert(t.Context(), row), s.Remove(t.Context(), row, &line), s.DropLine(t.Context(), line.User, line.Attempt))
		},
	} {
		for _, slow := range []string{"POST row", "POST line"} {
			t.Run(strings.ReplaceAll(name+" and "+slow, " ", "_"), func(t *testing.T) {
				s, w, other := pair(t)
				row := overdue(pendingRow("alice"))
				g := w.holdNext(slow)
				write := background(func() error {
					if slow == "POST row" {
						return s.Insert(t.Context(), row)
					}
					return s.PutLine(t.Context(), orphanOf(row))
				})
				g.wait(t)
				must(t, life(other, row))
				other.quiet()
				close(g.open)
				must(t, write())
				wantFound(t, other)
			})
		}
	}
}

// TestReleaseMeetsWriter: the same for the entry of an identity.
func TestReleaseMeetsWriter(t *testing.T) {
	t.Parallel()
	s, w, other := pair(t)
	active := activeRow("alice")
	must(t, s.Insert(t.Context(), active))
	g := w.holdNext("DELETE claim")
	must(t, s.Remove(t.Context(), active, nil))
	g.wait(t)
	must(t, other.Insert(t.Context(), active))
	close(g.open)
	s.quiet()
	wantFound(t, other)
}

// TestStaleClaim: an entry of an identity that nobody has is passed over, and
// removed when it is old.
func TestStaleClaim(t *testing.T) {
	t.Parallel()
	s, w, _ := pair(t)
	id := activeRow("alice").Identity
	_, err := s.stake(t.Context(), activeRow("alice"), pendingRow("alice").Key.Hash())
	must(t, err)
	must(t, s.Insert(t.Context(), pendingRow("alice")))
	for _, c := range []struct {
		ahead time.Duration
		want  int // requests of the second look
	}{{0, 3}, {safeAge + time.Minute, 1}} {
		w.set(func(w *wire) { w.ahead = c.ahead })
		var sent []string
		for range 2 {
			sent = w.during(s, func() {
				if m, err := s.Find(t.Context(), id); err != acsauth.ErrNotFound {
					t.Errorf("found %q, %v", m.Key.Subject, err)
				}
			})
		}
		if len(sent) != c.want {
			t.Errorf("with the clock %v ahead: requests %q, want %d", c.ahead, sent, c.want)
		}
	}
}

// TestSettledLines: old lines are read once, and again after any write to them.
func TestSettledLines(t *testing.T) {
	t.Parallel()
	s, w, other := pair(t)
	row := pendingRow("alice")
	line := suspectOf(row)
	w.set(func(w *wire) { w.ahead = safeAge + time.Minute })
	lines := func(kind acsauth.JournalKind) (found []acsauth.JournalLine, sent int) {
		sent = len(w.during(s, func() {
			var err error
			found, err = s.Lines(t.Context(), kind, 10)
			must(t, err)
		}))
		return found, sent
	}
	must(t, other.PutLine(t.Context(), line))
	w.set(func(w *wire) { w.ahead = 0 })
	for range 2 {
		if _, sent := lines(acsauth.Suspect); sent != 2 { // a write might be under way
			t.Errorf("a young line: %d requests, want 2", sent)
		}
	}
	w.set(func(w *wire) { w.ahead = safeAge + time.Minute })
	for i, want := range []int{2, 1, 1} {
		if found, sent := lines(acsauth.Suspect); len(found) != 1 || sent != want {
			t.Errorf("look %d: %d lines, %d requests; want 1 and %d", i, len(found), sent, want)
		}
	}
	orphan := orphanOf(row)
	left := orphan
	left.Kind = acsauth.Left
	for name, c := range map[string]struct {
		write func() error
		kind  acsauth.JournalKind
		want  int
	}{
		"another line": {func() error { l := line; l.Attempt = "second"; return other.PutLine(t.Context(), l) }, acsauth.Suspect, 2},
		"drop":         {func() error { return other.DropLine(t.Context(), line.User, line.Attempt) }, acsauth.Suspect, 0},
		"orphan":       {func() error { return other.PutLine(t.Context(), orphan) }, acsauth.Suspect, 0},
		"left":         {func() error { return other.PutLine(t.Context(), left) }, acsauth.Suspect, 0},
		"left with a row": {func() error {
			if err := other.Insert(t.Context(), in(acsauth.Active, row)); err != nil {
				return err
			}
			return other.Remove(t.Context(), in(acsauth.Active, row), &left)
		}, acsauth.Suspect, 0},
		"with a row": {func() error {
			if err := other.Insert(t.Context(), in(acsauth.Active, row)); err != nil {
				return err
			}
			return other.Remove(t.Context(), in(acsauth.Active, row), &orphan)
		}, acsauth.Orphan, 1},
	} {
		must(t, other.DropLine(t.Context(), line.User, "second"))
		must(t, other.DropLine(t.Context(), line.User, line.Attempt))
		must(t, other.PutLine(t.Context(), line))
		lines(acsauth.Suspect)
		if found, sent := lines(acsauth.Suspect); len(found) != 1 || sent != 1 {
			t.Errorf("%s, before: %d lines, %d requests", name, len(found), sent)
		}
		must(t, c.write())
		if found, _ := lines(c.kind); len(found) != c.want {
			t.Errorf("after %s: %d lines, want %d", name, len(found), c.want)
		}
		wantFound(t, s)
	}
	// A row that has become unfinished is seen beside a settled line, and is never settled itself.
	must(t, other.Insert(t.Context(), overdue(pendingRow("alice"))))
	for range 3 {
		if found := unfinishedKeys(t, s, acsauth.Pending); !slices.Equal(found, []string{"alice"}) {
			t.Errorf("unfinished: %q", found)
		}
	}
	must(t, other.Replace(t.Context(), row, in(acsauth.Active, row), nil))
	if found := unfinishedKeys(t, s, acsauth.Pending); len(found) != 0 {
		t.Errorf("unfinished: %q, after the row was finished", found)
	}
}

// TestLateWrite: a process that slept between the entry and the row writes the
// entry again, since a cleaner may have removed it.
func TestLateWrite(t *testing.T) {
	t.Parallel()
	s, _, _ := pair(t)
	user := pendingRow("alice").Key.Hash()
	s.touchLate(openPartition, user, time.Now().Add(-lateAfter+time.Minute))
	if n := len(s.indexed(t, openPartition)); n != 0 {
		t.Errorf("a write in good time left %d entries", n)
	}
	s.touchLate(openPartition, user, time.Now().Add(-lateAfter))
	if users := s.indexed(t, openPartition); !slices.Equal(users, []string{user}) {
		t.Errorf("a late write left the entries %q", users)
	}
}
