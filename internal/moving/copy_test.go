package moving

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

func TestCopyTwice(t *testing.T) {
	const n = 1230
	store := storetest.NewMemory()
	o := withCheckpoint(t, options(sample(n), store))
	notes := 0
	o.Note = func(note Note) {
		notes++
		if len(note.User) != 64 || strings.Contains(note.Reason, "user <") {
			t.Errorf("note %+v", note)
		}
	}
	moves, deleting, pending := numbers(n)
	got, err := Copy(t.Context(), o)
	want := Tally{Added: moves, Pending: pending, Deleting: deleting, Lines: 3}
	if err != nil || got != want || !got.Complete() {
		t.Errorf("first: %+v, want %+v, %v", got, want, err)
	}
	if notes != int(pending) {
		t.Errorf("%d notes, want %d", notes, pending)
	}
	checkEqual(t, n, store)
	if err := o.Finish(); err != nil {
		t.Error(err)
	}
	got, err = Copy(t.Context(), o)
	want.Added, want.Present = 0, moves
	if err != nil || got != want {
		t.Errorf("second: %+v, want %+v, %v", got, want, err)
	}
	checkEqual(t, n, store)
}

func TestDryRunWritesNothing(t *testing.T) {
	const n = 100
	store := storetest.NewMemory()
	if err := store.Insert(t.Context(), mixed(0)); err != nil {
		t.Fatal(err)
	}
	other := mixed(1)
	other.Identity = "8:acs:resource_other"
	if err := store.Insert(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	before, _ := store.Counts(t.Context())
	for _, target := range []acsauth.Store{store, nil} { // nil: the file of the target is not there yet
		o := withCheckpoint(t, options(sample(n), target))
		o.DryRun, o.MoveJournal = true, true
		got, err := Copy(t.Context(), o)
		want := Tally{Added: 88, Present: 1, Conflicts: 1, Pending: 10, Deleting: 10, Lines: 3}
		if target == nil {
			want = Tally{Added: 90, Pending: 10, Deleting: 10, Lines: 3}
		}
		if err != nil || got != want {
			t.Errorf("%+v, want %+v, %v", got, want, err)
		}
		if _, there, err := loadCheckpoint(o.Checkpoint, o.Pair); there || err != nil {
			t.Errorf("a dry run made a checkpoint: %v", err)
		}
	}
	if after, _ := store.Counts(t.Context()); after != before {
		t.Errorf("a dry run changed the target: %+v, %+v", before, after)
	}
}

// What the target holds is never changed, and each difference is named.
func TestConflicts(t *testing.T) {
	source := mixed(0)
	deleting, foreign, identity, pending := source, source, source, source
	deleting.State = acsauth.Deleting
	foreign.Resource = "fabrikam.communication.azure.com"
	identity.Identity = "8:acs:resource_other"
	pending.State, pending.Identity = acsauth.Pending, ""
	for reason, there := range map[string]acsauth.Mapping{
		"is active in the source and deleting in the target": deleting,
		"another ACS resource":                               foreign,
		"another identity":                                   identity,
		"is being made for the user in the target":           pending,
	} {
		for _, stepwise := range []bool{false, true} {
			store := storetest.NewMemory()
			if err := store.Insert(t.Context(), there); err != nil {
				t.Fatal(err)
			}
			var notes []Note
			o := options(fakeSource{rows: 1, row: mixed}, store)
			o.Note = func(n Note) { notes = append(notes, n) }
			o.Target.Stepwise = stepwise
			tally, err := Copy(t.Context(), o)
			if err != nil || tally.Conflicts != 1 || tally.Added+tally.Present != 0 || tally.Complete() {
				t.Errorf("%s: %+v %v", reason, tally, err)
			}
			v, err := Verify(t.Context(), o)
			if err != nil || v != (Verdict{Rows: 1, Differ: 1}) || v.Complete() {
				t.Errorf("%s: %+v %v", reason, v, err)
			}
			for _, note := range notes {
				if note.User != source.Key.Hash() || !strings.Contains(note.Reason, reason) || len(notes) != 2 {
					t.Errorf("%s: notes %+v", reason, notes)
				}
			}
			if got, err := store.Get(t.Context(), source.Key); err != nil || !got.Fenced(there) {
				t.Errorf("%s: the row of the target was changed to %+v, %v", reason, got, err)
			}
		}
	}
}

// An identity that another user of the target has, and an orphan that lives there.
func TestIdentityOfAnotherUser(t *testing.T) {
	rival := mixed(1)
	memory := storetest.NewMemory()
	plan := func(verb string, _ int) storetest.Fault { // a unique index refuses
		if verb == storetest.VerbInsert {
			return storetest.NotStored
		}
		return storetest.NoFault
	}
	target := finding{storetest.NewFaulty(memory, plan), map[acsauth.Identity]acsauth.Mapping{mixed(0).Identity: rival, "8:acs:resource_lost": rival}}
	o := options(fakeSource{rows: 1, row: mixed, lines: sampleLines()}, target)
	tally, err := Copy(t.Context(), o)
	if want := (Tally{Conflicts: 1, Lines: 2, Refused: 1}); err != nil || tally != want {
		t.Errorf("%+v, want %+v, %v", tally, want, err)
	}
	if c, _ := memory.Counts(t.Context()); c.Orphans != 0 {
		t.Error("a living identity became an orphan of the target")
	}
}

func TestJournalThatIsTooLong(t *testing.T) {
	const n = 2500
	source := storetest.NewMemory()
	for i := range n {
		m := mixed(i)
		line := acsauth.JournalLine{Attempt: m.Attempt, Kind: acsauth.Left, User: m.Key.Hash(), Identity: "8:acs:r_1", Resource: "r"}
		if i%2 == 0 {
			line.Kind, line.Identity = acsauth.Orphan, mixed(0).Identity
		}
		if err := source.PutLine(t.Context(), line); err != nil {
			t.Fatal(err)
		}
	}
	from := storeSource{source, nil}
	target := storetest.NewMemory()
	count := func(s acsauth.Store) int64 {
		c, err := s.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c.Orphans + c.Left
	}
	o := options(journalOnly{from}, target)
	tally, err := Copy(t.Context(), o)
	if err != nil || tally.Lines != 2000 || tally.Left != 500 || tally.Complete() || count(source) != n || count(target) != 2000 {
		t.Errorf("%+v %v, source %d, target %d", tally, err, count(source), count(target))
	}
	o.MoveJournal = true
	alive := finding{target, map[acsauth.Identity]acsauth.Mapping{mixed(0).Identity: mixed(0)}}
	o.Target.Store = alive // no orphan may go there
	tally, err = Copy(t.Context(), o)
	if err != nil || tally.Lines != 1250 || tally.Refused != 1000 || tally.Left != 250 || count(source) != 1250 {
		t.Errorf("%+v %v, source %d", tally, err, count(source))
	}
	o.Target.Store = target
	tally, err = Copy(t.Context(), o)
	if err != nil || tally.Lines != 1250 || !tally.Complete() || count(source) != 0 || count(target) != n {
		t.Errorf("%+v %v, source %d, target %d", tally, err, count(source), count(target))
	}
}

// journalOnly is a store without rows.
type journalOnly struct{ Source }

func (s journalOnly) List(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
	return nil, "", nil
}

func (s journalOnly) Total(context.Context) (int64, error) { return acsauth.NotCounted, nil }

func TestNoList(t *testing.T) {
	if _, err := FromStore(insertOnly{storetest.NewMemory()}); !errors.Is(err, ErrNoList) {
		t.Error(err)
	}
}

func TestBadConcurrency(t *testing.T) {
	for _, n := range []int{-1, 257} {
		o := options(sample(10), storetest.NewMemory())
		o.Concurrency = n
		if _, err := Copy(t.Context(), o); err == nil {
			t.Errorf("%d is taken", n)
		}
		if _, err := Verify(t.Context(), o); err == nil {
			t.Errorf("%d is taken", n)
		}
	}
}
