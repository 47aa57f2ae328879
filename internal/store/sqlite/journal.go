package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

const lineRows = `SELECT user, attempt, kind, identity, resource, answer, request_id, since
	FROM journal WHERE kind = ? ORDER BY since, rowid LIMIT ?`

func scanLine(scan func(...any) error) (l acsauth.JournalLine, err error) {
	var since int64
	err = scan(&l.User, &l.Attempt, &l.Kind, &l.Identity, &l.Resource, &l.Answer, &l.RequestID, &since)
	l.Since = time.UnixMilli(since).UTC()
	return l, err
}

// keptLine is the copy that is written: the caller may change its own at once.
func keptLine(line *acsauth.JournalLine) *acsauth.JournalLine {
	if line == nil {
		return nil
	}
	kept := *line
	kept.Answer = append([]byte{}, line.Answer[:min(len(line.Answer), acsauth.MaxJournalAnswer)]...) // never NULL
	return &kept
}

// line writes a journal line by the rules of PutLine.
func (s *statements) line(l acsauth.JournalLine) error {
	return execute(s.putLine, l.User, l.Attempt, l.Kind, l.Identity, l.Resource, l.Answer, l.RequestID, time.Now().UnixMilli())
}

// PutLine implements [acsauth.Store].
func (s *Store) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	if err := line.Check(); err != nil {
		return fmt.Errorf("sqlite: put line: %w", err)
	}
	kept := keptLine(&line)
	return s.writer.do(ctx, "put line", func(st *statements) error { return st.line(*kept) })
}

// DropLine implements [acsauth.Store].
func (s *Store) DropLine(ctx context.Context, user, attempt string) error {
	return s.writer.do(ctx, "drop line", func(st *statements) error { return execute(st.dropLine, user, attempt) })
}

// Lines implements [acsauth.Store].
func (s *Store) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	return list(ctx, s.readers, query{verb: "lines", sql: lineRows, limit: limit, args: []any{kind}}, scanLine)
}

// Lock implements [acsauth.Store].
func (s *Store) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	if err := acsauth.CheckLen("lock name", name, acsauth.MaxTextLen); err != nil {
		return false, fmt.Errorf("sqlite: lock: %w", err)
	}
	if err := acsauth.CheckLen("lock holder", holder, acsauth.MaxTextLen); err != nil {
		return false, fmt.Errorf("sqlite: lock: %w", err)
	}
	var has bool
	err := s.writer.do(ctx, "lock", func(st *statements) (err error) {
		has, err = changes(st.lock, name, holder, until(d), until(0))
		return err
	})
	if err != nil {
		return false, err
	}
	return has, nil
}
