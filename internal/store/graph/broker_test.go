package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/entra"
	"github.com/acs-solutions/acsauth/internal/store/graph"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/storetest"
)

// A house is a real broker on a real store, with all of Microsoft on loopback.
type house struct {
	t       *testing.T
	emu     *emulator.Emulator
	mode    graph.Mode
	journal storetest.Database
}

func newHouse(t *testing.T, mode graph.Mode) *house {
	path := filepath.Join(t.TempDir(), "journal.db")
	return &house{t: t, emu: emulator.Start(t, emulator.Options{}), mode: mode,
		journal: storetest.OneHandle(func(ctx context.Context) (acsauth.Store, error) { return sqlite.Open(ctx, path) })}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// store opens a store as a replica of its own would.
func (h *house) store() *graph.Store {
	h.t.Helper()
	client, err := entra.New(entra.Options{AuthorityHost: h.emu.URL(), Tenants: []string{emulator.TenantID},
		ClientID: emulator.APIClientID, Secret: emulator.APIClientSecret, AllowLoopback: true})
	h.must(err)
	journal, err := h.journal(h.t.Context())
	h.must(err)
	s, err := graph.Open(h.t.Context(), graph.Options{
		BaseURL: h.emu.GraphURL(), Mode: h.mode, Entra: client, MACKeys: []graph.MACKey{{ID: "k", Key: bytes.Repeat([]byte{7}, 32)}},
		Resource: emulator.ResourceID, Journal: journal, AllowLoopback: true,
	})
	h.must(err)
	h.t.Cleanup(func() { h.must(errors.Join(s.Close(), client.Close())) })
	return s
}

func (h *house) broker(store acsauth.Store) *broker.Broker {
	h.t.Helper()
	acs, err := acsidentity.NewClientFromConnectionString(h.emu.ConnectionString(), nil)
	h.must(err)
	b, err := broker.New(broker.Options{Store: store, ACS: acs, Resource: emulator.ResourceID, Scopes: []acsauth.Scope{acsauth.ScopeChat}})
	h.must(err)
	return b
}

// caller is a user of the crowd, and the context of a call of it.
func (h *house) caller(n int) (context.Context, acsauth.Caller) {
	token, err := h.emu.MintToken(emulator.TokenRequest{User: fmt.Sprint("user-", n)})
	h.must(err)
	key := acsauth.UserKey{Issuer: h.emu.Issuer(), Subject: fmt.Sprintf("ac5a0000-0000-4001-a000-%012d", n)}
	return acsauth.WithAssertion(h.t.Context(), token), acsauth.Caller{Key: key, Kind: acsauth.User}
}

// alive returns the identities at ACS that were not deleted.
func (h *house) alive() map[acsauth.Identity]bool {
	alive := map[acsauth.Identity]bool{}
	for _, id := range h.emu.Identities() {
		if !id.Deleted {
			alive[acsauth.Identity(id.ID)] = true
		}
	}
	return alive
}

// TestBrokers: first sign-ins at three brokers at once, with reads that lag and
// POSTs whose answers are lost. Each user has one identity, and no other is alive at ACS.
func TestBrokers(t *testing.T) {
	for _, mode := range []graph.Mode{graph.Application, graph.Delegated} {
		t.Run(string(mode), func(t *testing.T) {
			const users = 12
			h := newHouse(t, mode)
			h.must(h.emu.SetGraph(emulator.GraphBehaviour{ReadLag: 100 * time.Millisecond, LagVaries: true, DuplicateStatus: 409}))
			var n sync.Map
			h.emu.SetFault(func(op string) emulator.Fault {
				if _, again := n.LoadOrStore(op, true); !again && op == "graph.add" {
					return emulator.Fault{DropAfter: true}
				}
				return emulator.Fault{}
			})
			brokers := []*broker.Broker{h.broker(h.store()), h.broker(h.store()), h.broker(h.store())}
			var mu sync.Mutex
			shown, made := map[int]map[acsauth.Identity]bool{}, map[int]int{}
			var wg sync.WaitGroup
			for user := 1; user <= users; user++ {
				shown[user] = map[acsauth.Identity]bool{}
				ctx, caller := h.caller(user)
				for i := range 9 {
					wg.Go(func() {
						id, created, err := brokers[i%3].EnsureIdentity(ctx, caller)
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							t.Errorf("user %d: %v", user, err)
							return
						}
						shown[user][id] = true
						if created {
							made[user]++
						}
					})
				}
			}
			wg.Wait()
			alive := h.alive()
			for user, ids := range shown {
				if len(ids) != 1 || made[user] != 1 {
					t.Errorf("user %d was shown %d identities, and was told %d times that it was made", user, len(ids), made[user])
				}
				for id := range ids {
					if !alive[id] {
						t.Errorf("user %d was shown an identity that is not alive", user)
					}
					delete(alive, id)
				}
			}
			if len(alive) != 0 {
				t.Errorf("%d identities at ACS belong to nobody", len(alive))
			}
		})
	}
}

