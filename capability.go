package acsauth

import "context"

// NotCounted stands for a number that a store could only tell by reading all
// its rows. It may stand in [Counts] for Active, and for nothing else.
const NotCounted = -1

// A Lister is a Store that can list all its rows.
type Lister interface {
	// List returns at most limit rows in state Pending, Active or Deleting, in
	// an order of the store's own, that follow cursor; the empty cursor stands
	// before the first row. next is the cursor behind the last row returned, and
	// empty when there is no row behind it. A cursor is plain text of at most
	// 4096 bytes, stays good when rows come and go and when the process restarts,
	// and is good for one database only. A row that exists all the while is listed exactly once; one that comes,
	// goes or changes meanwhile may or may not be. A page may be short, even
	// empty, and not be the last one. A limit outside 1 to 1000 and a
	// cursor that List did not return are errors.
	List(ctx context.Context, cursor string, limit int) (rows []Mapping, next string, err error)
}

// A Finder is a Store that can look up who an identity belongs to.
type Finder interface {
	// Find returns the mapping, Active or Deleting, that holds id, or
	// ErrNotFound. It sees every write that returned nil before the call began.
	Find(ctx context.Context, id Identity) (Mapping, error)
}

// A Watcher is a Store that hears of changes by other processes.
type Watcher interface {
	// Watch calls drop with [UserKey.Hash] of each row that was changed from
	// Active, by whomever, soon after the write returned, until ctx ends; and
	// hears with true when it begins to listen, and with false when it cannot any
	// more: what changes before it listens is not told. Neither must block.
	Watch(ctx context.Context, drop func(userHash string), hears func(bool))
}

type assertionKey struct{}

// WithAssertion returns a context that carries the bearer token of the caller,
// for a store that acts on the caller's behalf, such as Microsoft Graph with
// delegated rights. Nothing else may read it.
func WithAssertion(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, assertionKey{}, token)
}

// Assertion returns the bearer token that ctx carries.
func Assertion(ctx context.Context) (token string, ok bool) {
	token, ok = ctx.Value(assertionKey{}).(string)
	return token, ok
}
