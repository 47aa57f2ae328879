package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
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
// second, for stores whose clock ticks in seconds. Counts.Active may be
// [acsauth.NotCounted], if it is so for a whole check.
//
// A store that is an [acsauth.Lister] or an [acsauth.Finder] is judged by that,
// too. What it is shows a first database, which is made for nothing else.
func Run(t *testing.T, newDatabase func(t *testing.T) Database) {
	t.Helper()
	store, err := newDatabase(t)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	apt := slices.DeleteFunc(checks(), func(c check) bool { return !c.judges(store) })
	if err := store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	for _, c := range apt {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), checkLimit)
			defer cancel()
			if err := c.run(ctx, newDatabase(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Checks returns the names of all checks of [Run], those of [acsauth.Lister]
// (list/...) and [acsauth.Finder] (find/...) included, and of [RunOutage] (outage/...).
func Checks() []string {
	var names []string
	for _, c := range checks() {
		names = append(names, c.name)
	}
	for _, c := range outageChecks() {
		names = append(names, c.name)
	}
	return names
}

// A check looks at one promise. It returns an error that says what was broken.
type check struct {
	name string
	run  func(ctx context.Context, db Database) error
}

// judges reports whether the check is for a store that can do what this one can.
func (c check) judges(s acsauth.Store) (ok bool) {
	switch area, _, _ := strings.Cut(c.name, "/"); area {
	case "list":
		_, ok = lister(s)
	case "find":
		_, ok = finder(s)
	default:
		ok = true
	}
	return ok
}

// checks is all of them. A name is a path: area/promise.
func checks() []check {
	var all []check
	for _, area := range [][]check{rowChecks(), fenceChecks(), lineChecks(), leaseChecks(), lockChecks(), raceChecks(), contextChecks(), handleChecks(), listChecks(), findChecks(), walkChecks()} {
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
