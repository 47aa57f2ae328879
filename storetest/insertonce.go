package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// RunInsertOnce judges a store by what [acsauth.Store] says of a place that can
// only insert, in place of [Run]. newDatabase is called once for each check, as
// for Run. Reads may lag, by up to half a minute: what another handle wrote is waited for.
//
// The suite makes up its users. A store on a directory of its own needs a
// wrapper that stands real users in for them, one for each and always the same,
// and that carries what a call needs in its ctx.
func RunInsertOnce(t *testing.T, newDatabase func(t *testing.T) Database) {
	t.Helper()
	for _, c := range insertOnceChecks() {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), checkLimit)
			defer cancel()
			if err := c.run(ctx, newDatabase(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// wholeChecks are the checks of the full contract that the weaker one leaves as
// they are: they keep to the writes that it has, or get to other states by them.
var wholeChecks = []string{
	"rows/absent", "rows/other_key", "lines/", "leases/", "unfinished/", "locks/",
	"races/insert", "races/replace", "races/swaps_are_seen", "contexts/ended_before",
	"handles/close_one", "handles/closed", "handles/close_in_flight", "handles/goroutines",
}

// insertOnceChecks is all of them.
func insertOnceChecks() []check {
	var all []check
	for _, c := range checks() {
		if slices.ContainsFunc(wholeChecks, func(name string) bool { return len(name) <= len(c.name) && c.name[:len(name)] == name }) {
			all = append(all, onRoads(c))
		}
	}
	return append(all, onceChecks()...)
}

// onRoads lets a check of the full contract put rows in any state, by the writes that there are.
func onRoads(c check) check {
	return check{name: c.name, run: func(ctx context.Context, db Database) error {
		return c.run(ctx, func(ctx context.Context) (acsauth.Store, error) {
			store, err := db(ctx)
			if err != nil {
				return nil, err
			}
			return roads{store}, nil
		})
	}}
}

// roads inserts an Active or Deleting row by way of the states before it.
type roads struct{ acsauth.Store }

// Insert implements [acsauth.Store].
func (r roads) Insert(ctx context.Context, m acsauth.Mapping) error {
	if m.State == acsauth.Pending {
		return r.Store.Insert(ctx, m)
	}
	first := m
	first.State, first.Identity = acsauth.Pending, ""
	if err := r.Store.Insert(ctx, first); err != nil {
		return err
	}
	active := in(acsauth.Active, m)
	active.Lease = 0
	if err := r.Store.Replace(ctx, first, active, nil); err != nil {
		return fmt.Errorf("commit: %w", unsentinel(err))
	}
	if m.State == acsauth.Active {
		return nil
	}
	if err := r.Store.Replace(ctx, active, m, nil); err != nil {
		return fmt.Errorf("deletion: %w", unsentinel(err))
	}
	return nil
}

// unsentinel keeps a refusal half way from being taken for a refused insert.
func unsentinel(err error) error {
	if errors.Is(err, acsauth.ErrConflict) || errors.Is(err, acsauth.ErrNotFound) {
		return errors.New(err.Error())
	}
	return err
}
