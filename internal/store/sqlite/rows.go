package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

const rowColumns = "issuer, subject, state, attempt, identity, resource, generation, lease_until"

const getRow = "SELECT " + rowColumns + " FROM mapping WHERE issuer = ? AND subject = ?"

// The first condition lets SQLite use the index of unfinished rows.
const unfinishedRows = "SELECT " + rowColumns + ` FROM mapping
	WHERE state <> 'active' AND state = ? AND lease_until <= ? ORDER BY lease_until LIMIT ?`

// until returns when a lease that starts now ends, in Unix milliseconds.
func until(lease time.Duration) int64 { return time.Now().Add(lease).UnixMilli() }

// scanRow reads the columns of rowColumns.
func scanRow(scan func(...any) error) (m acsauth.Mapping, err error) {
	var end int64
	err = scan(&m.Key.Issuer, &m.Key.Subject, &m.State, &m.Attempt, &m.Identity, &m.Resource, &m.Generation, &end)
	m.Lease = time.Until(time.UnixMilli(end))
	return m, err
}

// Get implements [acsauth.Store].
func (s *Store) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	if err := ctx.Err(); err != nil {
		return acsauth.Mapping{}, fmt.Errorf("sqlite: get: %w", err)
	}
	// One row by its key takes microseconds; a context that can end would cost a goroutine of the driver for each read.
	m, err := scanRow(s.get.QueryRowContext(context.WithoutCancel(ctx), key.Issuer, key.Subject).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return acsauth.Mapping{}, acsauth.ErrNotFound
	case err != nil:
		return acsauth.Mapping{}, fmt.Errorf("sqlite: get: %w", err)
	}
	return m, nil
}

// Insert implements [acsauth.Store].
func (s *Store) Insert(ctx context.Context, m acsauth.Mapping) error {
	if err := checkRow(m); err != nil {
		return fmt.Errorf("sqlite: insert: %w", err)
	}
	return s.writer.do(ctx, "insert", func(st *statements) error {
		return change(st.insert, m.Key.Issuer, m.Key.Subject, m.State, m.Attempt, m.Identity, m.Resource, m.Generation, until(m.Lease))
	})
}

// Replace implements [acsauth.Store].
func (s *Store) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	if old.Key != next.Key {
		return errors.New("sqlite: replace: old and next have different keys")
	}
	if err := errors.Join(checkRow(next), line.Check()); err != nil {
		return fmt.Errorf("sqlite: replace: %w", err)
	}
	line = keptLine(line)
	return s.writer.do(ctx, "replace", func(st *statements) error {
		return st.both(func() error {
			return change(st.replace, next.State, next.Attempt, next.Identity, next.Resource, next.Generation, until(next.Lease),
				old.Key.Issuer, old.Key.Subject, old.State, old.Attempt, old.Identity)
		}, line)
	})
}

// Remove implements [acsauth.Store].
func (s *Store) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	if err := line.Check(); err != nil {
		return fmt.Errorf("sqlite: remove: %w", err)
	}
	line = keptLine(line)
	return s.writer.do(ctx, "remove", func(st *statements) error {
		return st.both(func() error {
			return change(st.remove, old.Key.Issuer, old.Key.Subject, old.State, old.Attempt, old.Identity)
		}, line)
	})
}

// Unfinished implements [acsauth.Store].
func (s *Store) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	if state != acsauth.Pending && state != acsauth.Deleting {
		return nil, fmt.Errorf("sqlite: unfinished: state %q is neither pending nor deleting", state)
	}
	return list(ctx, s.readers, query{verb: "unfinished", sql: unfinishedRows, limit: limit, args: []any{state, until(-over)}}, scanRow)
}

// Counts implements [acsauth.Store]. All numbers are of one moment.
func (s *Store) Counts(ctx context.Context) (c acsauth.Counts, err error) {
	const query = `SELECT
		(SELECT count(*) FROM mapping WHERE state <> 'active' AND state = 'pending'),
		(SELECT count(*) FROM mapping WHERE identity <> ''),
		(SELECT count(*) FROM mapping WHERE state <> 'active' AND state = 'deleting'),
		(SELECT count(*) FROM journal WHERE kind = 'suspect'),
		(SELECT count(*) FROM journal WHERE kind = 'orphan'),
		(SELECT count(*) FROM journal WHERE kind = 'left')`
	var identities int64
	err = s.readers.QueryRowContext(ctx, query).Scan(&c.Pending, &identities, &c.Deleting, &c.Suspects, &c.Orphans, &c.Left)
	if err != nil {
		return acsauth.Counts{}, fmt.Errorf("sqlite: counts: %w", err)
	}
	c.Active = identities - c.Deleting // counted by the small index
	return c, nil
}

// Ping implements [acsauth.Store]: it reads one row.
func (s *Store) Ping(ctx context.Context) error {
	var found bool
	if err := s.readers.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM mapping)").Scan(&found); err != nil {
		return fmt.Errorf("sqlite: ping: %w", err)
	}
	return nil
}

// A query lists rows; its last parameter is the limit.
type query struct {
	verb, sql string
	limit     int
	args      []any
	ahead     int // rows to read beyond the limit
}

// list runs q and reads each row with scan.
func list[T any](ctx context.Context, db *sql.DB, q query, scan func(func(...any) error) (T, error)) (found []T, err error) {
	if err := acsauth.CheckLimit(q.limit); err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", q.verb, err)
	}
	rows, err := db.QueryContext(ctx, q.sql, append(q.args, q.limit+q.ahead)...)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", q.verb, err)
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("sqlite: %s: %w", q.verb, err)
		}
		found = append(found, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", q.verb, err)
	}
	return found, nil
}
