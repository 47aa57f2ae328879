package storetest

import (
	"context"
	"testing"
	"time"
)

// checkLimit is how long one check may take.
const checkLimit = 2 * time.Minute

// Run judges a store by every MUST of the contract of [acsauth.Store].
// newDatabase is called once for each check and returns a new, empty database; it
// may use t.Cleanup to drop it. Run is not to be called from parallel tests: it
// counts goroutines.
//
// Beyond the words of the contract it takes these for granted: a limit that is
// not 1 to 1000 is refused with an error; an Answer longer than
// [acsauth.MaxJournalAnswer] is kept up to that length; a call whose ctx ended
// before it returns an error that wraps the error of ctx; a journal line is kept for
// each pair of user and attempt. Leases and locks are judged with a tolerance of a
// second, for stores whose clock ticks in seconds.
func Run(t *testing.T, newDatabase func(t *testing.T) Database) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), checkLimit)
			defer cancel()
			if err := c.run(ctx, newDatabase(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A check looks at one promise. It returns an error that says what was broken.
type check struct {
	name string
	run  func(ctx context.Context, db Database) error
}

// checks is all of them. A name is a path: area/promise.
func checks() []check {
	var all []check
	for _, area := range [][]check{rowChecks(), fenceChecks(), lineChecks(), leaseChecks(), lockChecks(), raceChecks(), contextChecks(), handleChecks()} {
		all = append(all, area...)
	}
	return all
}

// one makes a check that needs a single handle.
func one(name string, run func(p *probe)) check {
	return check{name: name, run: func(ctx context.Context, db Database) error {
		store, err := db(ctx)
		if err != nil {
			return err
		}
		p := &probe{ctx: ctx, store: store}
		run(p)
		p.no("Close", store.Close())
		return p.err
	}}
}

// two makes a check that needs two handles on one database.
func two(name string, run func(a, b *probe)) check {
	return check{name: name, run: func(ctx context.Context, db Database) error {
		first := one(name, func(a *probe) {
			second := one(name, func(b *probe) { run(a, b) })
			a.no("on the second handle", second.run(ctx, db))
		})
		return first.run(ctx, db)
	}}
}
