package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/entra"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/storetest"
)

var (
	keyOne = MACKey{ID: "one", Key: bytes.Repeat([]byte{1}, 32)}
	keyTwo = MACKey{ID: "two", Key: bytes.Repeat([]byte{2}, 32)}
)

// quick keeps the proportions of the real durations where a test would wait for them.
func quick(t *timing) {
	t.firstPause, t.readPause = 10*time.Millisecond, 10*time.Millisecond
	t.patience, t.fresh = 3*time.Second, 300*time.Millisecond
}

// A world is an emulator, a client of its Entra ID, and a journal.
type world struct {
	t       testing.TB
	emu     *emulator.Emulator
	entra   *entra.Client
	mode    Mode
	journal storetest.Database
	log     *syncWriter

	mu     sync.Mutex
	events map[string]int
	tokens map[acsauth.UserKey]string
}

func newWorld(t testing.TB, mode Mode) *world {
	t.Helper()
	w := &world{t: t, emu: emulator.Start(t, emulator.Options{}), mode: mode, log: &syncWriter{w: new(bytes.Buffer)}, events: map[string]int{}, tokens: map[acsauth.UserKey]string{}}
	w.entra = w.newEntra()
	w.reset()
	return w
}

func (w *world) newEntra() *entra.Client {
	w.t.Helper()
	c, err := entra.New(entra.Options{AuthorityHost: w.emu.URL(), Tenants: []string{emulator.TenantID},
		ClientID: emulator.APIClientID, Secret: emulator.APIClientSecret, AllowLoopback: true})
	must(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

// reset empties the directory and the journal.
func (w *world) reset() {
	w.emu.Reset()
	path := filepath.Join(w.t.TempDir(), "journal.db")
	w.journal = storetest.OneHandle(func(ctx context.Context) (acsauth.Store, error) { return sqlite.Open(ctx, path) })
}

func (w *world) options() Options {
	return Options{
		BaseURL: w.emu.GraphURL(), Mode: w.mode, Entra: w.entra, MACKeys: []MACKey{keyOne}, Resource: emulator.ResourceID,
		AllowLoopback: true, Observe: w.observe, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
}

// syncWriter lets several stores log to one buffer, which is read when all are done.
type syncWriter struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

func (w *world) observe(event string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events[event]++
}

func (w *world) told(event string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.events[event]
}

// handle opens a store on the world. change may be nil.
func (w *world) handle(ctx context.Context, change func(*Options)) (*Store, error) {
	o := w.options()
	journal, err := w.journal(ctx)
	if err != nil {
		return nil, err
	}
	o.Journal = journal
	if change != nil {
		change(&o)
	}
	s, err := Open(ctx, o)
	if err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	quick(&s.timing)
	return s, nil
}

// open opens a store that is closed with the test.
func (w *world) open(change func(*Options)) *Store {
	w.t.Helper()
	s, err := w.handle(w.t.Context(), change)
	must(w.t, err)
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return s
}

// user is the n-th user of the crowd, from 1.
func (w *world) user(n int) acsauth.UserKey {
	return acsauth.UserKey{Issuer: w.emu.Issuer(), Subject: fmt.Sprintf("ac5a0000-0000-4001-a000-%012d", n)}
}

// as returns a context that carries the token of a user.
func (w *world) as(ctx context.Context, key acsauth.UserKey) context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tokens[key] == "" {
		token, err := w.emu.MintToken(emulator.TokenRequest{User: key.Subject})
		if err != nil {
			w.t.Error(err)
		}
		w.tokens[key] = token
	}
	return acsauth.WithAssertion(ctx, w.tokens[key])
}

// intent is a fresh Pending row of a user.
func (w *world) intent(n int, attempt string) acsauth.Mapping {
	return acsauth.Mapping{Key: w.user(n), State: acsauth.Pending, Attempt: attempt, Resource: emulator.ResourceID, Generation: 1, Lease: time.Minute}
}

func identity(name string) acsauth.Identity {
	return acsauth.Identity("8:acs:" + emulator.ResourceID + "_" + name)
}

// active takes a user to Active.
func (w *world) active(ctx context.Context, s acsauth.Store, n int, name string) acsauth.Mapping {
	w.t.Helper()
	row := w.intent(n, "attempt-"+name)
	must(w.t, s.Insert(ctx, row))
	next := row
	next.State, next.Identity, next.Lease = acsauth.Active, identity(name), 0
	must(w.t, s.Replace(ctx, row, next, nil))
	return next
}

func deleting(row acsauth.Mapping) acsauth.Mapping {
	row.State, row.Lease = acsauth.Deleting, time.Minute
	return row
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode fails unless some error in the chain has the code, and the kind with it.
func wantCode(t testing.TB, err error, kind acsauth.Kind, code string) *acsauth.Error {
	t.Helper()
	for e, ok := errors.AsType[*acsauth.Error](err); ok; e, ok = errors.AsType[*acsauth.Error](e.Err) {
		if e.Code == code && e.Kind == kind {
			return e
		}
		if e.Err == nil {
			break
		}
	}
	t.Fatalf("got error %v, want %s of kind %s", err, code, kind)
	return nil
}

func wantRow(t testing.TB, s acsauth.Store, ctx context.Context, want acsauth.Mapping) {
	t.Helper()
	got, err := s.Get(ctx, want.Key)
	if err != nil || !got.Fenced(want) || got.Generation != want.Generation || got.Resource != want.Resource {
		t.Fatalf("got a row in state %s with %s, %v; want %s with %s", got.State, got.Identity, err, want.State, want.Identity)
	}
}

func wantNone(t testing.TB, s acsauth.Store, ctx context.Context, key acsauth.UserKey) {
	t.Helper()
	if row, err := s.Get(ctx, key); !errors.Is(err, acsauth.ErrNotFound) {
		t.Fatalf("got a row in state %s with %s, %v; want none", row.State, row.Identity, err)
	}
}

// String is what was logged.
func (s *syncWriter) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.String()
}
