package broker

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/mapcache"
	"github.com/acs-solutions/acsauth/storetest"
)

// counted counts the reads of rows.
type counted struct {
	acsauth.Store
	reads atomic.Int64
}

func (c *counted) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	c.reads.Add(1)
	return c.Store.Get(ctx, key)
}

// glancing returns a replica that remembers rows and tokens.
func (s *service) glancing(t *testing.T, store acsauth.Store) *Broker {
	t.Helper()
	b := s.keeping(t, store, &clock{}, 1<<20)
	m, err := mapcache.New(mapcache.Options{Max: 1000, For: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	b.mappings = m
	return b
}

func TestRowsAreReadOnce(t *testing.T) {
	s, store := newService(t), &counted{Store: storetest.NewMemory()}
	b := s.glancing(t, store)
	first := get(t, b, 1)
	get(t, b, 1) // the read that is remembered
	before := store.reads.Load()
	for range 5 {
		if get(t, b, 1) != first {
			t.Fatal("another token")
		}
	}
	if n := store.reads.Load() - before; n != 0 {
		t.Errorf("%d reads", n)
	}
	for range 2 { // an identity is shown as the store has it
		if _, _, err := b.EnsureIdentity(t.Context(), user(1)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.LookupIdentity(t.Context(), user(1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := store.reads.Load() - before; n != 4 {
		t.Errorf("%d reads, want 4", n)
	}
}

// What this replica changes, it sees at once.
func TestOwnChangesAreSeen(t *testing.T) {
	s := newService(t)
	b := s.glancing(t, storetest.NewMemory())
	get(t, b, 1)
	first := get(t, b, 1)
	if err := b.RevokeTokens(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	second := get(t, b, 1)
	if second == first {
		t.Fatal("a revoked token was handed out")
	}
	if done, err := b.DeleteIdentity(t.Context(), user(1)); !done || err != nil {
		t.Fatal(done, err)
	}
	_, err := b.LookupIdentity(t.Context(), user(1))
	wantCode(t, err, "identity_not_found")
	if get(t, b, 1) == second || s.count("create") != 2 {
		t.Error("the deleted identity is still served")
	}
}

// What another replica changes is seen when it says so, and after the time of a row at the latest; a refused call of ACS is told from a stale row.
func TestChangesOfOthers(t *testing.T) {
	s, store := newService(t), storetest.NewMemory()
	b, other := s.glancing(t, store), s.replica(t, store)
	get(t, b, 1)
	first := get(t, b, 1)
	if err := other.RevokeTokens(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	if get(t, b, 1) != first {
		t.Fatal("the row was read again: the test shows nothing")
	}
	b.mappings.Drop(user(1).Key.Hash())
	if get(t, b, 1) == first {
		t.Error("the other replica said so, and was not heard")
	}
	if done, err := other.DeleteIdentity(t.Context(), user(1)); !done || err != nil {
		t.Fatal(done, err)
	}
	if renewed(t, b, 1) == "" || s.count("create") != 2 { // ACS refuses the stale identity, so the row is read again, and there is none
		t.Errorf("%d creates, want 2", s.count("create"))
	}
	// A revocation must hit the identity of now, not that of a remembered row.
	get(t, b, 1)
	if done, err := other.DeleteIdentity(t.Context(), user(1)); !done || err != nil {
		t.Fatal(done, err)
	}
	fresh := get(t, other, 1)
	revoked := s.count("revoke")
	if err := b.RevokeTokens(t.Context(), user(1)); err != nil || s.count("revoke") != revoked+1 {
		t.Fatalf("%v, %d", err, s.count("revoke"))
	}
	row, err := store.Get(t.Context(), user(1).Key)
	if err != nil || row.Generation != 2 || fresh == "" {
		t.Errorf("the new identity was not revoked: %+v %v", row, err)
	}
}
