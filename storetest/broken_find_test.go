package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// asked changes what Find is asked, and fit what it finds, as a store does that compares in another way.
func asked(same func(held, asked acsauth.Identity) bool) func(s *tweaked) {
	return func(s *tweaked) {
		s.find = func(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
			all, err := everything(ctx, s.Store, func(a, b acsauth.Mapping) int { return strings.Compare(a.Key.Hash(), b.Key.Hash()) })
			for _, row := range all {
				if same(row.Identity, id) {
					return row, err
				}
			}
			return acsauth.Mapping{}, errors.Join(err, acsauth.ErrNotFound)
		}
	}
}

// indexed keeps who had an identity last, and never looks whether it still has.
func indexed(s *tweaked) {
	var mu sync.Mutex
	index := map[acsauth.Identity]acsauth.UserKey{}
	put := func(m acsauth.Mapping) {
		mu.Lock()
		defer mu.Unlock()
		index[m.Identity] = m.Key
	}
	s.insert = func(ctx context.Context, m acsauth.Mapping) error { put(m); return s.Store.Insert(ctx, m) }
	s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
		put(next)
		return s.Store.Replace(ctx, old, next, line)
	}
	s.find = func(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
		mu.Lock()
		key, ok := index[id]
		mu.Unlock()
		if !ok || id == "" {
			return acsauth.Mapping{}, acsauth.ErrNotFound
		}
		return s.Store.Get(ctx, key)
	}
}

// found changes what Find returns.
func found(change func(row acsauth.Mapping, err error) (acsauth.Mapping, error)) func(s *tweaked) {
	return func(s *tweaked) {
		s.find = func(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
			return change(findBy(ctx, s.Store, id))
		}
	}
}

func findMistakes() []mistake {
	return []mistake{
		{"does not find deleting rows", "find/life", found(func(row acsauth.Mapping, err error) (acsauth.Mapping, error) {
			if row.State == acsauth.Deleting {
				return acsauth.Mapping{}, acsauth.ErrNotFound
			}
			return row, err
		})},
		{"finds pending rows", "find/life", asked(func(held, asked acsauth.Identity) bool { return held == asked })},
		{"finds without the resource", "find/life", found(func(row acsauth.Mapping, err error) (acsauth.Mapping, error) {
			row.Resource = ""
			return row, err
		})},
		{"not found without the sentinel", "find/life", found(func(row acsauth.Mapping, err error) (acsauth.Mapping, error) {
			if errors.Is(err, acsauth.ErrNotFound) {
				err = errors.New("no rows")
			}
			return row, err
		})},
		{"does not look whether the index still holds", "find/life", indexed},
		{"an identity that was replaced is found", "find/other_row", indexed},
		{"folds the case of identities", "find/odd_identities", asked(func(held, asked acsauth.Identity) bool {
			return strings.EqualFold(string(held), string(asked))
		})},
		{"trims what it is asked for", "find/odd_identities", asked(func(held, asked acsauth.Identity) bool {
			return held == acsauth.Identity(strings.TrimSpace(string(asked))) && asked != ""
		})},
		{"finds by a prefix", "find/odd_identities", asked(func(held, asked acsauth.Identity) bool {
			return strings.HasPrefix(string(held), string(asked)) && asked != ""
		})},
		{"takes an underscore for any character", "find/odd_identities", asked(func(held, asked acsauth.Identity) bool {
			if len(held) != len(asked) || asked == "" {
				return false
			}
			for i := range len(held) {
				if held[i] != asked[i] && asked[i] != '_' {
					return false
				}
			}
			return true
		})},
		{"cuts long identities", "find/odd_identities", asked(func(held, asked acsauth.Identity) bool {
			return asked != "" && held[:min(len(held), 200)] == asked[:min(len(asked), 200)]
		})},
		{"finds orphans", "find/rows_only", func(s *tweaked) {
			s.find = func(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
				lines, _ := s.Store.Lines(ctx, acsauth.Orphan, 1000)
				for _, line := range lines {
					if line.Identity == id {
						return acsauth.Mapping{State: acsauth.Active, Attempt: line.Attempt, Identity: id, Resource: line.Resource}, nil
					}
				}
				return findBy(ctx, s.Store, id)
			}
		}},
		{"reads index and row apart", "find/while_it_changes", func(s *tweaked) {
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				time.Sleep(200 * time.Microsecond) // as long as a write takes
				return s.Store.Insert(ctx, m)
			}
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				time.Sleep(200 * time.Microsecond)
				return s.Store.Replace(ctx, old, next, line)
			}
			s.find = func(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
				row, err := findBy(ctx, s.Store, id)
				if err != nil {
					return row, err
				}
				time.Sleep(rand.N(2 * time.Millisecond)) // the row goes on to its next state
				return s.Store.Get(ctx, row.Key)
			}
		}},
	}
}

// TestMistakesOfFindHandles: an index that only the handle that wrote it knows.
func TestMistakesOfFindHandles(t *testing.T) {
	good := NewMemoryDatabase()
	wantCaught(t, checks(), "find/other_handle", func(ctx context.Context) (acsauth.Store, error) {
		store, err := good(ctx)
		s := &tweaked{Store: store}
		indexed(s)
		return s, err
	})
}
