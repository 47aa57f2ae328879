package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

const (
	rowColumns = "issuer, subject, state, attempt, identity, resource, generation, lease_until, statement_timestamp()"
	getRow     = "SELECT " + rowColumns + " FROM acsauth.mapping WHERE key = $1"
	findRow    = "SELECT " + rowColumns + " FROM acsauth.mapping WHERE identity = $1 AND identity <> ''" // the index wants the second
	listRows   = "SELECT " + rowColumns + " FROM acsauth.mapping WHERE key > $1 ORDER BY key LIMIT $2"

	// The first condition lets the index of unfinished rows be used.
	unfinishedRows = "SELECT " + rowColumns + ` FROM acsauth.mapping
		WHERE state <> 'active' AND state = $1 AND lease_until <= statement_timestamp() - $2::bigint * interval '1 microsecond'
		ORDER BY lease_until LIMIT $3`

	insertRow = `INSERT INTO acsauth.mapping (key, issuer, subject, state, attempt, identity, resource, generation, lease_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + $9::bigint * interval '1 microsecond')
		ON CONFLICT (key) DO NOTHING`

	// $1 to $4 are the fence.
	fence      = " WHERE key = $1 AND state = $2 AND attempt = $3 AND identity = $4"
	removeRow  = "DELETE FROM acsauth.mapping" + fence
	replaceRow = `UPDATE acsauth.mapping SET state = $5, attempt = $6, identity = $7, resource = $8, generation = $9,
		lease_until = clock_timestamp() + $10::bigint * interval '1 microsecond'` + fence

	// With a line: it is written if, and only if, a row was changed.
	removeBoth = "WITH changed AS (" + removeRow + " RETURNING true), line AS (" + insertLine +
		" SELECT $5::bytea, $6::bytea, $7::text, $8::bytea, $9::bytea, $10::bytea, $11::bytea, clock_timestamp() FROM changed " + mergeLine + ") " + tell
	replaceBoth = "WITH changed AS (" + replaceRow + " RETURNING true), line AS (" + insertLine +
		" SELECT $11::bytea, $12::bytea, $13::text, $14::bytea, $15::bytea, $16::bytea, $17::bytea, clock_timestamp() FROM changed " + mergeLine + ") " + tell
)

// rowKey is the primary key of a row: 32 bytes.
func rowKey(key acsauth.UserKey) []byte {
	b, _ := hex.DecodeString(key.Hash()) // it is hexadecimal
	return b
}

// micros is d for interval '1 microsecond'.
func micros(d time.Duration) int64 { return d.Microseconds() }

func fenceArgs(m acsauth.Mapping) []any {
	return []any{rowKey(m.Key), string(m.State), []byte(m.Attempt), []byte(m.Identity)}
}

// scanRow reads rowColumns.
func scanRow(scan func(...any) error) (m acsauth.Mapping, err error) {
	var issuer, subject, attempt, identity, resource []byte
	var state string
	var end, now time.Time
	err = scan(&issuer, &subject, &state, &attempt, &identity, &resource, &m.Generation, &end, &now)
	m.Key = acsauth.UserKey{Issuer: string(issuer), Subject: string(subject)}
	m.State, m.Attempt, m.Identity, m.Resource = acsauth.State(state), string(attempt), acsauth.Identity(identity), string(resource)
	m.Lease = end.Sub(now)
	return m, err
}

// Get implements [acsauth.Store].
func (s *Store) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	return get(ctx, s, query{"get", getRow, []any{rowKey(key)}}, scanRow)
}

// Find implements [acsauth.Finder].
func (s *Store) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	return get(ctx, s, query{"find", findRow, []any{[]byte(id)}}, scanRow)
}

// Insert implements [acsauth.Store].
func (s *Store) Insert(ctx context.Context, m acsauth.Mapping) error {
	if err := m.Check(); err != nil {
		return fmt.Errorf("postgres: insert: %w", err)
	}
	return s.change(ctx, "insert", insertRow, rowKey(m.Key), []byte(m.Key.Issuer), []byte(m.Key.Subject), string(m.State), []byte(m.Attempt),
		[]byte(m.Identity), []byte(m.Resource), m.Generation, micros(m.Lease))
}

// Replace implements [acsauth.Store].
func (s *Store) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	if old.Key != next.Key {
		return errors.New("postgres: replace: old and next have different keys")
	}
	if err := errors.Join(next.Check(), line.Check()); err != nil {
		return fmt.Errorf("postgres: replace: %w", err)
	}
	args := append(fenceArgs(old), string(next.State), []byte(next.Attempt), []byte(next.Identity), []byte(next.Resource), next.Generation, micros(next.Lease))
	switch {
	case line == nil && old.State == acsauth.Active:
		return s.change(ctx, "replace", replaceTold, args...)
	case line == nil:
		return s.change(ctx, "replace", replaceRow, args...)
	}
	return s.change(ctx, "replace", replaceBoth, append(args, lineArgs(*line)...)...)
}

// Remove implements [acsauth.Store].
func (s *Store) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	if err := line.Check(); err != nil {
		return fmt.Errorf("postgres: remove: %w", err)
	}
	switch {
	case line == nil && old.State == acsauth.Active:
		return s.change(ctx, "remove", removeTold, fenceArgs(old)...)
	case line == nil:
		return s.change(ctx, "remove", removeRow, fenceArgs(old)...)
	}
	return s.change(ctx, "remove", removeBoth, append(fenceArgs(old), lineArgs(*line)...)...)
}
