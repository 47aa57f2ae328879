package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/acs-solutions/acsauth"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// maxBatch is how many writes share one commit.
const maxBatch = 256

// A writer owns the one connection that writes.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts statements

	mu      sync.RWMutex // held by senders; guards stopped and the closing of queue
	stopped bool
	queue   chan *write
	done    chan struct{} // closed when the last write is answered
}

// A write waits in the queue for its turn.
type write struct {
	ctx    context.Context
	apply  func(s *statements) error
	result error
	answer chan error // holds one
}

// openWriter opens the writing connection, prepares the file and starts the writer.
func openWriter(ctx context.Context, path string) (_ *writer, err error) {
	db, err := sql.Open("sqlite", dsn(path, common()))
	if err != nil {
		return nil, err
	}
	w := &writer{db: db, queue: make(chan *write, maxBatch), done: make(chan struct{})}
	defer func() {
		if err != nil {
			_ = w.close()
		}
	}()
	db.SetMaxOpenConns(1)
	if w.conn, err = db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("cannot read it: %w", hint(err))
	}
	if err := prepareFile(ctx, w.conn); err != nil {
		return nil, err
	}
	if err := w.stmts.prepare(ctx, w.conn); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// do queues a write and waits for its commit. If ctx ends first, the write may
// still happen.
func (w *writer) do(ctx context.Context, verb string, apply func(s *statements) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: %s: not begun: %w", verb, err)
	}
	one := &write{ctx: ctx, apply: apply, answer: make(chan error, 1)}
	if err := w.send(one); err != nil {
		return fmt.Errorf("sqlite: %s: not begun: %w", verb, err)
	}
	select {
	case err := <-one.answer:
		return told(verb, err)
	case <-ctx.Done():
	}
	select { // an answer that is there counts more than a context that ended with it
	case err := <-one.answer:
		return told(verb, err)
	default:
		return fmt.Errorf("sqlite: %s: may or may not happen: %w", verb, ctx.Err())
	}
}

// told is the answer as the caller gets it: sentinels bare, others with the verb.
func told(verb string, err error) error {
	if err == nil || sentinel(err) {
		return err
	}
	return fmt.Errorf("sqlite: %s: %w", verb, hint(err))
}

func (w *writer) send(one *write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.stopped {
		return errClosed
	}
	select {
	case w.queue <- one:
		return nil
	case <-one.ctx.Done():
		return one.ctx.Err()
	}
}

// run commits batch after batch until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.done)
	for first := range w.queue {
		batch := w.gather(first)
		if err := w.commit(batch); err != nil {
			for _, one := range batch {
				one.result = err
			}
		}
		for _, one := range batch {
			one.answer <- one.result
		}
	}
}

// gather takes what is waiting, without waiting for more.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxBatch {
		select {
		case one, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, one)
		default:
			return batch
		}
	}
	return batch
}

// commit does a batch in one transaction and notes the result of each write. An
// error means that nothing is known of any of them.
func (w *writer) commit(batch []*write) error {
	if err := execute(w.stmts.begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, one := range batch {
		if err := one.ctx.Err(); err != nil {
			one.result = err // its caller has left
			continue
		}
		one.result = one.apply(&w.stmts)
		if one.result != nil && !harmless(one.result) {
			_ = execute(w.stmts.rollback) // SQLite may have done so itself
			return fmt.Errorf("rolled back: %w", one.result)
		}
	}
	if err := execute(w.stmts.commit); err != nil {
		_ = execute(w.stmts.rollback)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func sentinel(err error) bool {
	return errors.Is(err, acsauth.ErrConflict) || errors.Is(err, acsauth.ErrNotFound)
}

// harmless reports whether the other writes of a transaction are untouched by
// err: it is a sentinel, or a constraint refused one statement.
func harmless(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return sentinel(err) || ok && e.Code()&0xff == lib.SQLITE_CONSTRAINT
}

// stop takes no more writes and waits for those in the queue.
func (w *writer) stop() {
	w.mu.Lock()
	w.stopped = true
	close(w.queue)
	w.mu.Unlock()
	<-w.done
}

// close closes the connection; the writer must not be running.
func (w *writer) close() error {
	var errs []error
	if w.conn != nil {
		errs = append(errs, w.stmts.close(), w.conn.Close())
	}
	return errors.Join(append(errs, w.db.Close())...)
}
