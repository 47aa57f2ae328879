package postgres

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/jackc/pgx/v5"
)

// ears note what Watch tells.
type ears struct {
	mu    sync.Mutex
	heard []string
	gaps  int // times that it began to listen
	deaf  int // times that it could not any more
}

func (e *ears) drop(hash string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, hash)
}

func (e *ears) hears(yes bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if yes {
		e.gaps++
	} else {
		e.deaf++
	}
}

func (e *ears) has(heard, gaps int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.heard) >= heard && e.gaps >= gaps
}

func (e *ears) wait(t *testing.T, what string, heard, gaps int) {
	t.Helper()
	for range 3000 {
		if e.has(heard, gaps) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: heard %q, %d gaps; want %d and %d", what, e.heard, e.gaps, heard, gaps)
}

// watch listens until the test ends.
func watch(t *testing.T, s *Store) *ears {
	t.Helper()
	e := new(ears)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Watch(ctx, e.drop, e.hears) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("Watch does not end with its context")
		}
	})
	e.wait(t, "the begin", 0, 1)
	return e
}

func TestOthersHearOfChanges(t *testing.T) {
	s, dsn := openNew(t)
	other, err := Open(t.Context(), Options{DSN: dsn})
	mustDo(t, err)
	defer other.Close()
	e := watch(t, other)
	row := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "https://login.example/t/v2.0", Subject: "alice"}, State: acsauth.Pending, Attempt: "a", Resource: "r", Generation: 1}
	version := func(state acsauth.State, attempt string, id acsauth.Identity) acsauth.Mapping {
		next := row
		next.State, next.Attempt, next.Identity = state, attempt, id
		return next
	}
	line := &acsauth.JournalLine{Attempt: "c", Kind: acsauth.Left, User: row.Key.Hash(), Identity: "8:acs:r_1", Resource: "r"}
	one, two, three := version(acsauth.Active, "a", "8:acs:r_1"), version(acsauth.Active, "b", "8:acs:r_1"), version(acsauth.Active, "c", "8:acs:r_1")
	mustDo(t, s.Insert(t.Context(), row))
	mustDo(t, s.Replace(t.Context(), row, one, nil))
	if s.Replace(t.Context(), row, one, nil) == nil {
		t.Fatal("the fence is gone")
	}
	mustDo(t, s.Replace(t.Context(), one, two, nil)) // the first that concerns others
	mustDo(t, s.Replace(t.Context(), two, three, nil))
	mustDo(t, s.Remove(t.Context(), three, line))
	e.wait(t, "three changes", 3, 1)
	mustDo(t, s.Insert(t.Context(), one))
	mustDo(t, s.Remove(t.Context(), one, nil))
	e.wait(t, "one more", 4, 1)
	for _, heard := range e.heard {
		if heard != row.Key.Hash() {
			t.Errorf("heard %q", heard)
		}
	}
	if len(e.heard) != 4 {
		t.Errorf("heard %d changes, want 4", len(e.heard))
	}
}

// What was changed while nobody listened is told as a gap.
func TestLostListenersHearOfAGap(t *testing.T) {
	s, dsn := openNew(t)
	e := watch(t, s)
	conn, err := pgx.Connect(t.Context(), dsn)
	mustDo(t, err)
	defer conn.Close(context.Background())
	for n := range 3 {
		_, err = conn.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN "+channel+"' AND datname = current_database()")
		mustDo(t, err)
		e.wait(t, fmt.Sprintf("listening again, time %d", n+1), 0, n+2)
	}
	for _, payload := range []string{"", "x", "alice@example.com"} { // what is none of ours is not passed on
		_, err = conn.Exec(t.Context(), "SELECT pg_notify($1, $2)", channel, payload)
		mustDo(t, err)
	}
	_, err = conn.Exec(t.Context(), "SELECT pg_notify($1, $2)", channel, acsauth.UserKey{}.Hash())
	mustDo(t, err)
	e.wait(t, "the good one", 1, 4)
	if len(e.heard) != 1 {
		t.Errorf("heard %q", e.heard)
	}
	time.Sleep(silence + time.Second) // the connection is asked whether it lives, and goes on
	_, err = conn.Exec(t.Context(), "SELECT pg_notify($1, $2)", channel, acsauth.UserKey{}.Hash())
	mustDo(t, err)
	e.wait(t, "after a silence", 2, 4)
	if e.gaps != 4 || e.deaf != 3 {
		t.Errorf("listened %d times and was deaf %d times, want 4 and 3", e.gaps, e.deaf)
	}
}
