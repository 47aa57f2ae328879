package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// A mistake is one that somebody will make, and the check that must see it.
type mistake struct {
	name  string
	check string
	make  func(s *tweaked)
}

func allMistakes() []mistake {
	return slices.Concat(fenceMistakes(), rowMistakes(), handleMistakes(), lineMistakes(), leftMistakes(), leaseMistakes(),
		raceMistakes(), contextMistakes(), listMistakes(), findMistakes())
}

// TestMistakesAreSeen runs the kit on stores that are wrong in one thing each.
func TestMistakesAreSeen(t *testing.T) {
	all := checks()
	for _, m := range allMistakes() {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			good := NewMemoryDatabase()
			broken := func(ctx context.Context) (acsauth.Store, error) {
				store, err := good(ctx)
				s := &tweaked{Store: store}
				m.make(s)
				return s, err
			}
			wantCaught(t, all, m.check, broken)
		})
	}
}

// wantCaught fails the test unless the named check rejects the database.
func wantCaught(t *testing.T, all []check, name string, db Database) {
	t.Helper()
	i := slices.IndexFunc(all, func(c check) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no check %q", name)
	}
	err := all[i].run(t.Context(), db)
	if err == nil {
		t.Fatalf("the check %q finds nothing wrong", name)
	}
	t.Log(err)
}

// TestMistakesOfHandles does the same for what shows on several handles only.
func TestMistakesOfHandles(t *testing.T) {
	all := checks()
	t.Run("nothing_kept_over_a_restart", func(t *testing.T) {
		wantCaught(t, all, "handles/reopen", func(context.Context) (acsauth.Store, error) { return NewMemory(), nil })
	})
	t.Run("each_handle_has_its_own_data", func(t *testing.T) {
		wantCaught(t, all, "races/insert", func(context.Context) (acsauth.Store, error) { return NewMemory(), nil })
	})
	t.Run("a_handle_caches_rows", func(t *testing.T) {
		good := NewMemoryDatabase()
		for _, name := range []string{"handles/see_each_other", "races/swaps_are_seen"} {
			wantCaught(t, all, name, func(ctx context.Context) (acsauth.Store, error) {
				store, err := good(ctx)
				return cached(store), err
			})
		}
	})
	t.Run("a_handle_cannot_be_opened", func(t *testing.T) {
		for _, c := range all {
			wantCaught(t, all, c.name, func(context.Context) (acsauth.Store, error) { return nil, errors.New("no database") })
		}
	})
	t.Run("goroutines_left_behind", func(t *testing.T) {
		good, stop := NewMemoryDatabase(), make(chan struct{})
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(stop)
		wantCaught(t, all, "handles/goroutines", func(ctx context.Context) (acsauth.Store, error) {
			wg.Go(func() { <-stop })
			return good(ctx)
		})
	})
}

// cached answers Get from what this handle read or wrote before.
func cached(store acsauth.Store) acsauth.Store {
	s := &tweaked{Store: store}
	var seen sync.Map
	s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
		if row, ok := seen.Load(key); ok {
			return row.(acsauth.Mapping), nil
		}
		row, err := s.Store.Get(ctx, key)
		if err == nil {
			seen.Store(key, row)
		}
		return row, err
	}
	s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
		err := s.Store.Replace(ctx, old, next, line)
		seen.Delete(old.Key)
		return err
	}
	return s
}
