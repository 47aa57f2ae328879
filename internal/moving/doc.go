// Package moving carries mappings and the journal from one store to another, or
// to a file and back.
//
// What moves: rows in state Active and Deleting, as they are, and the journal.
// A Deleting row stays Deleting: the sweeper of the target finishes it, so a
// deletion under way never comes back to life. A Pending row is the intent of a
// running service and not a mapping: it is passed over and counted.
//
// Nothing in the target is ever overwritten. A row that is there already, and
// the same, counts as present; one that differs is a conflict. So everything may
// be done twice, and a run that was cut short goes on from its checkpoint.
//
// Memory is bounded: two pages of rows, and one page of the journal.
package moving

import (
	"context"

	"github.com/acs-solutions/acsauth"
)

// pageSize is how many rows are read, and acknowledged before a checkpoint, at a time.
const pageSize = 500

// A Source is where rows and lines come from.
type Source interface {
	// List is [acsauth.Lister.List].
	List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error)
	// Journal calls each for every journal line. left is how many lines there
	// are besides that could not be listed. With move, a line is taken away from
	// the source once each has reported that it was carried.
	Journal(ctx context.Context, move bool, each func(acsauth.JournalLine) (carried bool, err error)) (left int64, err error)
	// Total is about how many rows there are, or [acsauth.NotCounted].
	Total(ctx context.Context) (int64, error)
}

// A Note is something about one row that the user should know. It holds no personal data.
type Note struct {
	User   string // UserKey.Hash
	Reason string
}

// Moves reports whether a row of this state is carried over.
func Moves(s acsauth.State) bool { return s == acsauth.Active || s == acsauth.Deleting }

// Same reports whether the rows a and b say the same about a user. Attempt and
// generation may differ: they are the business of the store that holds the row.
func Same(a, b acsauth.Mapping) bool {
	return a.Key == b.Key && a.State == b.State && a.Identity == b.Identity && a.Resource == b.Resource
}
