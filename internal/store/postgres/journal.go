package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

const (
	insertLine = "INSERT INTO acsauth.journal AS kept (user_hash, attempt, kind, identity, resource, answer, request_id, since)"
	mergeLine  = `ON CONFLICT (user_hash, attempt) DO UPDATE SET kind = excluded.kind, identity = excluded.identity,
		resource = excluded.resource, answer = excluded.answer, request_id = excluded.request_id
		WHERE NOT (kept.kind <> 'suspect' AND excluded.kind = 'suspect')`

	putLine  = insertLine + " VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp()) " + mergeLine
	dropLine = "DELETE FROM acsauth.journal WHERE user_hash = $1 AND attempt = $2"
	lineRows = `SELECT user_hash, attempt, kind, identity, resource, answer, request_id, since
		FROM acsauth.journal WHERE kind = $1 ORDER BY since LIMIT $2`

	takeLock = `INSERT INTO acsauth.named_lock AS kept (name, holder, held_until)
		VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 microsecond')
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = clock_timestamp() + $3::bigint * interval '1 microsecond'
		WHERE kept.holder = excluded.holder OR kept.held_until <= clock_timestamp()`
)

// lineArgs are the values of a line but for since.
func lineArgs(l acsauth.JournalLine) []any {
	answer := append([]byte{}, l.Answer[:min(len(l.Answer), acsauth.MaxJournalAnswer)]...) // never NULL
	return []any{[]byte(l.User), []byte(l.Attempt), string(l.Kind), []byte(l.Identity), []byte(l.Resource), answer, []byte(l.RequestID)}
}

func scanLine(scan func(...any) error) (l acsauth.JournalLine, err error) {
	var user, attempt, identity, resource, request []byte
	var kind string
	err = scan(&user, &attempt, &kind, &identity, &resource, &l.Answer, &request, &l.Since)
	l.User, l.Attempt, l.Kind, l.Identity = string(user), string(attempt), acsauth.JournalKind(kind), acsauth.Identity(identity)
	l.Resource, l.RequestID, l.Since = string(resource), string(request), l.Since.UTC()
	return l, err
}

// PutLine implements [acsauth.Store].
func (s *Store) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	if err := line.Check(); err != nil {
		return fmt.Errorf("postgres: put line: %w", err)
	}
	_, err := s.changes(ctx, "put line", putLine, lineArgs(line)...)
	return err
}

// DropLine implements [acsauth.Store].
func (s *Store) DropLine(ctx context.Context, user, attempt string) error {
	_, err := s.changes(ctx, "drop line", dropLine, []byte(user), []byte(attempt))
	return err
}

// Lines implements [acsauth.Store].
func (s *Store) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	if err := acsauth.CheckLimit(limit); err != nil {
		return nil, fmt.Errorf("postgres: lines: %w", err)
	}
	return list(ctx, s, query{"lines", lineRows, []any{string(kind), limit}}, scanLine)
}

// Lock implements [acsauth.Store].
func (s *Store) Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error) {
	if err := acsauth.CheckLen("lock name", name, acsauth.MaxUserLen); err != nil {
		return false, fmt.Errorf("postgres: lock: %w", err)
	}
	if err := acsauth.CheckLen("lock holder", holder, acsauth.MaxTextLen); err != nil {
		return false, fmt.Errorf("postgres: lock: %w", err)
	}
	return s.changes(ctx, "lock", takeLock, []byte(name), []byte(holder), micros(d))
}
