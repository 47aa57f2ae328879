package tables

import (
	"slices"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestRoundTrips asserts what each method asks of the service: it is what a
// user waits for, and what is billed.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	ctx := t.Context()
	pending, other := pendingRow("alice"), pendingRow("alice")
	other.Attempt, other.Generation = "b", 2
	active := in(acsauth.Active, other)
	deleting := in(acsauth.Deleting, active)
	taken, suspect, left := suspectOf(pending), suspectOf(pendingRow("bob")), suspectOf(pendingRow("carol"))
	left.Kind = acsauth.Left
	steps := []struct {
		name string
		do   func() error
		want []string // in any order
	}{
		{"get nothing", func() error { _, err := s.Get(ctx, pending.Key); return ignore(err, acsauth.ErrNotFound) }, []string{"GET row"}},
		{"insert", func() error { return s.Insert(ctx, pending) }, []string{"POST open", "POST row"}},
		{"insert again", func() error { return ignore(s.Insert(ctx, pending), acsauth.ErrConflict) }, []string{"POST open", "PUT open", "POST row", "GET row"}},
		{"take over", func() error { return s.Replace(ctx, pending, other, &taken) },
			[]string{"GET row", "GET line", "PUT open", "PUT open", "POST transaction"}},
		{"commit", func() error { return s.Replace(ctx, other, active, nil) }, []string{"GET row", "PUT claim", "PUT row"}},
		{"get", func() error { _, err := s.Get(ctx, active.Key); return err }, []string{"GET row"}},
		{"find", func() error { _, err := s.Find(ctx, active.Identity); return err }, []string{"GET query claim", "GET row"}},
		{"find nobody", func() error { _, err := s.Find(ctx, "8:acs:r_x"); return ignore(err, acsauth.ErrNotFound) }, []string{"GET query claim"}},
		{"list", func() error { _, _, err := s.List(ctx, "", 10); return err }, []string{"GET query rows"}},
		{"drop the line", func() error { return s.DropLine(ctx, taken.User, taken.Attempt) }, []string{"GET line", "POST open", "PUT open", "DELETE line"}},
		{"drop no line", func() error { return s.DropLine(ctx, taken.User, taken.Attempt) }, []string{"GET line"}},
		{"mark for deletion", func() error { return s.Replace(ctx, active, deleting, nil) }, []string{"GET row", "POST open", "PUT open", "PUT row"}},
		{"unfinished", func() error { _, err := s.Unfinished(ctx, acsauth.Deleting, 0, 10); return err }, []string{"GET query open", "GET query user"}},
		{"remove", func() error { return s.Remove(ctx, deleting, nil) }, []string{"GET row", "DELETE row", "DELETE claim"}},
		{"put a line", func() error { return s.PutLine(ctx, suspect) }, []string{"POST open", "GET line", "POST line"}},
		{"put it again", func() error { return s.PutLine(ctx, suspect) }, []string{"POST open", "PUT open", "GET line", "PUT line"}},
		{"put a left line", func() error { return s.PutLine(ctx, left) }, []string{"POST left", "GET line", "POST line"}},
		{"lines left", func() error { _, err := s.Lines(ctx, acsauth.Left, 10); return err }, []string{"GET query left", "GET query user"}},
		{"drop the left line", func() error { return s.DropLine(ctx, left.User, left.Attempt) }, []string{"GET line", "PUT left", "DELETE line", "DELETE left"}},
		{"lines", func() error { _, err := s.Lines(ctx, acsauth.Suspect, 10); return err }, []string{"GET query open", "GET query user", "GET query user"}},
		{"counts", func() error { _, err := s.Counts(ctx); return err }, []string{"GET query left", "GET query open", "GET query user", "GET query user"}},
		{"lock", func() error { _, err := s.Lock(ctx, "a", "b", time.Hour); return err }, []string{"GET lock", "POST lock"}},
		{"renew", func() error { _, err := s.Lock(ctx, "a", "b", time.Hour); return err }, []string{"GET lock", "PUT lock"}},
		{"held", func() error { _, err := s.Lock(ctx, "a", "c", time.Hour); return err }, []string{"GET lock"}},
		{"ping", func() error { return s.Ping(ctx) }, []string{"GET meta"}},
		{"open", func() error { again, err := Open(ctx, o); must(t, err); return again.Close() }, []string{"GET meta"}},
	}
	for _, step := range steps {
		got := w.during(s, func() {
			if err := step.do(); err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
		})
		slices.Sort(got)
		slices.Sort(step.want)
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: requests %q, want %q", step.name, got, step.want)
		}
	}
}

func ignore(err, sentinel error) error {
	if err == sentinel {
		return nil
	}
	return err
}

// TestFirstSignIn: what a new user costs, and that the index is empty after it.
func TestFirstSignIn(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	got := w.during(s, func() {
		_, err := s.Get(t.Context(), pendingRow("alice").Key)
		must(t, ignore(err, acsauth.ErrNotFound))
		must(t, s.Insert(t.Context(), pendingRow("alice")))
		must(t, s.Replace(t.Context(), pendingRow("alice"), activeRow("alice"), nil))
	})
	if len(got) != 7 {
		t.Errorf("%d requests, want 7: %q", len(got), got)
	}
	if entries, _, err := s.entries(t.Context(), openPartition); err != nil || len(entries) != 0 {
		t.Errorf("the index holds %d entries, %v", len(entries), err)
	}
}
