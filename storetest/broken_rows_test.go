package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

// lax makes Replace and Remove take a fence that change has made fit the row.
func lax(change func(asks *acsauth.Mapping, row acsauth.Mapping)) func(s *tweaked) {
	return func(s *tweaked) {
		fit := func(ctx context.Context, asks acsauth.Mapping) acsauth.Mapping {
			if row, err := s.Store.Get(ctx, asks.Key); err == nil {
				change(&asks, row)
			}
			return asks
		}
		s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
			return s.Store.Replace(ctx, fit(ctx, old), next, line)
		}
		s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
			return s.Store.Remove(ctx, fit(ctx, old), line)
		}
	}
}

// onceFenced takes any fence that the key has had since it was inserted, as a
// store does that keeps the writes of a row for later and looks for the fence among them.
func onceFenced(s *tweaked) {
	var mu sync.Mutex
	had := map[acsauth.Mapping]bool{} // without leases
	s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
		mu.Lock()
		defer mu.Unlock()
		row, err := s.Store.Get(ctx, old.Key)
		if fence := fenceOf(old); err == nil && had[fence] {
			return s.Store.Replace(ctx, row, next, line)
		}
		err = s.Store.Replace(ctx, old, next, line)
		had[fenceOf(old)] = err == nil
		return err
	}
}

func fenceOf(m acsauth.Mapping) acsauth.Mapping {
	return acsauth.Mapping{Key: m.Key, State: m.State, Attempt: m.Attempt, Identity: m.Identity}
}

// versioned remembers, for each fence that it saw, how many writes the row had seen, and compares that number only.
func versioned(s *tweaked) {
	var mu sync.Mutex
	writes, at := map[acsauth.UserKey]int{}, map[acsauth.Mapping]int{}
	saw := func(m acsauth.Mapping) { writes[m.Key]++; at[fenceOf(m)] = writes[m.Key] }
	fit := func(ctx context.Context, old acsauth.Mapping) acsauth.Mapping {
		if row, err := s.Store.Get(ctx, old.Key); err == nil && at[fenceOf(old)] == writes[old.Key] {
			return row
		}
		return old
	}
	s.insert = func(ctx context.Context, m acsauth.Mapping) error {
		mu.Lock()
		defer mu.Unlock()
		err := s.Store.Insert(ctx, m)
		if err == nil {
			saw(m)
		}
		return err
	}
	s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
		mu.Lock()
		defer mu.Unlock()
		err := s.Store.Replace(ctx, fit(ctx, old), next, line)
		if err == nil {
			saw(next)
		}
		return err
	}
	s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
		mu.Lock()
		defer mu.Unlock()
		err := s.Store.Remove(ctx, fit(ctx, old), line)
		if err == nil {
			writes[old.Key] = 0 // the next row begins at 1
		}
		return err
	}
}

func fenceMistakes() []mistake {
	return []mistake{
		{"ignores the attempt", "fence/every_part", lax(func(asks *acsauth.Mapping, row acsauth.Mapping) { asks.Attempt = row.Attempt })},
		{"ignores the attempt, seen by aba", "fence/aba", lax(func(asks *acsauth.Mapping, row acsauth.Mapping) { asks.Attempt = row.Attempt })},
		{"takes a fence that the key once had", "fence/late_writers", onceFenced},
		{"compares a version that starts anew with the row", "fence/late_writers", versioned},
		{"ignores the identity", "fence/every_part", lax(func(asks *acsauth.Mapping, row acsauth.Mapping) { asks.Identity = row.Identity })},
		{"ignores the state", "fence/every_part", lax(func(asks *acsauth.Mapping, row acsauth.Mapping) { asks.State = row.State })},
		{"folds the case of attempts", "fence/every_part", lax(func(asks *acsauth.Mapping, row acsauth.Mapping) {
			if strings.EqualFold(asks.Attempt, row.Attempt) {
				asks.Attempt = row.Attempt
			}
		})},
		{"trims identities", "fence/every_part", lax(func(asks *acsauth.Mapping, _ acsauth.Mapping) {
			asks.Identity = acsauth.Identity(strings.TrimSpace(string(asks.Identity)))
		})},
		{"compares the generation too", "fence/only_the_fence", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if row, err := s.Store.Get(ctx, old.Key); err == nil && row.Generation != old.Generation {
					return acsauth.ErrConflict
				}
				return s.Store.Replace(ctx, old, next, line)
			}
		}},
		{"writes the line of a refused swap", "fence/every_part", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if line != nil {
					_ = s.Store.PutLine(ctx, *line)
				}
				return s.Store.Replace(ctx, old, next, nil)
			}
		}},
		{"forgets the line of a remove", "fence/row_and_line_together", func(s *tweaked) {
			s.remove = func(ctx context.Context, old acsauth.Mapping, _ *acsauth.JournalLine) error {
				return s.Store.Remove(ctx, old, nil)
			}
		}},
		{"says not found for an absent row", "fence/absent_row", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if _, err := s.Store.Get(ctx, old.Key); err != nil {
					return err
				}
				return s.Store.Replace(ctx, old, next, line)
			}
		}},
		{"takes the removal of nothing for done", "fence/absent_row", func(s *tweaked) {
			s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
				if _, err := s.Store.Get(ctx, old.Key); errors.Is(err, acsauth.ErrNotFound) {
					return nil
				}
				return s.Store.Remove(ctx, old, line)
			}
		}},
		{"replaces by inserting", "fence/absent_row", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				err := s.Store.Replace(ctx, old, next, line)
				if errors.Is(err, acsauth.ErrConflict) && s.Store.Insert(ctx, next) == nil {
					return nil
				}
				return err
			}
		}},
	}
}

