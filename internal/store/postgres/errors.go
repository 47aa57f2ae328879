package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/acs-solutions/acsauth"
	"github.com/jackc/pgx/v5/pgconn"
)

// hint says what to do about an error that the server reports with a SQLSTATE.
func hint(code string) string {
	switch code {
	case "08P01":
		return "if a pooler answers, connect to the server directly (on Azure: port 5432)"
	case "28000":
		return "look at user, database and TLS in the DSN, and at pg_hba.conf of the server"
	case "28P01":
		return "look at user and password; a token may have expired, or be for another user"
	case "3D000":
		return "create the database, or name another one in the DSN"
	case "42501":
		return "grant the role CREATE on the database, or USAGE on schema acsauth and SELECT, INSERT, UPDATE and DELETE on its tables"
	case "42P01", "42703", "3F000":
		return "schema acsauth is not complete; restore it, or drop it to begin anew"
	case "53300":
		return "the server has no connection left; raise its max_connections, or allow each replica fewer connections"
	case "25006":
		return "the session is read-only; the server may have become a standby"
	case "55P03", "57014":
		return "the database is busy, or another program holds a lock on our tables"
	}
	return ""
}

// explained adds what to do about err, if that is known. Details of the
// server, which may show values of a row, are not part of the text.
func explained(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if text := hint(pg.Code); text != "" {
			return fmt.Errorf("%w; %s", err, text)
		}
	}
	return err
}

func sentinel(err error) bool {
	return errors.Is(err, acsauth.ErrConflict) || errors.Is(err, acsauth.ErrNotFound)
}

// notBegun is the error of a call that was not sent.
func notBegun(ctx context.Context, verb string, err error) error {
	return fmt.Errorf("postgres: %s: not begun: %w", verb, withEnd(ctx, explained(err)))
}

// told is the error of a call as the caller gets it: sentinels bare, others with the verb.
func told(ctx context.Context, verb string, err error) error {
	switch {
	case err == nil || sentinel(err):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("postgres: %s: may or may not happen: %w", verb, withEnd(ctx, err))
	}
	return fmt.Errorf("postgres: %s: %w", verb, explained(err))
}

// withEnd adds the error of ctx, if that has ended, unless it is there already.
func withEnd(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// harmless reports whether a call that failed with err may be sent again: it
// was not sent, or the server rolled it back, or it only reads.
func harmless(err error, reads bool) bool {
	if pgconn.SafeToRetry(err) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return reads // the connection was lost
	}
	switch pg.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	case "57P01", "57P02": // the server ended the session
		return reads
	}
	return false
}
