package storebench

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/storetest"
)

// memory is a subject whose data outlive its handles.
func memory(name string) (Subject, storetest.Database) {
	db := storetest.NewMemoryDatabase()
	return Subject{Name: name, Open: db}, db
}

func file(t *testing.T, name string) Subject {
	path := filepath.Join(t.TempDir(), "bench.db")
	return Subject{
		Name: name,
		Open: func(ctx context.Context) (acsauth.Store, error) { return sqlite.Open(ctx, path) },
	}
}

// quick is a run of about two seconds.
func quick(s ...Subject) Options {
	return Options{Subjects: s, Mappings: 1500, First: 300, Rounds: 2, Slice: 20 * time.Millisecond}
}

func countsOf(t *testing.T, open func(context.Context) (acsauth.Store, error)) acsauth.Counts {
	t.Helper()
	s, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRun(t *testing.T) {
	one, two := file(t, "SQLite"), file(t, "kept")
	two.Keep = true
	three, db := memory("memory")
	report, err := Run(t.Context(), quick(one, two, three))
	if err != nil || len(report.Failed()) != 0 {
		t.Fatal(err, report.Failed())
	}
	var b strings.Builder
	if err := report.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"| | SQLite | kept | memory |\n|---|---|---|---|\n", "| read, 1 caller, 300 mappings | ", "| read, 16 callers, 300 mappings | ",
		"| first bind, 1 caller, 300 mappings | ", "| first bind, 64 callers, 300 mappings | ", "| read, 16 callers, 1,500 mappings | ",
		"| not known |", "compared with SQLite. Medians of 2 rounds of 20ms",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "none") || strings.Contains(text, "broken off") || strings.Contains(text, "| 0/s") {
		t.Errorf("something was not measured:\n%s", text)
	}
	for _, c := range report.columns[:2] {
		if c.bytes < 200 || c.bytes > 3000 {
			t.Errorf("%s: %v bytes for a mapping", c.Name, c.bytes)
		}
	}
	empty := acsauth.Counts{}
	if one, three := countsOf(t, one.Open), countsOf(t, db); one != empty || three != empty {
		t.Errorf("left behind: %+v, %+v", one, three)
	}
	if kept := countsOf(t, two.Open); kept.Active < 1500 || kept.Pending != 0 {
		t.Errorf("kept: %+v", kept)
	}
}

func TestOnlyEmptyStores(t *testing.T) {
	for _, fill := range []func(acsauth.Store) error{
		func(s acsauth.Store) error { return s.Insert(t.Context(), active(1)) },
		func(s acsauth.Store) error { return s.Insert(t.Context(), pending(1)) },
		func(s acsauth.Store) error {
			return s.PutLine(t.Context(), acsauth.JournalLine{Attempt: "a", Kind: acsauth.Suspect, User: "u"})
		},
	} {
		subject, db := memory("full")
		s, err := db(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(s); err != nil {
			t.Fatal(err)
		}
		before := countsOf(t, db)
		other, otherDB := memory("empty")
		if _, err := Run(t.Context(), quick(other, subject)); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "full: ") {
			t.Errorf("got %v", err)
		}
		if after := countsOf(t, db); after != before || countsOf(t, otherDB) != (acsauth.Counts{}) {
			t.Errorf("it holds %+v, and held %+v", after, before)
		}
	}
}

// A store that fails is left out, and the others are measured; nothing stays behind in either.
func TestStoreThatFails(t *testing.T) {
	good, goodDB := memory("good")
	bad, badDB := memory("bad")
	open := bad.Open
	bad.Open = func(ctx context.Context) (acsauth.Store, error) {
		s, err := open(ctx)
		n := 0
		return storetest.NewFaulty(s, func(verb string, _ int) storetest.Fault {
			if n++; verb == storetest.VerbReplace && n > 400 {
				return storetest.Stored
			}
			return storetest.NoFault
		}), err
	}
	report, err := Run(t.Context(), quick(good, bad))
	if err != nil {
		t.Fatal(err)
	}
	if failed := report.Failed(); len(failed) != 1 || !errors.Is(failed["bad"], storetest.ErrInjected) {
		t.Errorf("failed: %v", failed)
	}
	var b strings.Builder
	if err := report.WriteMarkdown(&b); err != nil || !strings.Contains(b.String(), "bad was broken off: ") || !strings.Contains(b.String(), "| none |") {
		t.Errorf("%v\n%s", err, &b)
	}
	if countsOf(t, goodDB) != (acsauth.Counts{}) || countsOf(t, badDB) != (acsauth.Counts{}) {
		t.Errorf("left behind: %+v, %+v", countsOf(t, goodDB), countsOf(t, badDB))
	}
}

// What there was no time to fill is told.
func TestLoadLimit(t *testing.T) {
	subject, db := memory("slow")
	open := subject.Open
	subject.Open = func(ctx context.Context) (acsauth.Store, error) {
		s, err := open(ctx)
		return lazy{s}, err
	}
	subject.Loaders = 4
	o := quick(subject)
	o.LoadLimit = 100 * time.Millisecond // for 40 rows at most
	report, err := Run(t.Context(), o)
	if err != nil || len(report.Failed()) != 0 {
		t.Fatal(err, report.Failed())
	}
	var b strings.Builder
	if err := report.WriteMarkdown(&b); err != nil || !strings.Contains(b.String(), "/s (with ") {
		t.Errorf("%v\n%s", err, &b)
	}
	if c := countsOf(t, db); c != (acsauth.Counts{}) {
		t.Errorf("left behind: %+v", c)
	}
}

// lazy takes its time for each row.
type lazy struct{ acsauth.Store }

func (s lazy) Insert(ctx context.Context, m acsauth.Mapping) error {
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.Store.Insert(ctx, m)
}

func TestStopped(t *testing.T) {
	subject, db := memory("one")
	ctx, stop := context.WithCancel(t.Context())
	o := quick(subject)
	o.Say = func(format string, _ ...any) {
		if strings.HasPrefix(format, "round") {
			stop()
		}
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if c := countsOf(t, db); c != (acsauth.Counts{}) {
		t.Errorf("left behind: %+v", c)
	}
}

func TestBadOptions(t *testing.T) {
	subject, _ := memory("one")
	for name, o := range map[string]Options{
		"no store":  {},
		"too few":   {Subjects: []Subject{subject}, Mappings: 5},
		"too many":  {Subjects: []Subject{subject}, Mappings: 1e9},
		"rounds":    {Subjects: []Subject{subject}, Rounds: -1},
		"slice":     {Subjects: []Subject{subject}, Slice: time.Hour},
		"no opener": {Subjects: []Subject{{Name: "x", Open: func(context.Context) (acsauth.Store, error) { return nil, errors.New("no") }}}},
	} {
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestFigures(t *testing.T) {
	f := Median([]Figure{{10, 3, 30, 300}, {10, 1, 10, 900}, {10, 2, 20, 200}})
	if want := (Figure{30, 2, 20, 300}); f != want {
		t.Errorf("median %+v, want %+v", f, want)
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{52 * time.Microsecond: "52 µs", 1500 * time.Microsecond: "1.5 ms", 2 * time.Second: "2000 ms"} {
		if got := short(d); got != want {
			t.Errorf("short(%v) = %s", d, got)
		}
	}
	if a, b := active(7), active(8); a.Key == b.Key || a.Identity == b.Identity || !a.Identity.Valid() || !active(7).Fenced(a) || len(a.Key.Subject) != 36 {
		t.Errorf("rows %+v %+v", a, b)
	}
}
