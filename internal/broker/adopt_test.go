package broker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/storetest"
)

// adopting is a broker that takes identities over from held.
func adopting(t *testing.T, s *service, store acsauth.Store, held func(acsauth.UserKey) (acsauth.Identity, error)) *Broker {
	t.Helper()
	b, err := New(Options{Store: store, ACS: s.client(t), Resource: testResource, Scopes: []acsauth.Scope{acsauth.ScopeChat},
		Adopt: func(_ context.Context, key acsauth.UserKey) (acsauth.Identity, error) { return held(key) }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// strayID makes an identity as a sample server would: ACS knows it and no store does.
func strayID(t *testing.T, s *service) acsauth.Identity {
	t.Helper()
	r, err := s.client(t).CreateIdentity(t.Context(), &acsidentity.CreateIdentityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Identity
}

// What another place holds is taken over once, by look-ups too, and makes no second identity.
func TestAdopt(t *testing.T) {
	s := newService(t)
	store := storetest.NewMemory()
	id := strayID(t, s)
	asked := atomic.Int64{}
	held := func(acsauth.UserKey) (acsauth.Identity, error) { asked.Add(1); return id, nil }
	replicas := []*Broker{adopting(t, s, store, held), adopting(t, s, store, held)}
	err := many(40, func(i int) error {
		b := replicas[i%2]
		if i%4 < 2 {
			got, err := b.LookupIdentity(t.Context(), user(1))
			if err == nil && got != id {
				err = errors.New("another identity was found")
			}
			return err
		}
		got, created, err := b.EnsureIdentity(t.Context(), user(1))
		if err == nil && (got != id || created) {
			err = errors.New("another identity was made")
		}
		return err
	})
	if err != nil || s.count("create") != 1 {
		t.Fatalf("%v; %d creates", err, s.count("create"))
	}
	before := asked.Load()
	if _, err := replicas[0].LookupIdentity(t.Context(), user(1)); err != nil || asked.Load() != before {
		t.Errorf("a mapping that is here is looked for elsewhere: %v", err)
	}
	// The user's own: nobody else can be given it, and once deleted it does not come back.
	if _, err := replicas[0].LookupIdentity(t.Context(), user(2)); err == nil {
		t.Error("two users have one identity")
	} else {
		wantCode(t, err, codeTampered)
	}
	if done, err := replicas[0].DeleteIdentity(t.Context(), user(1)); !done || err != nil {
		t.Fatal(done, err)
	}
	_, err = replicas[0].LookupIdentity(t.Context(), user(1))
	wantCode(t, err, "identity_not_found")
	fresh, created, err := replicas[0].EnsureIdentity(t.Context(), user(1))
	if err != nil || !created || fresh == id {
		t.Errorf("a deleted identity came back: %v", err)
	}
}

// Unsure is no reason for a second identity.
func TestAdoptUnsure(t *testing.T) {
	s := newService(t)
	id := strayID(t, s)
	away := &acsauth.Error{Kind: acsauth.Unavailable, Code: "graph_unavailable", Op: "graph", Detail: "d", Hint: "h"}
	b := adopting(t, s, storetest.NewMemory(), func(acsauth.UserKey) (acsauth.Identity, error) { return "", away })
	_, _, err := b.EnsureIdentity(t.Context(), user(1))
	wantCode(t, err, "graph_unavailable")
	_, err = b.LookupIdentity(t.Context(), user(1))
	wantCode(t, err, "graph_unavailable")

	b = adopting(t, s, storetest.NewMemory(), func(acsauth.UserKey) (acsauth.Identity, error) { return id, nil })
	s.before = refuse(500)
	_, err = b.IssueToken(t.Context(), user(1), TokenRequest{MaxLifetime: time.Hour, Create: true})
	wantCode(t, err, "acs_unavailable")
	s.before = nil
	if s.count("create") != 1 {
		t.Errorf("%d creates", s.count("create"))
	}

	b = adopting(t, s, storetest.NewMemory(), func(acsauth.UserKey) (acsauth.Identity, error) { return "", nil })
	if _, created, err := b.EnsureIdentity(t.Context(), user(1)); err != nil || !created {
		t.Errorf("a user that the other place does not know: %v %v", created, err)
	}
}
