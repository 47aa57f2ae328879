package postgres

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

// Unfinished implements [acsauth.Store].
func (s *Store) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	if state != acsauth.Pending && state != acsauth.Deleting {
		return nil, fmt.Errorf("postgres: unfinished: state %q is neither pending nor deleting", state)
	}
	if err := acsauth.CheckLimit(limit); err != nil {
		return nil, fmt.Errorf("postgres: unfinished: %w", err)
	}
	return list(ctx, s, query{"unfinished", unfinishedRows, []any{string(state), micros(over), limit}}, scanRow)
}

// keyLen is the length of a key of a row, in bytes.
const keyLen = 32

// List implements [acsauth.Lister]. The order is that of the hashes of the keys, so a
// cursor holds no personal data.
func (s *Store) List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error) {
	if err := acsauth.CheckLimit(limit); err != nil {
		return nil, "", fmt.Errorf("postgres: list: %w", err)
	}
	after, err := parseCursor(cursor)
	if err != nil {
		return nil, "", fmt.Errorf("postgres: list: %w", err)
	}
	// One more than asked for tells whether there is another page.
	rows, err = list(ctx, s, query{"list", listRows, []any{after, limit + 1}}, scanRow)
	if err != nil || len(rows) <= limit {
		return rows, "", err
	}
	rows = rows[:limit]
	return rows, base64.RawURLEncoding.EncodeToString(rowKey(rows[limit-1].Key)), nil
}

// parseCursor returns the key that the page begins after; the empty one is before all others.
func parseCursor(cursor string) ([]byte, error) {
	key, err := base64.RawURLEncoding.DecodeString(cursor)
	exact := base64.RawURLEncoding.EncodeToString(key) == cursor // there is no other text for the key
	if err != nil || !exact || cursor != "" && len(key) != keyLen {
		return nil, errors.New("the cursor is not one that a list returned")
	}
	return append([]byte{}, key...), nil
}

// countQuery can be answered by the small indexes alone. Counting a million identities takes a tenth of a
// second; from two million on, by the estimate of the server, they are not counted.
const countQuery = `SELECT
	(SELECT count(*) FROM acsauth.mapping WHERE state <> 'active' AND state = 'pending'),
	CASE WHEN (SELECT reltuples FROM pg_class WHERE oid = 'acsauth.mapping'::regclass) < 2000000
		THEN (SELECT count(*) FROM acsauth.mapping WHERE identity <> '') ELSE -1 END,
	(SELECT count(*) FROM acsauth.mapping WHERE state <> 'active' AND state = 'deleting'),
	(SELECT count(*) FROM acsauth.journal WHERE kind = 'suspect'),
	(SELECT count(*) FROM acsauth.journal WHERE kind = 'orphan'),
	(SELECT count(*) FROM acsauth.journal WHERE kind = 'left')`

// Counts implements [acsauth.Store]. All numbers are of one moment. Active is
// [acsauth.NotCounted] when there are two million rows or more.
func (s *Store) Counts(ctx context.Context) (acsauth.Counts, error) {
	return get(ctx, s, query{verb: "counts", sql: countQuery}, func(scan func(...any) error) (c acsauth.Counts, err error) {
		var identities int64
		err = scan(&c.Pending, &identities, &c.Deleting, &c.Suspects, &c.Orphans, &c.Left)
		if c.Active = identities - c.Deleting; identities < 0 {
			c.Active = acsauth.NotCounted
		}
		return c, err
	})
}

const pingQuery = `SELECT pg_is_in_recovery(), current_setting('transaction_read_only') <> 'off', oldest_program FROM acsauth.compatibility`

// Ping implements [acsauth.Store]. It asks whether the server takes writes, and
// whether the schema is still one that this program may use.
func (s *Store) Ping(ctx context.Context) error {
	_, err := get(ctx, s, query{verb: "ping", sql: pingQuery}, func(scan func(...any) error) (struct{}, error) {
		var standby, readOnly bool
		var oldest int
		err := scan(&standby, &readOnly, &oldest)
		switch {
		case err != nil:
		case standby:
			err = errStandby
		case readOnly:
			err = errReadOnly
		default:
			err = s.program.allowed(oldest)
		}
		return struct{}{}, err
	})
	return err
}
