package cosmos

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// keptLine is the copy that is written: the caller may change its own at once.
func keptLine(l *acsauth.JournalLine) *acsauth.JournalLine {
	if l == nil {
		return nil
	}
	kept := *l
	kept.Answer = bytes.Clone(l.Answer[:min(len(l.Answer), acsauth.MaxJournalAnswer)])
	return &kept
}

// nextLine is what stands in the journal after l was put where was stands: a
// Suspect takes the place of no other kind, and Since stays. What stays is
// written again, so that the write fails if it goes meanwhile.
func nextLine(was *item, l acsauth.JournalLine) item {
	next := lineItem(l)
	if was == nil {
		return next
	}
	if was.Kind != string(acsauth.Suspect) && l.Kind == acsauth.Suspect {
		next = *was
	}
	next.Since = was.since()
	return next
}

// lineOf reads one line, nil if there is none.
func (s *Store) lineOf(ctx context.Context, user, attempt string) (*item, error) {
	i, _, err := s.get(ctx, user, lineID(attempt))
	if absent(err) {
		return nil, nil
	}
	if err == nil {
		_, err = i.line()
	}
	return i, err
}

// PutLine implements [acsauth.Store].
func (s *Store) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	if err := checkLine(&line); err != nil {
		return fmt.Errorf("cosmos: put line: %w", err)
	}
	kept := keptLine(&line)
	return s.write(ctx, "put line", func(ctx context.Context) error { return s.putLine(ctx, *kept) })
}

func (s *Store) putLine(ctx context.Context, l acsauth.JournalLine) error {
	var was *item
	for try := range maxTries {
		next := nextLine(was, l)
		var err error
		if was == nil {
			_, err = s.create(ctx, next)
		} else {
			_, err = s.replace(ctx, next, was.ETag)
		}
		if err == nil || !refused(err) {
			return err
		}
		if was, err = s.lineOf(ctx, l.User, l.Attempt); err != nil {
			return notDone{err}
		}
		if !pause(ctx, try, 0) {
			break
		}
	}
	return errBusy
}

// DropLine implements [acsauth.Store].
func (s *Store) DropLine(ctx context.Context, user, attempt string) error {
	return s.write(ctx, "drop line", func(ctx context.Context) error {
		if !isHash(user) || len(attempt) > acsauth.MaxAttemptLen {
			return nil // there cannot be such a line
		}
		var err error
		for try := range maxTries {
			if err = s.drop(ctx, user, lineID(attempt), ""); !isFault(err, statusRetryWith) || !pause(ctx, try, 0) {
				break
			}
		}
		if absent(err) {
			return nil
		}
		return err
	})
}

// Lines implements [acsauth.Store]. It reads all lines of the kind to find the oldest.
func (s *Store) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	if err := acsauth.CheckLimit(limit); err != nil {
		return nil, fmt.Errorf("cosmos: lines: %w", err)
	}
	if kind != acsauth.Suspect && kind != acsauth.Orphan && kind != acsauth.Left {
		return nil, fmt.Errorf("cosmos: lines: there is no kind of line %q", kind)
	}
	first := firsts[acsauth.JournalLine]{limit: limit, compare: func(a, b acsauth.JournalLine) int {
		if d := a.Since.Compare(b.Since); d != 0 {
			return d
		}
		return strings.Compare(a.User+a.Attempt, b.User+b.Attempt)
	}}
	q := query{text: "SELECT * FROM c WHERE c.kind = @kind", parameters: map[string]any{"@kind": string(kind)}}
	err := s.do(ctx, "lines", func(ctx context.Context) error {
		return s.each(ctx, q, func(i *item, _ time.Time) error {
			l, err := i.line()
			first.add(l)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return first.done(), nil
}

// each calls visit for every item that a query finds, and fails if there are too many.
func (s *Store) each(ctx context.Context, q query, visit func(i *item, now time.Time) error) error {
	q.page = fullPage
	all, err := s.run(ctx, q, func(page [][]byte, now time.Time, _ string) (bool, error) {
		for _, text := range page {
			i, err := decode(text)
			if err == nil {
				err = visit(i, now)
			}
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
	if err == nil && !all {
		err = fmt.Errorf("there are more than %d pages", maxPages)
	}
	return err
}

// firsts keeps the first so many of a sequence that comes in no order.
type firsts[T any] struct {
	limit   int
	compare func(a, b T) int
	kept    []T
}

func (f *firsts[T]) add(v T) {
	if f.kept = append(f.kept, v); len(f.kept) >= 4*f.limit+1000 {
		f.kept = f.done()
	}
}

func (f *firsts[T]) done() []T {
	slices.SortFunc(f.kept, f.compare)
	return slices.Clip(f.kept[:min(len(f.kept), f.limit)])
}
