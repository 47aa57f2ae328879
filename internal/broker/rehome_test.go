package broker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

// A service that moved to another ACS resource gives each user one new identity
// there, and writes the old one down. Without the policy it refuses.
func TestRehome(t *testing.T) {
	old, here := newService(t), newService(t)
	store := storetest.NewMemory()
	first, _, err := old.replica(t, store).EnsureIdentity(t.Context(), user(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := here.replica(t, storetest.NewMemory()).EnsureIdentity(t.Context(), user(9)); err != nil {
		t.Fatal(err) // the two services number their identities alike
	}
	move := func(rehome bool) *Broker {
		b, err := New(Options{Store: store, ACS: here.client(t), Resource: "new", Scopes: []acsauth.Scope{acsauth.ScopeChat}, Rehome: rehome})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	_, err = move(false).LookupIdentity(t.Context(), user(1))
	wantCode(t, err, "identity_of_another_resource")
	_, _, err = move(false).EnsureIdentity(t.Context(), user(1))
	wantCode(t, err, "identity_of_another_resource")

	replicas := []*Broker{move(true), move(true), move(true)}
	_, err = replicas[0].LookupIdentity(t.Context(), user(1))
	wantCode(t, err, "identity_not_found")
	var shown atomic.Pointer[acsauth.Identity]
	err = many(60, func(i int) error {
		id, _, err := replicas[i%3].EnsureIdentity(t.Context(), user(1))
		if before := shown.Swap(&id); err == nil && before != nil && *before != id {
			err = errors.New("two identities for one user")
		}
		return err
	})
	if err != nil || here.count("create") != 2 || *shown.Load() == first {
		t.Fatalf("%v; %d creates", err, here.count("create"))
	}
	lines, err := store.Lines(t.Context(), acsauth.Left, 10)
	if err != nil || len(lines) != 1 || lines[0].Identity != first || lines[0].Resource != testResource {
		t.Errorf("the old identity is not written down: %+v %v", lines, err)
	}
	if err := replicas[0].Sweep(t.Context()); err != nil || here.count("delete") != 0 || old.living() != 1 {
		t.Errorf("the sweeper reached for the other resource: %v", err)
	}
}

// An error that a store explains itself reaches the caller as it is; others do not.
func TestErrorsOfTheStore(t *testing.T) {
	s := newService(t)
	step := &acsauth.Error{Kind: acsauth.StepUp, Code: "step_up_required", Op: "store", Detail: "d", Hint: "h", Claims: `{"a":1}`}
	for _, c := range []struct {
		err  error
		code string
	}{
		{step, "step_up_required"},
		{&acsauth.Error{Kind: acsauth.Conflict, Code: codeTampered, Op: "store", Detail: "d", Hint: "h"}, codeTampered},
		{errors.New("broken"), "store_unavailable"},
		{context.DeadlineExceeded, "store_timeout"},
	} {
		b := s.replica(t, failing{storetest.NewMemory(), c.err})
		_, _, err := b.EnsureIdentity(t.Context(), user(1))
		wantCode(t, err, c.code)
		_, err = b.IssueToken(t.Context(), user(1), TokenRequest{MaxLifetime: time.Hour})
		wantCode(t, err, c.code)
	}
	if s.count("create") != 0 {
		t.Errorf("%d creates without a store", s.count("create"))
	}
}

// failing is a store whose reads fail.
type failing struct {
	acsauth.Store
	err error
}

func (f failing) Get(context.Context, acsauth.UserKey) (acsauth.Mapping, error) {
	return acsauth.Mapping{}, f.err
}
