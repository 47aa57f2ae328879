package audit

import (
	"errors"
	"fmt"
	"log/slog"
)

// A sink takes whole lines.
type sink interface {
	// write makes text durable, all of it or nothing.
	write(text []byte) error
	// next is asked before lines are written, and reports whether they go into a new file.
	next(size int) (fresh bool, err error)
	close() error
}

// run is the writer. It ends when the queue is closed and empty.
func (l *Log) run() {
	defer close(l.done)
	ill := false
	for first := range l.queue {
		batch := l.gather(first)
		lines := make([]line, len(batch))
		for i, e := range batch {
			lines[i] = e.line
		}
		err := l.commit(lines)
		if ill != (err != nil) {
			ill = err != nil
			l.tell(err)
		}
		for _, e := range batch {
			e.answer <- err
		}
	}
	l.failed = errors.Join(l.commit([]line{{Kind: kindStop}}), l.sink.close())
}

// gather takes what else waits, so that it shares the fsync.
func (l *Log) gather(first *entry) []*entry {
	batch := []*entry{first}
	for len(batch) < maxBatch {
		select {
		case e, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// tell logs the change between working and not working, once each.
func (l *Log) tell(err error) {
	if err != nil {
		l.o.Logger.Error("the audit log cannot be written; free its disk or repair its folder", slog.Any("error", err))
		return
	}
	l.o.Logger.Info("the audit log is written again")
}

// commit adds lines to the chain. All are durable, or none is.
func (l *Log) commit(lines []line) error {
	const guess = 800 // bytes of a line, to choose when a file is full
	fresh, err := l.sink.next(guess * len(lines))
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if fresh && lines[0].Kind != kindStart {
		lines = append([]line{{Kind: kindContinue, Keyed: l.keys[0].id}}, lines...)
	}
	head, text := l.head, []byte(nil)
	for _, one := range lines {
		if one.Time == "" {
			one.Time = stamp(l.o.Now())
		}
		one.Seq, one.Chain, one.Instance, one.Prev = head.seq+1, head.chain, l.instance, head.hash
		encoded, hash, err := encode(one, l.keys[0])
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		head.seq, head.hash, text = one.Seq, hash, append(text, encoded...)
	}
	if err := l.sink.write(text); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	l.head = head
	l.seen.Lock()
	l.show = head
	l.seen.Unlock()
	return nil
}
