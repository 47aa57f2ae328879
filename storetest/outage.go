package storetest

import (
	"context"
	"testing"
	"time"
)

// An Outage is a database that can be taken away from its store in the middle
// of a write, and brought back.
type Outage struct {
	// Open opens handles, as for [Run].
	Open Database
	// Kill takes the database away without a warning, from all handles at once:
	// kill -9, SIGSTOP, a cut network. From its return until Return is called no
	// call of a store reaches the database.
	Kill func() error
	// Return brings the database back with all that it had acknowledged. It may
	// return before the database is ready to serve; the kit waits up to half a minute.
	Return func() error
}

// outageLimit is how long one outage check may take.
const outageLimit = 5 * time.Minute

// RunOutage judges what a store does when its database goes away and comes
// back, four times, while eight writers insert rows, replace them together with a line,
// and remove every other one together with another line:
//
//   - While it is away every call returns soon after its ctx ends, here 3 s, at the latest:
//     with an error that is no sentinel, or with the truth. Ping fails.
//   - When it is back, the same handle serves again within 30 s.
//   - Every write that was acknowledged is there. A write that got an error is
//     there as a whole or not at all: no row without its line, no line without its row.
//
// newOutage is called once for each check and returns a new, empty database. It may use
// t.Cleanup to drop it. Kill and Return are called in turn, Kill first and Return last. Two of the
// outages last until calls have failed or run into their deadlines, two only a third of a second. With a database
// that answers nothing at all while it is away, the suite takes ten to twenty seconds, and the time that Kill and Return take.
func RunOutage(t *testing.T, newOutage func(t *testing.T) Outage) {
	t.Helper()
	for _, c := range outageChecks() {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), outageLimit)
			defer cancel()
			if err := c.run(ctx, newOutage(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// An outageCheck is like a check, of a database that goes away.
type outageCheck struct {
	name string
	run  func(ctx context.Context, o Outage) error
}
