package tables

import (
	"context"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

// keptLine is the copy that is written: the caller may change its own at once.
func keptLine(l *acsauth.JournalLine) *acsauth.JournalLine {
	if l == nil {
		return nil
	}
	kept := *l
	kept.Answer = append([]byte{}, l.Answer[:min(len(l.Answer), acsauth.MaxJournalAnswer)]...)
	return &kept
}

// nextLine is what stands in the journal after l was put where was stands: a
// Suspect takes the place of no other kind, and Since stays.
func nextLine(was *line, l acsauth.JournalLine) *line {
	next := &line{JournalLine: l}
	if was == nil {
		return next
	}
	if was.Kind != acsauth.Suspect && l.Kind == acsauth.Suspect {
		next.JournalLine = was.JournalLine
	}
	next.Since, next.known = was.Since, true
	return next
}

// lineOf reads one line, nil if there is none.
func (s *Store) lineOf(ctx context.Context, user, attempt string) (*line, error) {
	e, err := s.get(ctx, user, lineRow(attempt))
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := decodeLine(e.EDMEntity)
	if err != nil {
		return nil, err
	}
	l.etag = e.etag
	return l, nil
}

// PutLine implements [acsauth.Store].
func (s *Store) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	if err := checkLine(&line); err != nil {
		return fmt.Errorf("tables: put line: %w", err)
	}
	kept := keptLine(&line)
	return s.write(ctx, "put line", func(ctx context.Context) error { return s.putLine(ctx, *kept) })
}

func (s *Store) putLine(ctx context.Context, l acsauth.JournalLine) error {
	start, home := time.Now(), homeOf(l.Kind)
	var was *line
	touched := touches{}
	first, before := errgroup.WithContext(ctx)
	first.Go(func() (err error) { touched[home], err = s.touch(before, home, l.User, "", aLine); return err })
	first.Go(func() (err error) { was, err = s.lineOf(before, l.User, l.Attempt); return err })
	err := first.Wait()
	defer s.touchLate(home, l.User, start)
	for range maxTries {
		if err != nil {
			return err
		}
		if was != nil && !touched.has(homeOf(was.Kind)) { // what is remembered of the line as it was becomes void
			if touched[homeOf(was.Kind)], err = s.touch(ctx, homeOf(was.Kind), l.User, "", anything); err != nil {
				return err
			}
		}
		next := nextLine(was, l)
		if was == nil {
			next.open = touched[home]
		}
		if err = s.writeLine(ctx, was, next); err == nil || !refused(err) {
			return err
		}
		was, err = s.lineOf(ctx, l.User, l.Attempt)
	}
	return errBusy
}

// writeLine writes next where was is.
func (s *Store) writeLine(ctx context.Context, was, next *line) error {
	content, err := next.encode()
	if err != nil {
		return err
	}
	if was == nil {
		_, err = s.add(ctx, content)
	} else {
		_, err = s.swap(ctx, content, was.etag)
	}
	return err
}

// DropLine implements [acsauth.Store].
func (s *Store) DropLine(ctx context.Context, user, attempt string) error {
	if !isHash(user) || len(attempt) > acsauth.MaxAttemptLen {
		return s.write(ctx, "drop line", func(context.Context) error { return nil }) // there cannot be such a line
	}
	return s.write(ctx, "drop line", func(ctx context.Context) error { return s.dropLine(ctx, user, attempt) })
}

// dropLine touches the index before: what is remembered of the partition becomes void.
func (s *Store) dropLine(ctx context.Context, user, attempt string) error {
	for range maxTries {
		was, err := s.lineOf(ctx, user, attempt)
		if err != nil || was == nil {
			return err
		}
		alone, err := s.touch(ctx, homeOf(was.Kind), user, was.open, aLine)
		if err != nil {
			return err
		}
		err = s.drop(ctx, user, lineRow(attempt), was.etag)
		if err == nil {
			s.forget(homeOf(was.Kind), user, alone)
			return nil
		}
		if absent(err) {
			return nil
		}
		if !changed(err) {
			return err
		}
	}
	return errBusy
}
