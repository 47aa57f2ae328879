package moving

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

// A fault at every call of the target, of every kind, and the same command once more.
func TestInterruptedAtEveryPoint(t *testing.T) {
	const n = 40
	for _, stepwise := range []bool{false, true} {
		for _, fault := range []storetest.Fault{storetest.NotStored, storetest.Stored, storetest.StoredLate} {
			t.Run(fmt.Sprintf("stepwise=%v,fault=%d", stepwise, fault), func(t *testing.T) {
				stopped := 0
				for at := 1; interruptAt(t, at, fault, stepwise, n, &stopped); at++ {
				}
				t.Logf("%d runs were cut short", stopped)
				if stopped < n/2 {
					t.Errorf("only %d runs were cut short: the test did not see much", stopped)
				}
			})
		}
	}
}

// interruptAt fails one call and goes on. It reports whether there was such a call.
func interruptAt(t *testing.T, at int, fault storetest.Fault, stepwise bool, n int, stopped *int) bool {
	t.Helper()
	memory := storetest.NewMemory()
	faulty := storetest.NewFaulty(memory, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	met, met2 := false, storetest.AtCall(at, fault)
	faulty.SetPlan(func(verb string, i int) storetest.Fault {
		f := met2(verb, i)
		if f != storetest.NoFault {
			met = true
			cancel() // the process is going down at the same time
		}
		return f
	})
	o := withCheckpoint(t, options(sample(n), faulty))
	if stepwise {
		o.Target.Store = insertOnly{faulty}
		o.Target.Stepwise = true
	}
	o.Concurrency = 1 + at%4
	if _, err := Copy(ctx, o); err != nil {
		*stopped++
	}
	if !met {
		return false
	}
	faulty.Deliver() // what was late lands between the runs
	tally, err := Copy(t.Context(), o)
	moves, _, _ := numbers(int64(n))
	if err != nil || tally.Added+tally.Present != moves || tally.Conflicts != 0 {
		t.Fatalf("call %d: %+v, want %d rows, %v", at, tally, moves, err)
	}
	checkEqual(t, n, memory)
	return true
}

// Faults all the time are no hindrance: unknown outcomes are looked at and repeated.
func TestManyFaults(t *testing.T) {
	const n = 500
	for seed := range uint64(10) {
		memory := storetest.NewMemory()
		faulty := storetest.NewFaulty(memory, storetest.Random(seed, 0.2))
		o := options(sample(n), faulty)
		o.Target.Tries = 30
		if seed%2 == 1 {
			o.Target.Store, o.Target.Stepwise = insertOnly{faulty}, true
		}
		tally, err := Copy(t.Context(), o)
		faulty.Deliver()
		if err != nil || !tally.Complete() {
			t.Fatalf("seed %d: %+v %v", seed, tally, err)
		}
		checkEqual(t, n, memory)
	}
}

// The source fails at every page.
func TestSourceFails(t *testing.T) {
	const n = 100
	memory := storetest.NewMemory()
	broken := errors.New("no route")
	o := withCheckpoint(t, options(nil, memory))
	o.Target.Tries = 1
	last := int64(-1)
	for page := 1; ; page++ {
		s := sample(n)
		s.fails = func(at int) error {
			if at == page*shortPage {
				return broken
			}
			return nil
		}
		o.Source = s
		tally, err := Copy(t.Context(), o)
		if page*shortPage >= n {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if done := tally.Added + tally.Pending; !errors.Is(err, broken) || done <= last || tally.Resumed != (page > 1) {
			t.Fatalf("page %d: %+v after %d, %v", page, tally, last, err)
		} else {
			last = done
		}
	}
	checkEqual(t, n, memory)
}

// A target that takes no more stops the run with the reason, and it goes on once there is room.
func TestTargetFull(t *testing.T) {
	const n = 100
	memory := storetest.NewMemory()
	full := &limited{Store: memory, room: 30}
	o := withCheckpoint(t, options(sample(n), full))
	o.Target.Tries = 2
	_, err := Copy(t.Context(), o)
	if !errors.Is(err, errFull) {
		t.Fatalf("got %v", err)
	}
	full.room = 1000
	if tally, err := Copy(t.Context(), o); err != nil || !tally.Resumed || !tally.Complete() {
		t.Fatalf("%+v %v", tally, err)
	}
	checkEqual(t, n, memory)
}

var errFull = errors.New("no space left on device")

type limited struct {
	acsauth.Store
	room int
}

func (s *limited) Insert(ctx context.Context, m acsauth.Mapping) error {
	c, err := s.Store.Counts(ctx)
	if err != nil || c.Active+c.Deleting >= int64(s.room) {
		return errFull
	}
	return s.Store.Insert(ctx, m)
}

func TestCheckpointOfAnotherPair(t *testing.T) {
	o := withCheckpoint(t, options(sample(10), storetest.NewMemory()))
	if _, err := Copy(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	o.Pair = Pair("a", "c")
	if _, err := Copy(t.Context(), o); !errors.Is(err, ErrOtherPair) {
		t.Errorf("got %v", err)
	}
	if Pair("ab", "c") == Pair("a", "bc") {
		t.Error("two pairs have one name")
	}
	for text, want := range map[string]string{
		"": "is not a checkpoint", "{}": "is not a checkpoint", `{"format":"acsauth-checkpoint","version":9}`: "has version 9",
	} {
		writeFile(t, o.Checkpoint, text)
		if _, err := Copy(t.Context(), o); err == nil || !contains(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	o.Checkpoint = filepath.Join(t.TempDir(), "no", "such", "folder")
	if _, err := Copy(t.Context(), o); err == nil || !contains(err, "cannot write the checkpoint") {
		t.Errorf("got %v", err)
	}
}
