package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/acs-solutions/acsauth"
)

// put changes how lines are written, by every verb that writes one.
func put(do func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error) func(s *tweaked) {
	return func(s *tweaked) {
		s.putLine = func(ctx context.Context, line acsauth.JournalLine) error { return do(ctx, s.Store, line) }
		s.replace = func(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
			err := s.Store.Replace(ctx, old, next, nil)
			if err == nil && line != nil {
				err = do(ctx, s.Store, *line)
			}
			return err
		}
	}
}

// listed changes what Lines returns.
func listed(change func(lines []acsauth.JournalLine) []acsauth.JournalLine) func(s *tweaked) {
	return func(s *tweaked) {
		s.lines = func(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
			lines, err := s.Store.Lines(ctx, kind, limit)
			return change(lines), err
		}
	}
}

func lineMistakes() []mistake {
	return []mistake{
		{"orphan gives way to suspect", "lines/orphan_stays", put(func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error {
			_ = s.DropLine(ctx, line.User, line.Attempt)
			return s.PutLine(ctx, line)
		})},
		{"since starts anew", "lines/since_stays", put(func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error {
			_ = s.DropLine(ctx, line.User, line.Attempt)
			return s.PutLine(ctx, line)
		})},
		{"first line wins", "lines/replaced", put(func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error {
			for _, kind := range []acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan} {
				if lines, err := s.Lines(ctx, kind, 1000); err != nil || find(lines, line) != nil {
					return err
				}
			}
			return s.PutLine(ctx, line)
		})},
		{"answer is text", "lines/answer", put(func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error {
			line.Answer = bytes.ToValidUTF8(line.Answer, []byte("?"))
			return s.PutLine(ctx, line)
		})},
		{"answer is cut at 1 KiB", "lines/answer", put(func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error {
			line.Answer = line.Answer[:min(len(line.Answer), 1024)]
			return s.PutLine(ctx, line)
		})},
		{"request id is lost", "lines/round_trip", listed(func(lines []acsauth.JournalLine) []acsauth.JournalLine {
			for i := range lines {
				lines[i].RequestID = ""
			}
			return lines
		})},
		{"newest first", "lines/order", listed(func(lines []acsauth.JournalLine) []acsauth.JournalLine {
			slices.Reverse(lines)
			return lines
		})},
		{"no limit", "lines/limit", func(s *tweaked) {
			s.lines = func(ctx context.Context, kind acsauth.JournalKind, _ int) ([]acsauth.JournalLine, error) {
				return s.Store.Lines(ctx, kind, 1000)
			}
		}},
		{"both kinds in one list", "lines/round_trip", func(s *tweaked) {
			s.lines = func(ctx context.Context, _ acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
				one, err := s.Store.Lines(ctx, acsauth.Suspect, limit)
				two, _ := s.Store.Lines(ctx, acsauth.Orphan, limit)
				return append(one, two...), err
			}
		}},
		{"drops the lines of all users", "lines/drop", func(s *tweaked) {
			s.dropLine = func(ctx context.Context, _, attempt string) error {
				lines, err := s.Store.Lines(ctx, acsauth.Suspect, 1000)
				for _, line := range lines {
					if line.Attempt == attempt {
						_ = s.Store.DropLine(ctx, line.User, attempt)
					}
				}
				return err
			}
		}},
		{"a second drop fails", "lines/drop", func(s *tweaked) {
			s.dropLine = func(ctx context.Context, user, attempt string) error {
				lines, _ := s.Store.Lines(ctx, acsauth.Suspect, 1000)
				if find(lines, acsauth.JournalLine{User: user, Attempt: attempt}) == nil {
					return acsauth.ErrNotFound
				}
				return s.Store.DropLine(ctx, user, attempt)
			}
		}},
	}
}

func leftMistakes() []mistake {
	return []mistake{
		{"left gives way to suspect", "lines/left", put(func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error {
			if lines, err := s.Lines(ctx, acsauth.Left, 1000); err != nil || line.Kind == acsauth.Suspect && find(lines, line) != nil {
				return errors.Join(err, s.DropLine(ctx, line.User, line.Attempt), s.PutLine(ctx, line))
			}
			return s.PutLine(ctx, line)
		})},
		{"left is stored as an orphan", "lines/left", put(func(ctx context.Context, s acsauth.Store, line acsauth.JournalLine) error {
			if line.Kind == acsauth.Left {
				line.Kind = acsauth.Orphan
			}
			return s.PutLine(ctx, line)
		})},
		{"left is not counted", "lines/left", func(s *tweaked) {
			s.counts = func(ctx context.Context) (acsauth.Counts, error) {
				c, err := s.Store.Counts(ctx)
				c.Left = 0
				return c, err
			}
		}},
	}
}
