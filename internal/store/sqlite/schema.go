package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// applicationID marks a file as ours: "ACSA" in ASCII.
	applicationID = 0x41435341
	// schemaVersion is the version of the tables below. One more for each change of them.
	schemaVersion = 1
)

// schema creates version 1. Text is compared byte for byte (collation BINARY).
// Times are Unix milliseconds.
const schema = `
CREATE TABLE mapping (
	issuer      TEXT    NOT NULL,
	subject     TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('pending', 'active', 'deleting')),
	attempt     TEXT    NOT NULL CHECK (attempt <> ''),
	identity    TEXT    NOT NULL,
	resource    TEXT    NOT NULL,
	generation  INTEGER NOT NULL,
	lease_until INTEGER NOT NULL,
	PRIMARY KEY (issuer, subject),
	CHECK ((state = 'pending') = (identity = ''))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mapping_identity ON mapping (identity) WHERE identity <> '';
CREATE INDEX mapping_unfinished ON mapping (state, lease_until) WHERE state <> 'active';
CREATE TABLE journal (
	user       TEXT    NOT NULL,
	attempt    TEXT    NOT NULL,
	kind       TEXT    NOT NULL CHECK (kind IN ('suspect', 'orphan', 'left')),
	identity   TEXT    NOT NULL,
	resource   TEXT    NOT NULL,
	answer     BLOB    NOT NULL CHECK (length(answer) <= 4096),
	request_id TEXT    NOT NULL,
	since      INTEGER NOT NULL,
	PRIMARY KEY (user, attempt),
	CHECK (kind = 'suspect' OR identity <> '')
) STRICT;
CREATE INDEX journal_age ON journal (kind, since);
CREATE TABLE named_lock (
	name   TEXT    NOT NULL PRIMARY KEY,
	holder TEXT    NOT NULL,
	until  INTEGER NOT NULL
) STRICT;
`

// prepareFile brings an open database to the present schema, or refuses it
// without having written to it.
func prepareFile(ctx context.Context, conn *sql.Conn) error {
	empty, err := checkFile(ctx, conn)
	if err != nil {
		return err
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return fmt.Errorf("cannot write to it: %w", hint(err))
	}
	if mode != "wal" {
		return fmt.Errorf("its file system allows journal mode %q only; put it on a local disk", mode)
	}
	statements := takeOver
	if empty {
		statements = fmt.Sprintf("%s PRAGMA application_id = %d; PRAGMA user_version = %d;", schema, applicationID, schemaVersion)
	}
	return inTransaction(ctx, conn, statements)
}

// checkFile reports whether the database is empty, and fails if it is neither
// empty nor ours.
func checkFile(ctx context.Context, conn *sql.Conn) (empty bool, err error) {
	var id, version, tables int64
	const query = "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)"
	if err := conn.QueryRowContext(ctx, query).Scan(&id, &version, &tables); err != nil {
		return false, fmt.Errorf("cannot read it: %w", hint(err))
	}
	switch {
	case id == 0 && version == 0 && tables == 0:
		return true, nil
	case id != applicationID:
		return false, fmt.Errorf("it is a database of another program (application_id %#x); give acsauth a file of its own", id)
	case version != schemaVersion:
		return false, fmt.Errorf("its schema has version %d and this program knows version %d; run the acsauth that wrote it, or a newer one", version, schemaVersion)
	}
	return false, nil
}

// takeOver ends what the process before held: the lock file proves that it is gone.
const takeOver = `
UPDATE mapping SET lease_until = min(lease_until, :now) WHERE state <> 'active';
DELETE FROM named_lock;
`

func inTransaction(ctx context.Context, conn *sql.Conn, statements string) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("cannot write to it: %w", hint(err))
	}
	defer tx.Rollback() // does nothing after Commit
	if _, err := tx.ExecContext(ctx, statements, sql.Named("now", time.Now().UnixMilli())); err != nil {
		return fmt.Errorf("cannot write to it: %w", hint(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("cannot write to it: %w", hint(err))
	}
	return nil
}
