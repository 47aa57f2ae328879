package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A freezer forwards connections, and can stop to forward anything without closing them.
type freezer struct {
	net.Listener
	server string
	gate   sync.RWMutex // locked while frozen

	mu   sync.Mutex
	open []net.Conn
}

// freezerBefore puts a freezer before the server of dsn, and returns it and the DSN that goes through it.
func freezerBefore(t *testing.T, dsn string) (*freezer, string) {
	t.Helper()
	address := addressOf(dsn)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	mustDo(t, err)
	f := &freezer{Listener: l, server: address}
	t.Cleanup(func() { _ = l.Close() })
	go f.serve()
	return f, strings.Replace(dsn, address, l.Addr().String(), 1)
}

// cut closes all connections.
func (f *freezer) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.open {
		_ = conn.Close()
	}
	f.open = nil
}

func (f *freezer) serve() {
	for {
		client, err := f.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", f.server)
		if err != nil {
			_ = client.Close()
			return
		}
		f.mu.Lock()
		f.open = append(f.open, client, server)
		f.mu.Unlock()
		go f.forward(client, server)
		go f.forward(server, client)
	}
}

func (f *freezer) forward(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		f.gate.RLock()
		_, writeErr := to.Write(buffer[:n])
		f.gate.RUnlock()
		if err != nil || writeErr != nil {
			return
		}
	}
}

// TestFrozen: a network that swallows everything holds nobody longer than its
// context, lets no write be told wrong, and is over when it is over.
func TestFrozen(t *testing.T) {
	f, dsn := freezerBefore(t, fresh(t))
	s := openWith(t, Options{DSN: dsn, MaxConns: 3})
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	f.gate.Lock()
	for range 6 { // more than there are connections
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		for _, do := range []func() error{
			func() error { return s.Insert(ctx, pendingRow("y")) },
			func() error { _, err := s.Get(ctx, pendingRow("x").Key); return err },
			func() error { return s.Ping(ctx) },
		} {
			start := time.Now()
			if err := do(); !errors.Is(err, context.DeadlineExceeded) || sentinel(err) {
				t.Errorf("got %v, want the error of the context", err)
			}
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("a call with 100 ms took %v", took)
			}
		}
		cancel()
	}
	f.gate.Unlock()
	for end := time.Now().Add(time.Minute); ; {
		ctx, cancel := context.WithTimeout(t.Context(), callLimit)
		err := s.Ping(ctx)
		cancel()
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the pool does not find its way back: %v", err)
		}
	}
	if err := s.Insert(t.Context(), pendingRow("z")); err != nil {
		t.Error(err)
	}
}

// TestCut: a connection that is cut between calls costs a read nothing, and a
// write an unknown outcome at worst.
func TestCut(t *testing.T) {
	f, dsn := freezerBefore(t, fresh(t))
	s := openWith(t, Options{DSN: dsn, MaxConns: 1})
	for i := range 20 {
		mustDo(t, s.Insert(t.Context(), pendingRow(fmt.Sprint("x", i))))
		f.cut()
		if _, err := s.Get(t.Context(), pendingRow(fmt.Sprint("x", i)).Key); err != nil {
			t.Errorf("a read after a cut: %v", err)
		}
		f.cut()
		err := s.Insert(t.Context(), pendingRow(fmt.Sprint("y", i)))
		_, read := s.Get(t.Context(), pendingRow(fmt.Sprint("y", i)).Key)
		if sentinel(err) || err == nil && read != nil || read != nil && !errors.Is(read, acsauth.ErrNotFound) {
			t.Errorf("a write after a cut: %v, and then a read: %v", err, read)
		}
	}
}

// TestAnswerLost: a write whose connection is lost while the server is at it is not
// sent again, since it may still happen; here it does.
func TestAnswerLost(t *testing.T) {
	direct := fresh(t)
	f, dsn := freezerBefore(t, direct)
	s := openWith(t, Options{DSN: dsn, MaxConns: 1})
	mustDo(t, s.Insert(t.Context(), pendingRow("first"))) // prepares the statement, which would wait too
	reader := openReader(t, direct)
	waiting := func() (n int) {
		mustDo(t, reader.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(&n))
		return n
	}
	tx, err := openReader(t, direct).Begin(t.Context())
	mustDo(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE acsauth.mapping IN SHARE MODE")
	mustDo(t, err)
	row := pendingRow("x")
	result := make(chan error, 1)
	go func() { result <- s.Insert(t.Context(), row) }()
	for waiting() == 0 && len(result) == 0 {
	}
	f.cut()
	for waiting() < 2 && len(result) == 0 { // two: it was sent again
	}
	mustDo(t, tx.Rollback(t.Context()))
	if err := <-result; err == nil || sentinel(err) {
		t.Errorf("got %v, want an unknown outcome", err)
	}
	for end := time.Now().Add(time.Minute); ; {
		got, err := s.Get(t.Context(), row.Key)
		if err == nil && got.Fenced(row) {
			return
		}
		if !errors.Is(err, acsauth.ErrNotFound) || time.Now().After(end) {
			t.Fatalf("the row is not there: %v", err)
		}
	}
}
