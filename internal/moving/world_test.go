package moving

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

const shortPage = 7

// A fakeSource makes up rows, in short pages.
type fakeSource struct {
	rows  int
	page  int // 0: shortPage
	row   func(i int) acsauth.Mapping
	lines []acsauth.JournalLine
	fails func(at int) error // asked before each page
}

func (s fakeSource) List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error) {
	at := 0
	if cursor != "" {
		if at, err = strconv.Atoi(cursor); err != nil {
			return nil, "", err
		}
	}
	if s.fails != nil {
		if err := s.fails(at); err != nil {
			return nil, "", err
		}
	}
	page := s.page
	if page == 0 {
		page = shortPage
	}
	for ; at < s.rows && len(rows) < min(limit, page); at++ {
		rows = append(rows, s.row(at))
	}
	if at < s.rows {
		next = strconv.Itoa(at)
	}
	return rows, next, ctx.Err()
}

func (s fakeSource) Journal(_ context.Context, _ bool, each func(acsauth.JournalLine) (bool, error)) (int64, error) {
	for _, line := range s.lines {
		if _, err := each(line); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func (s fakeSource) Total(context.Context) (int64, error) { return int64(s.rows), nil }

// mixed is a row in some state: of ten, one is pending and one is being deleted.
func mixed(i int) acsauth.Mapping {
	m := acsauth.Mapping{
		Key:   acsauth.UserKey{Issuer: "https://login.example/t/v2.0", Subject: fmt.Sprintf("user <&> ü %d", i)},
		State: acsauth.Active, Attempt: fmt.Sprintf("attempt-%d", i), Identity: acsauth.Identity(fmt.Sprintf("8:acs:resource_%d", i)),
		Resource: "contoso.communication.azure.com", Generation: int64(1 + i%3),
	}
	switch i % 10 {
	case 3:
		m.State, m.Identity, m.Lease = acsauth.Pending, "", time.Minute
	case 6:
		m.State, m.Lease = acsauth.Deleting, time.Minute
	}
	return m
}

func sampleLines() []acsauth.JournalLine {
	return []acsauth.JournalLine{
		{Attempt: "o1", Kind: acsauth.Orphan, User: mixed(1).Key.Hash(), Identity: "8:acs:resource_lost", Resource: "r"},
		{Attempt: "s1", Kind: acsauth.Suspect, User: mixed(2).Key.Hash(), Resource: "r", Answer: []byte{0, 255, '"', '\n'}, RequestID: "id-1"},
		{Attempt: "l1", Kind: acsauth.Left, User: mixed(3).Key.Hash(), Identity: "8:acs:old_1", Resource: "old"},
	}
}

func sample(rows int) fakeSource { return fakeSource{rows: rows, row: mixed, lines: sampleLines()} }

// numbers are what a copy of sample(n) carries, n a multiple of ten.
func numbers(n int64) (moves, deleting, pending int64) { return n / 10 * 9, n / 10, n / 10 }

func options(s Source, t acsauth.Store) Options {
	return Options{Source: s, Target: Target{Store: t, Pause: time.Microsecond}, Pair: Pair("a", "b"), Concurrency: 4}
}

// withCheckpoint adds a checkpoint in a new folder.
func withCheckpoint(t *testing.T, o Options) Options {
	t.Helper()
	o.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	return o
}

// checkEqual fails unless the target has what sample(n) carries, and no more.
func checkEqual(t *testing.T, n int, store acsauth.Store) {
	t.Helper()
	o := options(sample(n), store)
	o.Note = func(n Note) { t.Errorf("user %s: %s", n.User, n.Reason) }
	v, err := Verify(t.Context(), o)
	moves, deleting, pending := numbers(int64(n))
	if want := (Verdict{Rows: moves, Equal: moves, Pending: pending}); err != nil || v != want {
		t.Errorf("verdict %+v, want %+v, %v", v, want, err)
	}
	c, err := store.Counts(t.Context())
	if c.Active == acsauth.NotCounted {
		c.Active = moves - deleting // it cannot tell
	}
	want := acsauth.Counts{Active: moves - deleting, Deleting: deleting, Suspects: 1, Orphans: 1, Left: 1}
	if err != nil || c != want {
		t.Errorf("the target holds %+v, want %+v, %v", c, want, err)
	}
	for _, line := range sampleLines() {
		got, err := store.Lines(t.Context(), line.Kind, 10)
		if err != nil || len(got) != 1 || got[0].User != line.User || got[0].Attempt != line.Attempt || got[0].Identity != line.Identity ||
			got[0].Resource != line.Resource || string(got[0].Answer) != string(line.Answer) || got[0].RequestID != line.RequestID {
			t.Errorf("lines %+v, want %+v, %v", got, line, err)
		}
	}
}

// insertOnly refuses all but the writes of a Broker, as a place that can only insert.
type insertOnly struct{ acsauth.Store }

var errOrder = errors.New("not a write of a broker")

func (s insertOnly) Insert(ctx context.Context, m acsauth.Mapping) error {
	if m.State != acsauth.Pending {
		return errOrder
	}
	return s.Store.Insert(ctx, m)
}

func (s insertOnly) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	commit := old.State == acsauth.Pending && next.State == acsauth.Active && old.Attempt == next.Attempt
	remove := old.State == acsauth.Active && next.State == acsauth.Deleting && old.Identity == next.Identity
	if !commit && !remove {
		return errOrder
	}
	return s.Store.Replace(ctx, old, next, line)
}

// finding is a store that looks identities up in a list.
type finding struct {
	acsauth.Store
	owners map[acsauth.Identity]acsauth.Mapping
}

func (s finding) Find(_ context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	if m, ok := s.owners[id]; ok {
		return m, nil
	}
	return acsauth.Mapping{}, acsauth.ErrNotFound
}

var _ acsauth.Store = storetest.NewFaulty(nil, nil)
