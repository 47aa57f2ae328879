package graph

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
)

// TestSeenRowOutlivesLag: a lagging read undoes nothing that this store has seen.
func TestSeenRowOutlivesLag(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	s := w.open(nil)
	must(t, w.emu.SetGraph(emulator.GraphBehaviour{ReadLag: 5 * time.Minute}))
	s.timing.fresh = 0 // ask Graph each time
	row := w.active(ctx, s, 1, "one")
	for range 5 {
		wantRow(t, s, ctx, row)
	}
	if err := s.Insert(ctx, w.intent(1, "a")); !errors.Is(err, acsauth.ErrConflict) {
		t.Errorf("an intent for an Active user: %v", err)
	}
	wantNone(t, w.open(nil), ctx, row.Key) // another store has not seen it, and cannot
	must(t, s.Replace(ctx, row, deleting(row), nil))
	must(t, s.Remove(ctx, deleting(row), nil)) // though no read shows the extension
	wantNone(t, s, ctx, row.Key)
	must(t, w.emu.SetGraph(emulator.GraphBehaviour{}))
	wantNone(t, w.open(nil), ctx, row.Key)
	if status, _ := w.raw(row.Key, "GET", "/"+DefaultExtension, nil); status != 404 {
		t.Errorf("the extension is still there: %d", status)
	}
}

// TestRemovedStaysRemoved: reads that still show what was removed show nothing, on every replica and after a restart.
func TestRemovedStaysRemoved(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	a, b := w.open(nil), w.open(nil)
	b.timing.fresh = 0
	row := w.active(ctx, a, 1, "one")
	wantRow(t, b, ctx, row)
	must(t, a.Replace(ctx, row, deleting(row), nil))
	must(t, a.Remove(ctx, deleting(row), nil))
	row = w.active(ctx, a, 1, "two")
	shown := time.Now()
	wantRow(t, b, ctx, row)
	must(t, a.Replace(ctx, row, deleting(row), nil))
	must(t, a.Remove(ctx, deleting(row), nil))
	must(t, w.emu.SetGraph(emulator.GraphBehaviour{ReadLag: time.Since(shown)})) // reads show the row for as long as the test has run
	stores := []*Store{a, b, w.open(nil)}
	for range 10 {
		for _, s := range stores {
			wantNone(t, s, ctx, row.Key)
		}
	}
	next := w.intent(1, "three")
	must(t, stores[2].Insert(ctx, next))
	wantRow(t, b, ctx, next)
}

// TestCommitReadsBack: a POST whose answer was lost is found again, whatever
// status a duplicate has and however long reads miss it.
func TestCommitReadsBack(t *testing.T) {
	for _, status := range []int{400, 409} {
		for _, lag := range []time.Duration{0, 300 * time.Millisecond} {
			t.Run(fmt.Sprint(status, lag), func(t *testing.T) {
				w := newWorld(t, Application)
				ctx := t.Context()
				s := w.open(nil)
				must(t, w.emu.SetGraph(emulator.GraphBehaviour{ReadLag: lag, DuplicateStatus: status}))
				row := w.intent(1, "a")
				must(t, s.Insert(ctx, row))
				active := row
				active.State, active.Identity, active.Lease = acsauth.Active, identity("one"), 0
				for i, fault := range []emulator.Fault{{DropAfter: true}, {StatusAfter: 503}, {StatusAfter: 504}, {BadJSON: true}} {
					w.faultOnce("graph.add", fault)
					err := s.Replace(ctx, row, active, nil)
					if i == 0 { // the first one took effect, and nobody was told
						wantCode(t, err, acsauth.Unavailable, "graph_unavailable")
						wantRow(t, s, ctx, mustOneOf(t, s, ctx, row, active))
						continue
					}
					must(t, err) // the duplicate is our own
					wantRow(t, s, ctx, active)
					if err := s.Replace(ctx, row, active, nil); !errors.Is(err, acsauth.ErrConflict) {
						t.Fatalf("a commit without an intent: %v", err)
					}
					return
				}
			})
		}
	}
}

// mustOneOf returns the row that a read shows, which has to be one of the two.
func mustOneOf(t *testing.T, s acsauth.Store, ctx context.Context, a, b acsauth.Mapping) acsauth.Mapping {
	t.Helper()
	got, err := s.Get(ctx, a.Key)
	must(t, err)
	if got.Fenced(b) {
		return b
	}
	return a
}

// faultOnce lets the next request of op meet the fault.
func (w *world) faultOnce(op string, fault emulator.Fault) { w.fault(op, 1, fault) }

// fault lets the next n requests of op meet the fault.
func (w *world) fault(op string, n int64, fault emulator.Fault) {
	var left atomic.Int64
	left.Store(n)
	w.emu.SetFault(func(got string) emulator.Fault {
		if got == op && left.Add(-1) >= 0 {
			return fault
		}
		return emulator.Fault{}
	})
}

