package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// A plain store has the verbs of the contract and no more.
type plain struct{ acsauth.Store }

// TestCapabilities: a wrapper can list and find if what stands behind it can, and only then.
func TestCapabilities(t *testing.T) {
	shared := func(s acsauth.Store) acsauth.Store {
		handle, err := OneHandle(func(context.Context) (acsauth.Store, error) { return s, nil })(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return handle
	}
	for name, wrap := range map[string]func(acsauth.Store) acsauth.Store{
		"none": func(s acsauth.Store) acsauth.Store { return s }, "Faulty": func(s acsauth.Store) acsauth.Store { return NewFaulty(s, nil) },
		"OneHandle": shared, "both": func(s acsauth.Store) acsauth.Store { return shared(NewFaulty(s, nil)) },
	} {
		for _, can := range []bool{true, false} {
			inner := NewMemory()
			if !can {
				inner = plain{inner}
			}
			s := wrap(inner)
			_, lists := lister(s)
			_, finds := finder(s)
			_, _, listErr := list(t.Context(), s, "", 1)
			_, findErr := findBy(t.Context(), s, sampleID("x"))
			if lists != can || finds != can || (listErr == nil) != can || errors.Is(findErr, acsauth.ErrNotFound) != can {
				t.Errorf("%s before a store that can is %t: %t %t %v %v", name, can, lists, finds, listErr, findErr)
			}
			judged := 0
			for _, c := range checks() {
				if c.judges(s) {
					judged++
				}
			}
			if all := len(checks()); (judged == all) != can || judged < all-len(listChecks())-len(findChecks()) {
				t.Errorf("%s before a store that can is %t: %d checks of %d", name, can, judged, all)
			}
		}
	}
}

// TestNotCounted: a store that never counts its Active rows is as good as any.
func TestNotCounted(t *testing.T) {
	Run(t, func(*testing.T) Database {
		good := NewMemoryDatabase()
		return func(ctx context.Context) (acsauth.Store, error) {
			store, err := good(ctx)
			s := &tweaked{Store: store}
			s.counts = func(ctx context.Context) (acsauth.Counts, error) {
				c, err := store.Counts(ctx)
				if err == nil {
					c.Active = acsauth.NotCounted
				}
				return c, err
			}
			return s, err
		}
	})
}

// TestEveryCheckHasItsMistake: a check that nothing is known to fail proves nothing.
func TestEveryCheckHasItsMistake(t *testing.T) {
	// These are seen by the tests of mistakes that need more than one handle.
	caught := []string{"handles/reopen", "handles/goroutines", "handles/see_each_other", "races/swaps_are_seen", "list/reopen", "list/other_handle", "find/other_handle"}
	for _, m := range allMistakes() {
		caught = append(caught, m.check)
	}
	for _, c := range checks() {
		if !slices.Contains(caught, c.name) {
			t.Errorf("no mistake is known that %s catches", c.name)
		}
	}
}
