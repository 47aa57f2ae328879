package quota

import (
	"context"
	"fmt"
	"time"
)

// An Op is a call of ACS that has a limit of its own.
type Op uint8

// The operations. Source of the limits: "Service limits for Azure Communication Services", Identity.
const (
	Create          Op = iota // 1000 in 30 s
	CreateWithToken           // 1000, a count of its own
	Issue                     // 1000
	Exchange                  // 500
	Delete                    // 500
	Revoke                    // 500
	ops
)

// String is the name of the operation, as metrics show it.
func (o Op) String() string {
	return [...]string{"createIdentity", "createIdentityAndToken", "issueAccessToken", "exchangeAccessToken", "deleteIdentity", "revokeAccessTokens"}[o]
}

// published is the limit of ACS in 30 seconds.
func (o Op) published() int {
	if o <= Issue {
		return 1000
	}
	return 500
}

// A Priority says who goes first when not all can be served.
type Priority uint8

// The priorities, highest first. Within one, who came first is served first.
const (
	Interactive Priority = iota // somebody waits for a first token: the default
	Refresh                     // the client still has a token
	Background                  // nobody waits; the last fifth of a limit is left to others
	priorities
)

type priorityKey struct{}

// WithPriority returns a context whose calls have a priority.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

func priorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}

// Options of a Governor.
type Options struct {
	// Percent of the published limits that all replicas use together, 1 to 1000: more than 100 if Microsoft has raised them.
	Percent int
	// Replicas that share the limits, 1 to 100. Each gets its part, at least one call of each kind.
	Replicas int
	// MaxWait is how long a call may wait for its turn, 0 to 8 s.
	MaxWait time.Duration
}

const maxWait = 8 * time.Second

func (o Options) check() error {
	if o.Percent < 1 || o.Percent > 1000 || o.Replicas < 1 || o.Replicas > 100 || o.MaxWait < 0 || o.MaxWait > maxWait {
		return fmt.Errorf("quota: %d percent for %d replicas with a wait of %v, allowed are 1 to 1000, 1 to 100, and up to %v", o.Percent, o.Replicas, o.MaxWait, maxWait)
	}
	return nil
}

// A ShedError says that a call was not made, because the limit is used up.
type ShedError struct {
	Op Op
	// RetryAfter is when there will be room, 1 s to 10 min.
	RetryAfter time.Duration
}

// Error describes e for the log.
func (e *ShedError) Error() string {
	return fmt.Sprintf("quota: the share of the limit of ACS for %s is used up; room in %v", e.Op, e.RetryAfter)
}

// NonRetriable tells azcore not to try again.
func (*ShedError) NonRetriable() {}

// A Stat is how one operation stands.
type Stat struct {
	Op        Op
	Limit     int // calls in 30 s of this replica, as configured
	Left      int // calls that could be made at once
	Waiting   int
	Shed      uint64
	Throttled uint64 // answers 429 of ACS
	// Exhaustion is after how long nothing is left, at the rate of the last ten seconds. Never: it is not getting less.
	Exhaustion time.Duration
}

// Never is an Exhaustion that is not in sight.
const Never = time.Duration(1<<63 - 1)
