package audit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
)

// ErrClosed is the error of Record after Close.
var ErrClosed = errors.New("audit: the log is closed")

const (
	maxBatch = 256  // lines that share one fsync
	maxQueue = 1024 // events that wait; further ones block their callers
)

// A Log takes events until it is closed. It is safe for concurrent use.
type Log struct {
	o        Options
	keys     []keySet
	instance string
	sink     sink

	mu      sync.RWMutex // held by senders; guards stopped and the closing of queue
	stopped bool
	queue   chan *entry
	done    chan struct{} // closed when the writer has ended
	failed  error         // of the writer's end; read after done

	head chainHead  // the writer's
	seen sync.Mutex // guards shown
	show chainHead
}

// A chainHead is the end of a chain.
type chainHead struct {
	chain string
	seq   uint64
	hash  string
}

// An entry waits in the queue for its turn.
type entry struct {
	ctx    context.Context
	line   line
	answer chan error // holds one
}

// Open opens the log and writes its start line. An existing file is continued
// if its end is good; what a crash left half written is sealed.
func Open(o Options) (_ *Log, err error) {
	l := &Log{o: o.withDefaults(), instance: random(8), queue: make(chan *entry, maxQueue), done: make(chan struct{})}
	if (o.Path == "") == (o.Writer == nil) {
		return nil, errors.New("audit: one of Path and Writer must be set")
	}
	if l.keys, err = deriveAll(o.Keys); err != nil {
		return nil, err
	}
	if o.Writer != nil {
		l.sink = stream{o.Writer}
	} else if l.sink, err = l.openDisk(); err != nil {
		return nil, fmt.Errorf("audit: %s: %w", o.Path, err)
	}
	if l.head.chain == "" {
		l.head = chainHead{chain: random(8), hash: zeroHash}
	}
	if err := l.commit([]line{{Kind: kindStart, Keyed: l.keys[0].id}}); err != nil {
		return nil, errors.Join(fmt.Errorf("audit: %w", err), l.sink.close())
	}
	go l.run()
	return l, nil
}

// random returns so many random bytes in hexadecimal.
func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Record writes one event down. It returns when the line is durable; concurrent
// calls share one fsync. After an error the event must be taken as not written:
// the disk may be full. If ctx ends first, the line may still be written.
func (l *Log) Record(ctx context.Context, e Event) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	one := &entry{ctx: ctx, line: l.decision(e, l.o.Now()), answer: make(chan error, 1)}
	if err := l.send(one); err != nil {
		return err
	}
	select {
	case err := <-one.answer:
		return err
	case <-ctx.Done():
	}
	select { // an answer that is there counts more than a context that ended with it
	case err := <-one.answer:
		return err
	default:
		return fmt.Errorf("audit: %w", ctx.Err())
	}
}

func (l *Log) send(one *entry) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.stopped {
		return ErrClosed
	}
	select {
	case l.queue <- one:
		return nil
	case <-one.ctx.Done():
		return fmt.Errorf("audit: %w", one.ctx.Err())
	}
}

// Head returns number and hash of the last line that is written. A copy of
// them kept elsewhere shows later that the end of the log was not cut off.
func (l *Log) Head() (seq uint64, hash string) {
	l.seen.Lock()
	defer l.seen.Unlock()
	return l.show.seq, l.show.hash
}

// Close writes down what waits and the stop line, and closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	if !l.stopped {
		l.stopped = true
		close(l.queue)
	}
	l.mu.Unlock()
	<-l.done
	return l.failed
}
