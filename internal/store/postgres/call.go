package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	callLimit    = 15 * time.Second // longer than the server lets a statement run
	acquireLimit = 5 * time.Second
	maxTries     = 3
)

// ErrBusy is wrapped by the error of a call that found no free connection. The call was not begun.
var ErrBusy = errors.New("all connections to the database are busy")

// A call is one statement.
type call struct {
	verb  string
	reads bool // it changes nothing
	run   func(ctx context.Context, conn *pgx.Conn) error
}

// do makes a call, again if that is harmless.
func (s *Store) do(ctx context.Context, c call) error {
	if err := ctx.Err(); err != nil {
		return notBegun(ctx, c.verb, err)
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	for try := 1; ; try++ {
		conn, err := s.acquire(limited)
		if err != nil {
			return notBegun(ctx, c.verb, err)
		}
		err = once(limited, conn, c)
		switch {
		case err == nil, sentinel(err), try == maxTries, !harmless(err, c.reads):
			return told(ctx, c.verb, err)
		case limited.Err() != nil:
			return told(ctx, c.verb, fmt.Errorf("no answer within %v: %w", callLimit, err))
		}
		s.log.DebugContext(ctx, "the call is made again", "verb", c.verb, "try", try, "error", err)
	}
}

// once makes a call on a connection and gives it back.
func once(ctx context.Context, conn *pgxpool.Conn, c call) error {
	defer conn.Release()
	data := conn.Conn().PgConn().CustomData()
	delete(data, warned)
	err := c.run(ctx, conn.Conn())
	if text := data[warned]; text != nil && !c.reads && (err == nil || sentinel(err)) {
		return fmt.Errorf("the server warned: %s", text)
	}
	return err
}

// acquire waits for a connection, but not for long.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, acquireLimit)
	defer cancel()
	conn, err := s.pool.Acquire(waiting)
	if err == nil || ctx.Err() != nil || waiting.Err() == nil {
		return conn, err
	}
	if stat := s.pool.Stat(); stat.AcquiredConns() == stat.MaxConns() {
		return nil, fmt.Errorf("%w: %d for %v; the database is slow, or more connections have to be allowed", ErrBusy, stat.MaxConns(), acquireLimit)
	}
	return nil, fmt.Errorf("no connection within %v; look at host and port in the DSN, and whether a firewall lets us through", acquireLimit)
}

// changes makes a call that writes and reports whether it changed, or returned, a row.
func (s *Store) changes(ctx context.Context, verb, sql string, args ...any) (changed bool, err error) {
	err = s.do(ctx, call{verb: verb, run: func(ctx context.Context, conn *pgx.Conn) error {
		tag, err := conn.Exec(ctx, sql, args...)
		changed = tag.RowsAffected() > 0
		return err
	}})
	return changed && err == nil, err
}

// change makes a conditional write: no row changed is ErrConflict.
func (s *Store) change(ctx context.Context, verb, sql string, args ...any) error {
	changed, err := s.changes(ctx, verb, sql, args...)
	if err == nil && !changed {
		return acsauth.ErrConflict
	}
	return err
}

// get reads one row with scan; none is ErrNotFound.
func get[T any](ctx context.Context, s *Store, q query, scan scanner[T]) (found T, err error) {
	err = s.do(ctx, call{verb: q.verb, reads: true, run: func(ctx context.Context, conn *pgx.Conn) error {
		found, err = scan(conn.QueryRow(ctx, q.sql, q.args...).Scan)
		if errors.Is(err, pgx.ErrNoRows) {
			return acsauth.ErrNotFound
		}
		return err
	}})
	if err != nil {
		return *new(T), err
	}
	return found, nil
}

// A query reads rows.
type query struct {
	verb, sql string
	args      []any
}

// A scanner makes a value of one row.
type scanner[T any] func(scan func(...any) error) (T, error)

// list reads all rows of q with scan.
func list[T any](ctx context.Context, s *Store, q query, scan scanner[T]) (found []T, err error) {
	err = s.do(ctx, call{verb: q.verb, reads: true, run: func(ctx context.Context, conn *pgx.Conn) error {
		found = nil // of a try that failed
		rows, err := conn.Query(ctx, q.sql, q.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			one, err := scan(rows.Scan)
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		return rows.Err()
	}})
	if err != nil {
		return nil, err
	}
	return found, nil
}
