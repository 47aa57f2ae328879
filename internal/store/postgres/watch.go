package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is what changes of rows in use are told on. The payload is the key of the row, [acsauth.UserKey.Hash].
const channel = "acsauth_mapping"

// Writes to a row that others may have read as Active tell so in the same
// transaction. Others need not: nobody keeps a row in another state. So a first
// sign-in costs nothing more, and only what is rare waits for the lock that a
// NOTIFY takes. A write with a journal line is rare anyway, and always tells.
const (
	tell        = "SELECT pg_notify('" + channel + "', encode($1::bytea, 'hex')) FROM changed"
	replaceTold = "WITH changed AS (" + replaceRow + " RETURNING true) " + tell
	removeTold  = "WITH changed AS (" + removeRow + " RETURNING true) " + tell
)

// The times of Watch.
const (
	firstPause = 100 * time.Millisecond // after a lost connection, doubled up to lastPause
	lastPause  = 5 * time.Second
	silence    = 5 * time.Second // without a word the connection is asked whether it lives, and has as long to answer
)

// Watch calls drop with the key of each row, as [acsauth.UserKey.Hash], that
// this or another process has changed from Active, until ctx ends. It calls hears
// with true when it begins to listen, and with false when the connection is lost,
// which is noticed within ten seconds if nobody says so. It takes a connection beside those of the pool.
//
// Through a pooler that gives sessions away after each transaction nothing would be heard; but Open refuses those.
func (s *Store) Watch(ctx context.Context, drop func(userHash string), hears func(bool)) {
	for pause := firstPause; ctx.Err() == nil; {
		err := s.listen(ctx, drop, func() {
			pause = firstPause
			hears(true)
		})
		if ctx.Err() != nil {
			return
		}
		hears(false)
		s.log.WarnContext(ctx, "changes of other replicas are not heard", "error", explained(err))
		select {
		case <-ctx.Done():
		case <-time.After(pause*3/4 + rand.N(pause/2)):
		}
		pause = min(2*pause, lastPause)
	}
}

// listen returns when the connection is lost.
func (s *Store) listen(ctx context.Context, drop func(string), began func()) error {
	pooled, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack() // it waits for ever, so it is none of the pool any more
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if err := asked(ctx, conn, "LISTEN "+channel); err != nil {
		return err
	}
	began()
	for {
		waiting, cancel := context.WithTimeout(ctx, silence)
		n, err := conn.WaitForNotification(waiting)
		quiet := errors.Is(waiting.Err(), context.DeadlineExceeded)
		cancel()
		switch {
		case err == nil:
			if n.Channel == channel && len(n.Payload) == 2*keyLen {
				drop(n.Payload)
			}
		case ctx.Err() != nil || !quiet:
			return err
		default:
			if err := asked(ctx, conn, "SELECT"); err != nil {
				return fmt.Errorf("no answer within %v: %w", silence, err)
			}
		}
	}
}

// asked runs a statement that takes no time.
func asked(ctx context.Context, conn *pgx.Conn, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	_, err := conn.Exec(ctx, sql)
	return err
}
