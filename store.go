package acsauth

import (
	"context"
	"errors"
	"time"
)

// The sentinels of a Store. Any other error from a write means unknown: the
// write may have happened, may not have, or may still happen.
var (
	// ErrNotFound: the key has no row.
	ErrNotFound = errors.New("acsauth: mapping not found")
	// ErrConflict: the write surely did not happen by this call, because the
	// row is not in the state that the call expected. The row may be in that
	// other state through an earlier write of the same caller.
	ErrConflict = errors.New("acsauth: mapping is in another state")
)

// A State is the state of a Mapping. A key without a row is in the fourth state.
type State string

// The states of a Mapping.
const (
	Pending  State = "pending"  // an attempt to create an identity is under way; Identity is empty
	Active   State = "active"   // Identity belongs to the user
	Deleting State = "deleting" // Identity is being deleted at ACS and is shown to nobody
)

// A Mapping ties a UserKey to an Identity.
//
// Key, State, Attempt and Identity together are the fence of a row: every
// conditional write names the fence that it expects. An attempt id is used for
// one intent only, so a fence that was left never comes back.
type Mapping struct {
	Key      UserKey
	State    State
	Attempt  string   // id of the attempt that holds or made the row; at most 64 bytes
	Identity Identity // empty in Pending
	Resource string   // ACS resource that the row belongs to; at most 256 bytes
	// Generation counts the attempts that this row has seen: 1 when inserted, one more for each take-over.
	Generation int64
	// Lease is time by the clock of the store. Written: how long from now the
	// writer expects to need. Read: how much of it is left; zero or less when it
	// is over. A lease saves work and protects nothing.
	Lease time.Duration
}

// Fenced reports whether m and n have the same fence.
func (m Mapping) Fenced(n Mapping) bool {
	return m.Key == n.Key && m.State == n.State && m.Attempt == n.Attempt && m.Identity == n.Identity
}

// A JournalKind says what a JournalLine stands for.
type JournalKind string

// The kinds of journal lines.
const (
	// Suspect: the create of Attempt may have made an identity that nobody knows.
	Suspect JournalKind = "suspect"
	// Orphan: Identity exists at ACS, belongs to no user, and is to be deleted.
	Orphan JournalKind = "orphan"
	// Left: Identity belonged to the user and stays at Resource, which the
	// service no longer calls. Nothing is done with it.
	Left JournalKind = "left"
)

// A JournalLine records what a crash or a lost answer may have left at ACS.
// User and Attempt together are its key.
type JournalLine struct {
	Attempt  string
	Kind     JournalKind
	User     string   // UserKey.Hash of the row it came from: no personal data
	Identity Identity // of an Orphan, or Left
	Resource string
	// Answer is the start of an answer of ACS that could not be understood. Stores keep its first 4096 bytes.
	Answer []byte
	// RequestID is the id under which ACS logged the request, if known.
	RequestID string
	// Since is when the line was first written, by the clock of the store. Ignored when written.
	Since time.Time
}

// MaxJournalAnswer is the longest JournalLine.Answer kept, in bytes.
const MaxJournalAnswer = 4096

// A Store keeps one Mapping for a UserKey, and the journal.
//
// What every implementation MUST do:
//
//   - Calls on one key are linearizable, across goroutines, processes,
//     replicas and restarts. A read MUST see every write that returned nil
//     before the read began. Nothing is promised between keys.
//   - A write that returned nil is durable: it survives the death of the
//     process and, where the database can, of the machine.
//   - The row and the journal line of one call change in one atomic write, or
//     neither does.
//   - A conditional write MUST compare the whole fence of the row (see
//     [Mapping]) and MUST answer [ErrConflict] when it differs, leaving all as it was.
//   - An error that is neither [ErrNotFound] nor [ErrConflict] means unknown.
//     A Store MUST NOT turn an unknown outcome into a sentinel, and MAY retry
//     its own transient faults only where a repeat is harmless.
//   - A Store calls nothing but its database, and holds no transaction open
//     when a method returns.
//   - All methods may be called at once, and return soon after ctx ends; with a
//     ctx that has already ended they do nothing and return an error that wraps
//     that of ctx.
//   - Strings are compared byte for byte: no case folding, no trimming.
//
// A store that can is also a [Lister], a [Finder] and a [Watcher].
//
// # A place that can only insert
//
// Where rows cannot be replaced under a condition (open extensions of
// Microsoft Graph), a Store MAY promise less, if it says so in its package
// comment and passes the suite storetest.RunInsertOnce in place of storetest.Run:
//
//   - It takes the writes that a Broker makes and no others: Insert of a
//     Pending row; Replace Pending by Pending, Pending by Active with the same
//     attempt, Active by Deleting with the same identity; Remove of a Pending
//     or Deleting row. Any other is an error and changes nothing.
//   - Pending by Active is an insert where all replicas and other programs can
//     see it, and fails with ErrConflict if there is a row already, whoever
//     wrote it and whatever its attempt. A late insert that its writer gave up
//     may still land; so after a deletion an identity that was deleted may come
//     back, once. All else is as above.
//   - Reads may lag. A Store MUST NOT answer ErrNotFound, or another identity,
//     for a row that it has itself seen, until that row was removed.
type Store interface {
	// Get returns the mapping of key, or ErrNotFound. The read is linearizable.
	Get(ctx context.Context, key UserKey) (Mapping, error)

	// Insert adds m if its key has no row, else it returns ErrConflict.
	Insert(ctx context.Context, m Mapping) error

	// Replace swaps the row for next if it still has the fence of old, and
	// writes line, unless nil, in the same atomic write. next.Key MUST be
	// old.Key. If the row has another fence, or there is none, it returns ErrConflict.
	Replace(ctx context.Context, old, next Mapping, line *JournalLine) error

	// Remove takes the row away if it still has the fence of old, and writes
	// line, unless nil, in the same atomic write. If the row has another fence,
	// or there is none, it returns ErrConflict.
	Remove(ctx context.Context, old Mapping, line *JournalLine) error

	// PutLine writes a journal line. A line of the same user and attempt is
	// replaced, but an Orphan or Left line MUST NOT be replaced by a Suspect; Since of the first line stays.
	PutLine(ctx context.Context, line JournalLine) error

	// DropLine removes the journal line of an attempt of a user. No such line counts as done.
	DropLine(ctx context.Context, user, attempt string) error

	// Lines lists journal lines of one kind, oldest first, at most limit.
	// A limit outside 1 to 1000 is an error.
	Lines(ctx context.Context, kind JournalKind, limit int) ([]JournalLine, error)

	// Unfinished lists rows in state Pending or Deleting whose lease has been
	// over for at least the given time, longest first, at most limit.
	// A limit outside 1 to 1000 is an error.
	Unfinished(ctx context.Context, state State, over time.Duration, limit int) ([]Mapping, error)

	// Counts returns how many rows are in each state and how many lines of each
	// kind there are. Active may be [NotCounted].
	Counts(ctx context.Context) (Counts, error)

	// Lock takes or renews the named lock for holder and reports whether holder
	// has it until d from now, by the clock of the store. It excludes nobody
	// from the data: it keeps replicas from doing the same work.
	Lock(ctx context.Context, name, holder string, d time.Duration) (bool, error)

	// Ping reports whether the store can serve. It does not write.
	Ping(ctx context.Context) error

	// Close releases what the store holds. Calls after Close fail.
	Close() error
}

// Counts is what a Store holds.
type Counts struct {
	Pending, Active, Deleting int64 // rows
	Suspects, Orphans, Left   int64 // journal lines
}