// TestTwoExtensions: the limit of an application on a user is told apart from a duplicate.
func TestTwoExtensions(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	s := w.open(nil)
	for _, name := range []string{"com.contoso.a", "com.contoso.b"} {
		if status, answer := w.raw(w.user(1), "POST", "", map[string]any{"@odata.type": extensionType, "extensionName": name}); status != 201 {
			t.Fatal(status, answer)
		}
	}
	row := w.intent(1, "a")
	must(t, s.Insert(ctx, row))
	active := row
	active.State, active.Identity = acsauth.Active, identity("one")
	wantCode(t, s.Replace(ctx, row, active, nil), acsauth.Conflict, "graph_extension_limit")
	wantRow(t, s, ctx, row) // nothing was done
	w.raw(w.user(1), "DELETE", "/com.contoso.a", nil)
	must(t, s.Replace(ctx, row, active, nil))
	wantRow(t, s, ctx, active)
}

// C-19: many users, each wanted by several callers at once on one and on three
// handles, with lag, lost answers and both statuses of a duplicate: one identity each.
func TestManyUsers(t *testing.T) {
	for _, handles := range []int{1, 3} {
		for _, lag := range []time.Duration{0, 10 * time.Millisecond, 100 * time.Millisecond} { // a hundredth of 0, 1 and 10 s
			t.Run(fmt.Sprint(handles, lag), func(t *testing.T) { manyUsers(t, handles, lag) })
		}
	}
}

func manyUsers(t *testing.T, handles int, lag time.Duration) {
	const users, callers = 100, 3
	w := newWorld(t, Application)
	status := 400
	if handles == 3 {
		status = 409
	}
	must(t, w.emu.SetGraph(emulator.GraphBehaviour{ReadLag: lag, LagVaries: true, DuplicateStatus: status}))
	var n atomic.Int64
	w.emu.SetFault(func(op string) emulator.Fault {
		if op == "graph.add" && n.Add(1)%10 == 0 {
			return emulator.Fault{DropAfter: true}
		}
		return emulator.Fault{}
	})
	stores := make([]*Store, handles)
	for i := range stores {
		stores[i] = w.open(nil)
	}
	ctx := t.Context()
	shown := make([]sync.Map, users+1) // identities that somebody was told
	var wg sync.WaitGroup
	limit := make(chan struct{}, 32)
	for user := 1; user <= users; user++ {
		for caller := range callers {
			limit <- struct{}{}
			wg.Go(func() {
				defer func() { <-limit }()
				id, err := signIn(ctx, w, stores[(user+caller)%handles], user, caller)
				if err != nil {
					t.Errorf("user %d: %v", user, err)
				}
				shown[user].Store(id, true)
			})
		}
	}
	wg.Wait()
	must(t, w.emu.SetGraph(emulator.GraphBehaviour{}))
	fresh := w.open(nil)
	for user := 1; user <= users; user++ {
		count := 0
		row, err := fresh.Get(ctx, w.user(user))
		shown[user].Range(func(id, _ any) bool {
			count++
			if err != nil || row.Identity != id {
				t.Errorf("user %d was shown %v, and Graph has %v, %v", user, id, row.Identity, err)
			}
			return true
		})
		if count != 1 {
			t.Errorf("user %d was shown %d identities", user, count)
		}
	}
}

// signIn does what a Broker does, with identities that it makes up.
func signIn(ctx context.Context, w *world, s *Store, user, caller int) (acsauth.Identity, error) {
	for round := range 500 {
		row, err := s.Get(ctx, w.user(user))
		switch {
		case err == nil && row.State == acsauth.Active:
			return row.Identity, nil
		case err == nil && row.Lease > 0:
			if err := sleep(ctx, 10*time.Millisecond); err != nil {
				return "", err
			}
			continue
		case err != nil && !errors.Is(err, acsauth.ErrNotFound):
			return "", err
		}
		name := fmt.Sprintf("%d-%d-%d", user, caller, round)
		intent := w.intent(user, name)
		if err := s.Insert(ctx, intent); errors.Is(err, acsauth.ErrConflict) {
			continue
		} else if err != nil {
			return "", err
		}
		active := intent
		active.State, active.Identity, active.Lease = acsauth.Active, identity(name), 0
		if id, done := commitAsBroker(ctx, s, intent, active); done {
			return id, nil
		}
	}
	return "", errors.New("the row never settled")
}

// commitAsBroker commits, and reads the row again after any refusal.
func commitAsBroker(ctx context.Context, s *Store, intent, active acsauth.Mapping) (acsauth.Identity, bool) {
	for range 20 {
		if s.Replace(ctx, intent, active, nil) == nil {
			return active.Identity, true
		}
		row, err := s.Get(ctx, intent.Key)
		if err == nil && row.Fenced(active) {
			return active.Identity, true
		}
		if err == nil && !row.Fenced(intent) {
			return "", false
		}
	}
	return "", false
}

// TestCallsOfGraph: how many calls a read and a sign-in cost.
func TestCallsOfGraph(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	s := w.open(nil)
	s.timing.fresh = fresh
	calls := func() (user, add int64) { c := w.emu.Counters().Graph; return c["user"], c["add"] }
	row := w.active(ctx, s, 1, "one")
	if user, add := calls(); user != 1 || add != 1 {
		t.Errorf("a sign-in read %d times and wrote %d times, want 1 and 1", user, add)
	}
	for range 100 {
		wantRow(t, s, ctx, row)
	}
	other := w.open(nil)
	other.timing.fresh = fresh
	for range 100 {
		wantRow(t, other, ctx, row)
	}
	if user, _ := calls(); user != 2 {
		t.Errorf("%d reads of Graph, want 2", user)
	}
}
