package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

// lossMistakes store less, or more, than they say.
func lossMistakes() []outageMistake {
	return []outageMistake{
		{"acknowledges before it is stored", "a Remove was acknowledged and is undone", func(g *gate, s *tweaked, inner acsauth.Store) {
			s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
				if err := g.pass(ctx); err != nil {
					return err
				}
				g.late.Go(func() {
					time.Sleep(2 * time.Millisecond)
					if shut, _ := g.state(); !shut { // else it dies with the process
						_ = inner.Remove(context.WithoutCancel(ctx), old, line)
					}
				})
				return nil
			}
		}},
		{"acknowledges a replacement that it keeps for later", "a Replace was acknowledged and is lost|got the sentinel", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if err := through(ctx, old, next, line); !errors.Is(err, errAway) || next.State != acsauth.Active {
					return err
				}
				return nil
			}
		}},
		{"acknowledges a row that it keeps for later", "an Insert was acknowledged and is lost|got the sentinel", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.insert
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if err := through(ctx, m); !errors.Is(err, errAway) {
					return err
				}
				return nil
			}
		}},
	}
}

// halfMistakes write in two steps.
func halfMistakes() []outageMistake {
	return []outageMistake{
		{"writes row and line apart", "its line is missing", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if err := through(ctx, old, next, nil); err != nil || line == nil {
					return err
				}
				return s.PutLine(ctx, *line)
			}
		}},
		{"removes the row before it writes the line", "a row was removed, and its line is missing", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.remove
			s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
				if err := through(ctx, old, nil); err != nil || line == nil {
					return err
				}
				return s.PutLine(ctx, *line)
			}
		}},
		{"writes the line before it removes the row", "its row was not removed", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.remove
			s.remove = func(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
				if line != nil {
					if err := s.PutLine(ctx, *line); err != nil {
						return err
					}
				}
				return through(ctx, old, nil)
			}
		}},
		{"writes the line first", "its row was not replaced", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				if line != nil {
					if err := s.PutLine(ctx, *line); err != nil {
						return err
					}
				}
				return through(ctx, old, next, nil)
			}
		}},
		{"writes a row by halves", "neither what was inserted nor what replaced it", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.replace
			s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
				half := next
				half.Resource = "" // comes with the second half
				if err := through(ctx, old, half, line); err != nil {
					return err
				}
				return through(ctx, half, next, nil)
			}
		}},
	}
}

// answerMistakes say what they do not know, or nothing at all.
func answerMistakes() []outageMistake {
	return []outageMistake{
		{"repeats an insert with an unknown outcome", "got the sentinel", func(g *gate, s *tweaked, _ acsauth.Store) {
			through := s.insert
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				err := through(ctx, m)
				for errors.Is(err, errAway) {
					if _, open := g.state(); ctx.Err() == nil {
						select {
						case <-open:
						case <-ctx.Done():
							return err
						}
					}
					err = through(ctx, m)
				}
				return err
			}
		}},
		{"finds nothing when it cannot read", "got the sentinel", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.get
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				row, err := through(ctx, key)
				if errors.Is(err, errAway) {
					return row, acsauth.ErrNotFound
				}
				return row, err
			}
		}},
		{"answers what it cannot read", "Get while the database is away", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.get
			s.get = func(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
				row, err := through(ctx, key)
				if errors.Is(err, errAway) {
					return acsauth.Mapping{}, nil
				}
				return row, err
			}
		}},
		{"is well while the database is away", "Ping says", func(_ *gate, s *tweaked, _ acsauth.Store) {
			s.ping = func(context.Context) error { return nil }
		}},
		{"does not look at its context", "has not returned", func(g *gate, s *tweaked, _ acsauth.Store) {
			s.lines = func(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
				if shut, open := g.state(); shut {
					<-open
				}
				return s.Store.Lines(ctx, kind, limit)
			}
		}},
		{"gives its connections up for good", "Ping after the database is back", func(g *gate, s *tweaked, _ acsauth.Store) {
			var broken atomic.Bool
			s.ping = func(ctx context.Context) error {
				if shut, _ := g.state(); shut {
					broken.Store(true)
				}
				if broken.Load() {
					return errAway
				}
				return s.Store.Ping(ctx)
			}
		}},
		{"writes no more", "writes after the database is back", func(_ *gate, s *tweaked, _ acsauth.Store) {
			through := s.insert
			var broken atomic.Bool
			s.insert = func(ctx context.Context, m acsauth.Mapping) error {
				if broken.Load() {
					return errAway
				}
				err := through(ctx, m)
				if err != nil {
					broken.Store(true)
				}
				return err
			}
		}},
	}
}
