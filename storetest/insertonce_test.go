package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestInsertOnce runs the suite over the reference store, held to the writes that there are.
func TestInsertOnce(t *testing.T) {
	RunInsertOnce(t, func(*testing.T) Database { return narrowDatabase(NewMemoryDatabase()) })
}

// narrow takes from a full store the writes that a Broker does not make.
func narrow(store acsauth.Store) *tweaked {
	shape := errors.New("storetest: not a write of this store")
	return &tweaked{
		Store: store,
		insert: func(ctx context.Context, m acsauth.Mapping) error {
			if m.State != acsauth.Pending {
				return shape
			}
			return store.Insert(ctx, m)
		},
		replace: func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
			intent := old.State == acsauth.Pending && next.State == acsauth.Pending && next.Identity == ""
			commit := old.State == acsauth.Pending && next.State == acsauth.Active && old.Attempt == next.Attempt && next.Identity != "" && line == nil
			deletion := old.State == acsauth.Active && next.State == acsauth.Deleting && old.Identity == next.Identity && line == nil
			if !intent && !commit && !deletion {
				return shape
			}
			return store.Replace(ctx, old, next, line)
		},
		remove: func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
			if old.State == acsauth.Active {
				return shape
			}
			return store.Remove(ctx, old, line)
		},
	}
}

func narrowDatabase(db Database) Database {
	return func(ctx context.Context) (acsauth.Store, error) {
		store, err := db(ctx)
		if err != nil {
			return nil, err
		}
		return narrow(store), nil
	}
}

func isCommit(old, next acsauth.Mapping) bool {
	return old.State == acsauth.Pending && next.State == acsauth.Active
}

// A onceMistake is one that somebody will make. inner is the store below, without its limits.
type onceMistake struct {
	name, check string
	make        func(s *tweaked, inner acsauth.Store)
}

func commitMistakes() []onceMistake {
	return []onceMistake{
		{"the last commit wins", "once/commit_race", func(s *tweaked, inner acsauth.Store) {
			narrowed := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if row, err := inner.Get(ctx, old.Key); err == nil && isCommit(old, next) && row.State == acsauth.Active {
					return inner.Replace(ctx, row, next, line)
				}
				return narrowed(ctx, old, next, line)
			}
		}},
		{"a lost commit counts as done", "once/commit_race", func(s *tweaked, inner acsauth.Store) {
			narrowed := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				err := narrowed(ctx, old, next, line)
				if isCommit(old, next) && errors.Is(err, acsauth.ErrConflict) {
					return nil
				}
				return err
			}
		}},
		{"a commit needs no intent", "once/fence", func(s *tweaked, inner acsauth.Store) {
			narrowed := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				err := narrowed(ctx, old, next, line)
				if isCommit(old, next) && errors.Is(err, acsauth.ErrConflict) {
					return inner.Insert(ctx, next)
				}
				return err
			}
		}},
		{"an intent that was taken over commits", "once/taken_over", func(s *tweaked, inner acsauth.Store) {
			narrowed := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if row, err := inner.Get(ctx, old.Key); err == nil && isCommit(old, next) && row.State == acsauth.Pending {
					old = row
					return inner.Replace(ctx, old, next, line)
				}
				return narrowed(ctx, old, next, line)
			}
		}},
	}
}

func writeMistakes() []onceMistake {
	return []onceMistake{
		{"takes all that a full store takes", "once/other_writes", func(s *tweaked, inner acsauth.Store) { *s = tweaked{Store: inner} }},
		{"removes Active rows", "once/other_writes", func(s *tweaked, inner acsauth.Store) { s.remove = inner.Remove }},
		{"refuses a write and does half of it", "once/other_writes", func(s *tweaked, inner acsauth.Store) {
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if m.State != acsauth.Pending {
					m.State, m.Identity = acsauth.Pending, ""
					return errors.Join(errors.New("refused"), inner.Insert(ctx, m))
				}
				return inner.Insert(ctx, m)
			}
		}},
		{"deletes any identity", "once/fence", func(s *tweaked, inner acsauth.Store) {
			narrowed := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if row, err := inner.Get(ctx, old.Key); err == nil && old.State == acsauth.Active && row.State == acsauth.Active {
					old = row
				}
				return narrowed(ctx, old, next, line)
			}
		}},
		{"loses a deletion when it closes", "once/resumed_deletion", func(s *tweaked, inner acsauth.Store) {
			var begun sync.Map
			narrowed := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if next.State == acsauth.Deleting {
					begun.Store(old, next)
				}
				return narrowed(ctx, old, next, line)
			}
			s.close = func() error {
				begun.Range(func(old, next any) bool {
					_ = inner.Replace(context.Background(), next.(acsauth.Mapping), old.(acsauth.Mapping), nil)
					return true
				})
				return inner.Close()
			}
		}},
	}
}

func readMistakes() []onceMistake {
	return []onceMistake{
		{"a seen row is not found", "once/seen_rows_stay", func(s *tweaked, inner acsauth.Store) {
			var mu sync.Mutex
			reads := 0
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				mu.Lock()
				defer mu.Unlock()
				if reads++; reads%40 == 0 {
					return acsauth.Mapping{}, acsauth.ErrNotFound
				}
				return inner.Get(ctx, key)
			}
		}},
		{"an older row comes back", "once/deleted_stays_deleted", func(s *tweaked, inner acsauth.Store) {
			var mu sync.Mutex
			var old acsauth.Mapping
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				row, err := inner.Get(ctx, key)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && row.State == acsauth.Active:
					old = row
				case errors.Is(err, acsauth.ErrNotFound) && old.Key == key:
					row, old = old, acsauth.Mapping{}
					return row, nil
				}
				return row, err
			}
		}},
		{"a cut commit is a conflict", "once/commit_cut_short", func(s *tweaked, inner acsauth.Store) {
			narrowed := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				err := narrowed(ctx, old, next, line)
				if ctx.Err() != nil && isCommit(old, next) {
					return acsauth.ErrConflict
				}
				return err
			}
		}},
		{"counts tell nothing of deletions", "once/counts", func(s *tweaked, inner acsauth.Store) {
			s.counts = func(ctx context.Context) (acsauth.Counts, error) {
				c, err := inner.Counts(ctx)
				c.Active, c.Deleting = acsauth.NotCounted, acsauth.NotCounted
				return c, err
			}
		}},
	}
}

// TestInsertOnceSeesMistakes runs the suite on stores that are wrong in one thing each.
func TestInsertOnceSeesMistakes(t *testing.T) {
	all := insertOnceChecks()
	for _, m := range slices.Concat(commitMistakes(), writeMistakes(), readMistakes()) {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			good := NewMemoryDatabase()
			i := slices.IndexFunc(all, func(c check) bool { return c.name == m.check })
			if i < 0 {
				t.Fatalf("there is no check %q", m.check)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // memory does not lag: nothing needs waiting for
			defer cancel()
			err := all[i].run(ctx, func(ctx context.Context) (acsauth.Store, error) {
				inner, err := good(ctx)
				if err != nil {
					return nil, err
				}
				s := narrow(inner)
				m.make(s, inner)
				return s, nil
			})
			if err == nil {
				t.Fatalf("the check %q finds nothing wrong", m.check)
			}
			t.Log(err)
		})
	}
}
