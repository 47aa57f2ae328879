// Package storebench measures stores against each other, in one run on one machine.
//
// Stores take turns in short slices, round after round, so that whatever else
// the machine does meets all of them; what is reported are medians over the
// rounds. Every slice is bounded in time and in calls.
//
// It writes rows of an issuer that no directory has, and removes them in the
// end. A store that holds anything is refused.
package storebench

import (
	"context"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A Subject is one store to measure.
type Subject struct {
	Name string // of its column
	Open func(ctx context.Context) (acsauth.Store, error)
	// Loaders is how many rows are written at a time to fill the store, 1 to 256. Zero: 256, which group commit is glad of.
	Loaders int
	// Keep leaves the rows there: the store is thrown away as a whole.
	Keep bool
}

// A Sizer is a store that can tell how much room its mappings take.
type Sizer interface {
	// Size is the bytes on disk of rows and indexes, as far as the database knows.
	Size(ctx context.Context) (int64, error)
}

// Options of a run.
type Options struct {
	Subjects []Subject // the first is what the others are compared with; 1 to 10
	// Mappings is how many there are in the end, 1000 to 10 million. Zero: 100,000.
	Mappings int
	// First is how many there are when binds are measured, at most Mappings. Zero: 10,000.
	First int
	// Rounds is how often each slice is measured, 1 to 25. Zero: 5.
	Rounds int
	// Slice is the length of a slice, 10 ms to 1 minute. Zero: 1 s.
	Slice time.Duration
	// LoadLimit is how long one store may take to be filled. What it then holds is what it is measured with. Zero: 10 minutes.
	LoadLimit time.Duration
	// Say is told what is being done. Nil: nobody is.
	Say func(format string, args ...any)
}

const (
	loaders  = 256    // rows written at a time to fill a store, at most
	maxCalls = 100000 // reads of one slice
	maxBinds = 2000   // binds of one slice

	clearLimit = 15 * time.Minute // for removing all rows of one store
)
