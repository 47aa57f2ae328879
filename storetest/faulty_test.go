package storetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestFaultyWithoutFaults: without faults the wrapper is as good as what it wraps.
func TestFaultyWithoutFaults(t *testing.T) {
	Run(t, func(*testing.T) Database {
		good := NewMemoryDatabase()
		return func(ctx context.Context) (acsauth.Store, error) {
			store, err := good(ctx)
			return NewFaulty(store, nil), err
		}
	})
}

// TestFaultyWrites places each fault at each conditional write.
func TestFaultyWrites(t *testing.T) {
	for _, c := range []struct {
		name          string
		fault         Fault
		now, finished bool // landed at once, landed after Deliver
	}{{"not_stored", NotStored, false, false}, {"stored", Stored, true, true}, {"stored_late", StoredLate, false, true}} {
		t.Run(c.name, func(t *testing.T) {
			memory := NewMemory()
			p := &probe{ctx: t.Context(), store: memory}
			for _, w := range writes("x") {
				w.prepare(p)
				f := NewFaulty(memory, AtCall(1, c.fault))
				if err := w.call(t.Context(), f); !errors.Is(err, ErrInjected) {
					t.Fatalf("got error %v, want %v", err, ErrInjected)
				}
				if got := w.landed(p); got != c.now {
					t.Errorf("landed before Deliver: got %t, want %t", got, c.now)
				}
				for _, err := range f.Deliver() {
					p.no("Deliver", err)
				}
				if got := w.landed(p); got != c.finished {
					t.Errorf("landed in the end: got %t, want %t", got, c.finished)
				}
			}
			if p.err != nil {
				t.Error(p.err)
			}
		})
	}
}

// TestFaultyEveryVerb: each verb can be failed, is counted, and works again after that.
func TestFaultyEveryVerb(t *testing.T) {
	row := pendingRow("alice", "a")
	for _, v := range verbsOf(NewMemory(), row) {
		f := NewFaulty(NewMemory(), At(v.name, 2, NotStored))
		for n := 1; n <= 3; n++ {
			if got := errors.Is(v.call(t.Context(), f), ErrInjected); got != (n == 2) {
				t.Errorf("%s, call %d: injected is %t", v.name, n, got)
			}
		}
		if got := f.Calls(v.name); got != 3 {
			t.Errorf("%s: %d calls counted, want 3", v.name, got)
		}
	}
}

// TestFaultyLateWriteIsRefused: a late write meets the fence like any other.
func TestFaultyLateWriteIsRefused(t *testing.T) {
	memory := NewMemory()
	p := &probe{ctx: t.Context(), store: memory}
	row, next, line := pendingRow("alice", "a"), pendingRow("alice", "b"), suspectOf(pendingRow("alice", "a"))
	line.Answer = []byte("answer")
	p.insert(row)
	f := NewFaulty(memory, At(VerbReplace, 1, StoredLate))
	ctx, cancel := context.WithCancel(t.Context())
	if err := f.Replace(ctx, row, activeRow("alice", "a", "x"), &line); !errors.Is(err, ErrInjected) {
		t.Fatal(err)
	}
	cancel()
	p.replace(row, next, nil)
	if f.Held() != 1 {
		t.Fatalf("%d writes held, want 1", f.Held())
	}
	if errs := f.Deliver(); len(errs) != 1 || !errors.Is(errs[0], acsauth.ErrConflict) {
		t.Fatalf("Deliver: got %v, want one ErrConflict", errs)
	}
	p.has(next)
	p.journal()
	if errs := f.Deliver(); len(errs) != 0 || f.Held() != 0 {
		t.Fatalf("the write was delivered twice: %v", errs)
	}
	if p.err != nil {
		t.Error(p.err)
	}
}

func TestFaultyLandAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFaulty(NewMemory(), At(VerbInsert, 1, StoredLate))
		f.LandAfter(func() time.Duration { return time.Minute })
		row := pendingRow("alice", "a")
		if err := f.Insert(t.Context(), row); !errors.Is(err, ErrInjected) {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Second)
		if _, err := f.Get(t.Context(), row.Key); !errors.Is(err, acsauth.ErrNotFound) {
			t.Fatalf("after 59 s: got %v, want no row yet", err)
		}
		time.Sleep(2 * time.Second)
		if _, err := f.Get(t.Context(), row.Key); err != nil || f.Held() != 0 {
			t.Fatalf("after 61 s: got %v and %d held", err, f.Held())
		}
	})
}

func TestFaultyClose(t *testing.T) {
	f := NewFaulty(NewMemory(), AtCall(1, StoredLate))
	if err := f.Insert(t.Context(), pendingRow("alice", "a")); !errors.Is(err, ErrInjected) {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil || f.Held() != 0 {
		t.Fatalf("Close: %v, %d held", err, f.Held())
	}
	f.SetPlan(nil)
	if err := f.Ping(t.Context()); err == nil {
		t.Fatal("Ping works after Close")
	}
}

func TestRandom(t *testing.T) {
	draw := func(seed uint64, faults ...Fault) (got []Fault) {
		plan := Random(seed, 0.2, faults...)
		for n := range 10000 {
			got = append(got, plan(VerbGet, n+1))
		}
		return got
	}
	count := map[Fault]int{}
	again := draw(7)
	for i, fault := range draw(7) {
		count[fault]++
		if again[i] != fault {
			t.Fatal("the same seed gives other faults")
		}
	}
	for _, fault := range []Fault{NotStored, Stored, StoredLate} {
		if n := count[fault]; n < 550 || n > 800 {
			t.Errorf("fault %d: drawn %d times of 10000, want about 667", fault, n)
		}
	}
	for _, fault := range draw(8, Stored) {
		if fault != NoFault && fault != Stored {
			t.Fatalf("fault %d was not asked for", fault)
		}
	}
}

func TestPlans(t *testing.T) {
	plan := Plans(At(VerbGet, 2, Stored), AtCall(3, NotStored), nilPlan)
	want := []Fault{NoFault, Stored, NotStored, NoFault}
	for i, n := range []int{1, 2, 3, 4} {
		if got := plan(VerbGet, n); got != want[i] {
			t.Errorf("call %d: got fault %d, want %d", n, got, want[i])
		}
	}
}

func nilPlan(string, int) Fault { return NoFault }
