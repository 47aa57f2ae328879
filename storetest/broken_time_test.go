package storetest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
)

func leaseMistakes() []mistake {
	return []mistake{
		{"lease is never over", "leases/end", func(s *tweaked) {
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				row, err := s.Store.Get(ctx, key)
				row.Lease = max(row.Lease, 1)
				if row.Lease == 1 {
					return row, errors.Join(err, errors.New("the lease is over")) // so that the check need not wait
				}
				return row, err
			}
		}},
		{"replace keeps the old lease", "leases/run_down", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				row, _ := s.Store.Get(ctx, old.Key)
				next.Lease = row.Lease
				return s.Store.Replace(ctx, old, next, line)
			}
		}},
		{"unfinished lists the living", "unfinished/over_for", func(s *tweaked) {
			s.unfinished = func(ctx context.Context, state acsauth.State, _ time.Duration, limit int) ([]acsauth.Mapping, error) {
				return s.Store.Unfinished(ctx, state, 0, limit)
			}
		}},
		{"unfinished looks at leases ahead", "unfinished/which", func(s *tweaked) {
			s.unfinished = func(ctx context.Context, state acsauth.State, _ time.Duration, limit int) ([]acsauth.Mapping, error) {
				return s.Store.Unfinished(ctx, state, -2*time.Hour, limit)
			}
		}},
		{"unfinished lists both states", "unfinished/which", func(s *tweaked) {
			s.unfinished = func(ctx context.Context, _ acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
				one, err := s.Store.Unfinished(ctx, acsauth.Pending, over, limit)
				two, _ := s.Store.Unfinished(ctx, acsauth.Deleting, over, limit)
				return append(one, two...), err
			}
		}},
		{"unfinished lists the shortest first", "unfinished/order_and_limit", func(s *tweaked) {
			s.unfinished = func(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
				rows, err := s.Store.Unfinished(ctx, state, over, limit)
				slices.Reverse(rows)
				return rows, err
			}
		}},
		{"everybody gets the lock", "locks/one_holder", func(s *tweaked) {
			s.lock = func(context.Context, string, string, time.Duration) (bool, error) { return true, nil }
		}},
		{"a lock cannot be renewed", "locks/one_holder", func(s *tweaked) {
			held := map[string]bool{}
			s.lock = func(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
				has, err := s.Store.Lock(ctx, name, holder, d)
				has = has && !held[name]
				held[name] = held[name] || has
				return has, err
			}
		}},
		{"renewal does not prolong", "locks/expiry", func(s *tweaked) {
			s.lock = func(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
				return s.Store.Lock(ctx, name, holder, min(d, time.Millisecond))
			}
		}},
		{"one lock for all names", "locks/one_holder", func(s *tweaked) {
			s.lock = func(ctx context.Context, _, holder string, d time.Duration) (bool, error) {
				return s.Store.Lock(ctx, "all", holder, d)
			}
		}},
		{"two take the lock at once", "locks/contention", func(s *tweaked) {
			s.lock = func(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
				return s.Store.Lock(ctx, name+holder, holder, d)
			}
		}},
	}
}

// dawdle lets all the others go first.
func dawdle() {
	for range 300 {
		runtime.Gosched()
	}
}

func raceMistakes() []mistake {
	return []mistake{
		{"looks, then inserts", "races/insert", func(s *tweaked) {
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if _, err := s.Store.Get(ctx, m.Key); err == nil {
					return acsauth.ErrConflict
				}
				dawdle()
				for {
					err := s.Store.Insert(ctx, m)
					if row, e := s.Store.Get(ctx, m.Key); err == nil || e == nil && s.Store.Replace(ctx, row, m, nil) == nil {
						return nil
					}
				}
			}
		}},
		{"looks, then replaces", "races/replace", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if row, err := s.Store.Get(ctx, old.Key); err != nil || !row.Fenced(old) {
					return acsauth.ErrConflict
				}
				dawdle()
				for {
					if row, err := s.Store.Get(ctx, old.Key); err != nil || s.Store.Replace(ctx, row, next, line) == nil {
						return err
					}
				}
			}
		}},
		{"looks, then removes", "races/remove", func(s *tweaked) {
			s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
				if row, err := s.Store.Get(ctx, old.Key); err != nil || !row.Fenced(old) {
					return acsauth.ErrConflict
				}
				dawdle()
				_ = s.Store.Remove(ctx, old, line)
				return nil
			}
		}},
		{"gives up under load", "races/many_keys", func(s *tweaked) {
			busy := make(chan struct{}, 1)
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				select {
				case busy <- struct{}{}:
					dawdle()
					defer func() { <-busy }()
					return s.Store.Replace(ctx, old, next, line)
				default:
					return errors.New("database is locked")
				}
			}
		}},
	}
}

func contextMistakes() []mistake {
	return []mistake{
		{"ignores the context", "contexts/ended_before", func(s *tweaked) {
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				return s.Store.Get(context.WithoutCancel(ctx), key)
			}
		}},
		{"turns unknown into a sentinel", "contexts/ended_before_a_write", func(s *tweaked) {
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if s.Store.Insert(ctx, m) != nil {
					return acsauth.ErrConflict
				}
				return nil
			}
		}},
		{"writes row and line apart", "contexts/ended_in_mid_write", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if err := s.Store.Replace(ctx, old, next, nil); err != nil || line == nil {
					return err
				}
				dawdle()
				return s.Store.PutLine(ctx, *line)
			}
		}},
		{"writes the line first", "contexts/ended_in_mid_write", func(s *tweaked) {
			s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
				if line != nil {
					if err := s.Store.PutLine(ctx, *line); err != nil {
						return err
					}
				}
				dawdle()
				return s.Store.Remove(ctx, old, nil)
			}
		}},
		{"takes cancelled for done", "contexts/ended_in_mid_write", func(s *tweaked) {
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if err := s.Store.Insert(ctx, m); !errors.Is(err, context.Canceled) {
					return err
				}
				return nil
			}
		}},
	}
}
