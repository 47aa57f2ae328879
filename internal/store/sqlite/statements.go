package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/acs-solutions/acsauth"
)

// statements are what the writer executes, prepared on its connection.
type statements struct {
	begin, commit, rollback *sql.Stmt
	save, release, back     *sql.Stmt
	insert, replace, remove *sql.Stmt
	putLine, dropLine, lock *sql.Stmt
}

// A text is a statement and its place.
type text struct {
	stmt **sql.Stmt
	sql  string
}

// all pairs each statement with its text. The parameters of a row are in
// the order issuer, subject, state, attempt, identity, resource, generation, lease_until.
func (s *statements) all() []text {
	const fence = "WHERE issuer = ? AND subject = ? AND state = ? AND attempt = ? AND identity = ?"
	return []text{
		{&s.begin, "BEGIN IMMEDIATE"},
		{&s.commit, "COMMIT"},
		{&s.rollback, "ROLLBACK"},
		{&s.save, "SAVEPOINT one"},
		{&s.release, "RELEASE one"},
		{&s.back, "ROLLBACK TO one"},
		{&s.insert, `INSERT INTO mapping (issuer, subject, state, attempt, identity, resource, generation, lease_until)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (issuer, subject) DO NOTHING`},
		{&s.replace, `UPDATE mapping SET state = ?, attempt = ?, identity = ?, resource = ?, generation = ?, lease_until = ? ` + fence},
		{&s.remove, `DELETE FROM mapping ` + fence},
		{&s.putLine, `INSERT INTO journal (user, attempt, kind, identity, resource, answer, request_id, since)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (user, attempt) DO UPDATE SET kind = excluded.kind, identity = excluded.identity,
				resource = excluded.resource, answer = excluded.answer, request_id = excluded.request_id
			WHERE journal.kind = 'suspect' OR excluded.kind <> 'suspect'`},
		{&s.dropLine, `DELETE FROM journal WHERE user = ? AND attempt = ?`},
		{&s.lock, `INSERT INTO named_lock (name, holder, until) VALUES (?1, ?2, ?3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE named_lock.holder = excluded.holder OR named_lock.until <= ?4`},
	}
}

func (s *statements) prepare(ctx context.Context, conn *sql.Conn) error {
	for _, t := range s.all() {
		stmt, err := conn.PrepareContext(ctx, t.sql)
		if err != nil {
			return err
		}
		*t.stmt = stmt
	}
	return nil
}

func (s *statements) close() error {
	var errs []error
	for _, t := range s.all() {
		if *t.stmt != nil {
			errs = append(errs, (*t.stmt).Close())
		}
	}
	return errors.Join(errs...)
}

// execute runs a statement to its end; a write that was begun is not broken off.
func execute(stmt *sql.Stmt, args ...any) error {
	_, err := stmt.ExecContext(context.Background(), args...)
	return err
}

// changes executes a statement and reports whether it changed a row.
func changes(stmt *sql.Stmt, args ...any) (bool, error) {
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// change executes a conditional statement: no row changed is ErrConflict.
func change(stmt *sql.Stmt, args ...any) error {
	changed, err := changes(stmt, args...)
	if err == nil && !changed {
		return acsauth.ErrConflict
	}
	return err
}

// both does a conditional statement and writes a line, or neither. A line that
// fails must not leave its row changed in a transaction that goes on.
func (s *statements) both(row func() error, line *acsauth.JournalLine) error {
	if line == nil {
		return row()
	}
	if err := execute(s.save); err != nil {
		return err
	}
	err := row()
	if err == nil {
		err = s.line(*line)
	}
	if err == nil || !harmless(err) { // after a harmful one the whole transaction goes
		return errors.Join(err, execute(s.release))
	}
	if undo := errors.Join(execute(s.back), execute(s.release)); undo != nil {
		return undo
	}
	return err
}