// TestBrokersWithoutOneJournal: two replicas whose journals do not know of each
// other meet at Graph only. Both make an identity; the loser's is deleted.
func TestBrokersWithoutOneJournal(t *testing.T) {
	h := newHouse(t, graph.Application)
	h.must(h.emu.SetGraph(emulator.GraphBehaviour{ReadLag: 200 * time.Millisecond}))
	first := h.broker(h.store())
	path := filepath.Join(t.TempDir(), "other.db")
	h.journal = func(ctx context.Context) (acsauth.Store, error) { return sqlite.Open(ctx, path) }
	second := h.broker(h.store())
	for user := 1; user <= 5; user++ {
		ctx, caller := h.caller(user)
		ids := make([]acsauth.Identity, 2)
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, b := range []*broker.Broker{first, second} {
			wg.Go(func() { ids[i], _, errs[i] = b.EnsureIdentity(ctx, caller) })
		}
		wg.Wait()
		h.must(errors.Join(errs...))
		if ids[0] != ids[1] {
			t.Errorf("user %d has two identities", user)
		}
	}
	if alive := h.alive(); len(alive) != 5 {
		t.Errorf("%d identities are alive, want 5", len(alive))
	}
	if all := len(h.emu.Identities()); all <= 5 {
		t.Errorf("%d identities were made: nobody lost, so nothing was tested", all)
	}
}

// TestBrokerLife: sign-in, token, deletion, sign-in again, in both modes.
func TestBrokerLife(t *testing.T) {
	for _, mode := range []graph.Mode{graph.Application, graph.Delegated} {
		t.Run(string(mode), func(t *testing.T) {
			h := newHouse(t, mode)
			b := h.broker(h.store())
			ctx, caller := h.caller(1)
			var last acsauth.Identity
			for range 3 {
				id, created, err := b.EnsureIdentity(ctx, caller)
				h.must(err)
				if !created || id == last {
					t.Error("the identity is not a new one")
				}
				again, err := h.broker(h.store()).LookupIdentity(ctx, caller)
				h.must(err)
				if again != id {
					t.Error("another replica sees another identity")
				}
				done, err := b.DeleteIdentity(ctx, caller)
				h.must(err)
				if _, err := b.LookupIdentity(ctx, caller); !done || acsauth.KindOf(err) != acsauth.NotFound {
					t.Errorf("after the deletion: %t, %v", done, err)
				}
				last = id
			}
			if alive := h.alive(); len(alive) != 0 {
				t.Errorf("%d identities are left", len(alive))
			}
		})
	}
}

// TestBrokerDeletionResumed: ACS was down when the user deleted the identity. The
// sweeper deletes it there; at Graph it can do so itself, or needs the user.
func TestBrokerDeletionResumed(t *testing.T) {
	for _, mode := range []graph.Mode{graph.Application, graph.Delegated} {
		t.Run(string(mode), func(t *testing.T) {
			h := newHouse(t, mode)
			store := h.store()
			b := h.broker(store)
			ctx, caller := h.caller(1)
			_, _, err := b.EnsureIdentity(ctx, caller)
			h.must(err)
			h.emu.SetFault(func(op string) emulator.Fault {
				if op == "delete" {
					return emulator.Fault{Status: 400} // not repeated by the client of ACS
				}
				return emulator.Fault{}
			})
			done, err := b.DeleteIdentity(ctx, caller)
			h.must(err)
			if done {
				t.Fatal("done although ACS refused")
			}
			h.emu.SetFault(nil)
			row, err := store.Get(ctx, caller.Key)
			h.must(err)
			short := row
			short.Lease = time.Millisecond
			h.must(h.shorten(ctx, row, short))
			h.must(h.broker(h.store()).Sweep(t.Context()))
			if alive := h.alive(); len(alive) != 0 {
				t.Errorf("%d identities are left at ACS", len(alive))
			}
			if _, err := store.Get(ctx, caller.Key); !errors.Is(err, acsauth.ErrNotFound) {
				t.Errorf("after the sweep, and with the user back: %v", err)
			}
		})
	}
}

// shorten ends the lease of a row in the Journal, as waiting would.
func (h *house) shorten(ctx context.Context, row, short acsauth.Mapping) error {
	journal, err := h.journal(ctx)
	if err != nil {
		return err
	}
	err = journal.Replace(ctx, row, short, nil)
	for err == nil {
		var rows []acsauth.Mapping
		if rows, err = journal.Unfinished(ctx, acsauth.Deleting, 0, 1); len(rows) == 1 {
			break
		}
	}
	return errors.Join(err, journal.Close())
}

// TestBrokerAnswers: what the store knows reaches the caller of the broker as it is.
func TestBrokerAnswers(t *testing.T) {
	h := newHouse(t, graph.Delegated)
	b := h.broker(h.store())
	ctx, caller := h.caller(1)
	want := func(ctx context.Context, kind acsauth.Kind, code string) *acsauth.Error {
		t.Helper()
		_, _, err := b.EnsureIdentity(ctx, caller)
		e, ok := errors.AsType[*acsauth.Error](err)
		if !ok || e.Kind != kind || e.Code != code {
			t.Fatalf("got %v, want %s of kind %s", err, code, kind)
		}
		return e
	}
	want(t.Context(), acsauth.Unavailable, "user_absent")
	h.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{Claims: `{"access_token":{}}`})
	if e := want(ctx, acsauth.StepUp, "step_up_required"); e.Claims == "" {
		t.Error("the challenge is lost")
	}
	h.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{ConsentWithdrawn: true})
	want(ctx, acsauth.StepUp, "consent_required")
	h.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{})
	h.emu.SetFault(func(op string) emulator.Fault {
		if op == "graph.user" {
			return emulator.Fault{Status: 429, RetryAfter: "25"}
		}
		return emulator.Fault{}
	})
	if e := want(ctx, acsauth.Throttled, "graph_throttled"); e.RetryAfter != 25*time.Second {
		t.Errorf("Retry-After %v", e.RetryAfter)
	}
	h.emu.SetFault(nil)
	if len(h.emu.Identities()) != 0 {
		t.Error("an identity was made for a user whose mapping cannot be read")
	}
	_, created, err := b.EnsureIdentity(ctx, caller)
	h.must(err)
	if !created {
		t.Error("not created")
	}
}