// keyed changes every key on its way to the store, and back again to what was asked.
func keyed(change func(string) string) func(s *tweaked) {
	return func(s *tweaked) {
		fit := func(m acsauth.Mapping) acsauth.Mapping { m.Key.Subject = change(m.Key.Subject); return m }
		s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
			row, err := s.Store.Get(ctx, fit(acsauth.Mapping{Key: key}).Key)
			if err == nil {
				row.Key = key
			}
			return row, err
		}
		s.insert = func(ctx context.Context, m acsauth.Mapping) error { return s.Store.Insert(ctx, fit(m)) }
		s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
			return s.Store.Remove(ctx, fit(old), line)
		}
	}
}

// stored changes every row on its way into the store.
func stored(change func(m *acsauth.Mapping)) func(s *tweaked) {
	return func(s *tweaked) {
		s.insert = func(ctx context.Context, m acsauth.Mapping) error { change(&m); return s.Store.Insert(ctx, m) }
		s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
			change(&next)
			return s.Store.Replace(ctx, old, next, line)
		}
	}
}

func rowMistakes() []mistake {
	return []mistake{
		{"absent without the sentinel", "rows/absent", func(s *tweaked) {
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				row, err := s.Store.Get(ctx, key)
				if errors.Is(err, acsauth.ErrNotFound) {
					return row, errors.New("no rows")
				}
				return row, err
			}
		}},
		{"insert takes the place of a row", "rows/insert", func(s *tweaked) {
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if row, err := s.Store.Get(ctx, m.Key); err == nil {
					return s.Store.Replace(ctx, row, m, nil)
				}
				return s.Store.Insert(ctx, m)
			}
		}},
		{"insert of the same row counts as done", "rows/insert", func(s *tweaked) {
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if row, err := s.Store.Get(ctx, m.Key); err == nil && row.Fenced(m) {
					return nil
				}
				return s.Store.Insert(ctx, m)
			}
		}},
		{"folds the case of keys", "rows/keys_are_bytes", keyed(strings.ToLower)},
		{"trims keys", "rows/keys_are_bytes", keyed(strings.TrimSpace)},
		{"cuts long keys", "rows/keys_are_bytes", keyed(func(s string) string { return s[:min(len(s), 255)] })},
		{"loses the resource", "rows/round_trip", stored(func(m *acsauth.Mapping) { m.Resource = sampleResource })},
		{"loses the generation", "rows/round_trip", stored(func(m *acsauth.Mapping) { m.Generation = min(m.Generation, 1<<31) })},
		{"cannot remove", "rows/life", func(s *tweaked) {
			s.remove = func(context.Context, acsauth.Mapping, *acsauth.JournalLine) error { return nil }
		}},
		{"moves rows between keys", "rows/other_key", func(s *tweaked) {
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				return errors.Join(s.Store.Remove(ctx, old, line), s.Store.Insert(ctx, next))
			}
		}},
		{"keeps a line when there are many of another kind", "walks/like_the_reference", func(s *tweaked) {
			s.dropLine = func(ctx context.Context, user, attempt string) error {
				lines, err := s.Store.Lines(ctx, acsauth.Left, 1000)
				if err == nil && len(lines) > 3 { // what no check of one promise has
					return nil
				}
				return errors.Join(err, s.Store.DropLine(ctx, user, attempt))
			}
		}},
		{"counts at one time and not at another", "rows/counts", func(s *tweaked) {
			s.counts = func(ctx context.Context) (acsauth.Counts, error) {
				c, err := s.Store.Counts(ctx)
				if c.Pending > 0 {
					c.Active = acsauth.NotCounted
				}
				return c, err
			}
		}},
		{"does not count what it must", "rows/counts", func(s *tweaked) {
			s.counts = func(ctx context.Context) (acsauth.Counts, error) {
				c, err := s.Store.Counts(ctx)
				c.Deleting = acsauth.NotCounted
				return c, err
			}
		}},
		{"counts deleting as active", "rows/counts", func(s *tweaked) {
			s.counts = func(ctx context.Context) (acsauth.Counts, error) {
				c, err := s.Store.Counts(ctx)
				c.Active, c.Deleting = c.Active+c.Deleting, 0
				return c, err
			}
		}},
	}
}

func handleMistakes() []mistake {
	return []mistake{
		{"writes on ping", "handles/ping", func(s *tweaked) {
			s.ping = func(ctx context.Context) error {
				_ = s.Store.Insert(ctx, pendingRow("ping", "ping"))
				return s.Store.Ping(ctx)
			}
		}},
		{"works on after close", "handles/closed", func(s *tweaked) { s.close = func() error { return nil } }},
		{"says not found after close", "handles/closed", func(s *tweaked) {
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				if s.Store.Ping(ctx) != nil {
					return acsauth.Mapping{}, acsauth.ErrNotFound
				}
				return s.Store.Get(ctx, key)
			}
		}},
		{"close ends the other handle", "handles/close_one", func(s *tweaked) {
			row := pendingRow("closed", "closed")
			s.close = func() error { return errors.Join(s.Store.Insert(context.Background(), row), s.Store.Close()) }
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				if _, err := s.Store.Get(ctx, row.Key); err == nil {
					return acsauth.Mapping{}, errClosed
				}
				return s.Store.Get(ctx, key)
			}
		}},
		{"acknowledges what it has not stored", "handles/close_in_flight", func(s *tweaked) {
			n := make(chan struct{}, 32) // fewer than the check waits for
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				select {
				case n <- struct{}{}:
					return s.Store.Insert(ctx, m)
				default:
					return s.Store.Ping(ctx)
				}
			}
		}},
		{"lease does not run down", "leases/run_down", func(s *tweaked) {
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				row, err := s.Store.Get(ctx, key)
				row.Lease = row.Lease.Round(time.Minute)
				return row, err
			}
		}},
	}
}
