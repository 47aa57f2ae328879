package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/acs-solutions/acsauth"
)

var (
	_ acsauth.Lister = (*Store)(nil)
	_ acsauth.Finder = (*Store)(nil)
)

const (
	firstRows = "SELECT " + rowColumns + " FROM mapping ORDER BY issuer, subject LIMIT ?"
	nextRows  = "SELECT " + rowColumns + " FROM mapping WHERE (issuer, subject) > (?, ?) ORDER BY issuer, subject LIMIT ?"
	// The second condition lets SQLite use the index of identities.
	findRow = "SELECT " + rowColumns + " FROM mapping WHERE identity = ? AND identity <> ''"
)

// List implements [acsauth.Lister], in the order of the keys. A cursor holds the
// key of a user: it is personal data, and is not for logs.
func (s *Store) List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error) {
	q := query{verb: "list", sql: firstRows, limit: limit, ahead: 1} // one more tells whether this is the last page
	if cursor != "" {
		after, err := parseCursor(cursor)
		if err != nil {
			return nil, "", fmt.Errorf("sqlite: list: %w", err)
		}
		q.sql, q.args = nextRows, []any{after.Issuer, after.Subject}
	}
	rows, err = list(ctx, s.readers, q, scanRow)
	if err != nil || len(rows) <= limit {
		return rows, "", err
	}
	return rows[:limit], cursorBehind(rows[limit-1].Key), nil
}

// Find implements [acsauth.Finder].
func (s *Store) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	m, err := scanRow(s.readers.QueryRowContext(ctx, findRow, id).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return acsauth.Mapping{}, acsauth.ErrNotFound
	case err != nil:
		return acsauth.Mapping{}, fmt.Errorf("sqlite: find: %w", err)
	}
	return m, nil
}

const cursorPrefix = "s1." // and base64 of a checksum, the length of the issuer, the issuer and the subject

var errCursor = errors.New("the cursor is not one that a list returned")

// cursorBehind returns the cursor behind the row of key.
func cursorBehind(key acsauth.UserKey) string {
	text := binary.AppendUvarint(nil, uint64(len(key.Issuer)))
	text = append(append(text, key.Issuer...), key.Subject...)
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(text))
	return cursorPrefix + base64.RawURLEncoding.EncodeToString(append(sum, text...))
}

// parseCursor returns the key in a cursor. What it refuses was damaged on its way, or never a cursor.
func parseCursor(cursor string) (acsauth.UserKey, error) {
	encoded, ours := strings.CutPrefix(cursor, cursorPrefix)
	all, err := base64.RawURLEncoding.DecodeString(encoded)
	if !ours || err != nil || len(all) < 5 {
		return acsauth.UserKey{}, errCursor
	}
	text := all[4:]
	n, size := binary.Uvarint(text)
	if size <= 0 || n > uint64(len(text)-size) {
		return acsauth.UserKey{}, errCursor
	}
	key := acsauth.UserKey{Issuer: string(text[size : size+int(n)]), Subject: string(text[size+int(n):])}
	if cursorBehind(key) != cursor { // the checksum, and that there is no other text for it
		return acsauth.UserKey{}, errCursor
	}
	return key, nil
}
