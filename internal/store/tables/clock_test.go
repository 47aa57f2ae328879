package tables

import (
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestClock: every lease and lock is judged by the clock of the service, whatever this machine thinks.
func TestClock(t *testing.T) {
	t.Parallel()
	s, w, _ := pair(t)
	row := pendingRow("alice")
	must(t, s.Insert(t.Context(), row))
	must(t, s.Insert(t.Context(), activeRow("bob")))
	if has, err := s.Lock(t.Context(), "sweeper", "one", time.Hour); err != nil || !has {
		t.Fatal(has, err)
	}
	for _, ahead := range []time.Duration{-3 * time.Hour, 30 * time.Minute, 3 * time.Hour} {
		w.set(func(w *wire) { w.ahead = ahead })
		near := func(what string, got time.Duration) {
			if off := got - (time.Hour - ahead); off.Abs() > 10*time.Minute {
				t.Errorf("%s with the clock %v ahead: a lease of %v", what, ahead, got)
			}
		}
		got, err := s.Get(t.Context(), row.Key)
		must(t, err)
		near("Get", got.Lease)
		found, err := s.Find(t.Context(), activeRow("bob").Identity)
		must(t, err)
		near("Find", found.Lease)
		rows, _, err := s.List(t.Context(), "", 10)
		must(t, err)
		for _, row := range rows {
			near("List", row.Lease)
		}
		unfinished, err := s.Unfinished(t.Context(), acsauth.Pending, 0, 10)
		if err != nil || len(unfinished) == 1 != (ahead > time.Hour) {
			t.Errorf("Unfinished with the clock %v ahead: %d rows, %v", ahead, len(unfinished), err)
		}
		for _, row := range unfinished {
			near("Unfinished", row.Lease)
		}
		if has, err := s.Lock(t.Context(), "sweeper", "two", time.Hour); err != nil || has != (ahead > time.Hour) {
			t.Errorf("Lock with the clock %v ahead: %t, %v", ahead, has, err)
		}
	}
}
