package quota

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Governor lets calls of ACS through. It is safe for concurrent use. A nil Governor lets all through.
type Governor struct {
	maxWait time.Duration
	lanes   [ops]lane
}

// New returns a Governor with all limits unused.
func New(o Options) (*Governor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	g := &Governor{maxWait: o.MaxWait}
	for op := range ops {
		limit := max(1, op.published()*o.Percent/100/o.Replicas)
		g.lanes[op] = lane{op: op, window: window{limit: limit, now: limit}}
	}
	return g, nil
}

type permitKey struct{}

// A permit is one call that was let through, and is not made yet.
type permit struct {
	op   Op
	used atomic.Bool
}

// Admit waits until a call may be made, at most as long as the options say and
// ctx allows, and returns a context that lets the first try of that call pass
// [Governor.Policy]. Its error is a [ShedError], or that of ctx.
func (g *Governor) Admit(ctx context.Context, op Op) (context.Context, error) {
	if g == nil {
		return ctx, nil
	}
	if err := g.lanes[op].pass(ctx, g.maxWait); err != nil {
		return nil, err
	}
	return context.WithValue(ctx, permitKey{}, &permit{op: op}), nil
}

// Stats returns how the operations stand, in their order.
func (g *Governor) Stats() []Stat {
	if g == nil {
		return nil
	}
	out := make([]Stat, 0, ops)
	for op := range ops {
		out = append(out, g.lanes[op].stat())
	}
	return out
}

// A lane is the limit of one operation, and who waits for it.
type lane struct {
	op Op

	mu       sync.Mutex
	window   window
	promises [priorities]promises
	queues   [priorities][]*waiter
	timer    *time.Timer // runs while somebody waits
	shed     uint64
	refused  uint64
}

type waiter struct{ turn chan struct{} } // closed when its turn has come

// pass returns nil once a call may be made.
func (l *lane) pass(ctx context.Context, patience time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p := priorityOf(ctx)
	w, err := l.enter(ctx, p, patience)
	if w == nil {
		return err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-late.C: // others with a higher priority came in between
	}
	return l.leave(w, p, err)
}

// enter lets a call through, sheds it, or returns its place in the queue.
func (l *lane) enter(ctx context.Context, p Priority, patience time.Duration) (*waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.tidy(now)
	ahead := l.ahead(p)
	if ahead == 0 && l.room(p, now) {
		l.window.add(now)
		return nil, nil
	}
	turn := l.window.when(now, ahead+l.kept(p))
	if before := l.promised(p, now, turn); before > 0 { // those who were told to come at that time are first
		turn = l.window.when(now, ahead+l.kept(p)+before)
	}
	if deadline, ok := ctx.Deadline(); turn.Sub(now) > patience || ok && !turn.Before(deadline) {
		return nil, l.reject(p, now)
	}
	w := &waiter{turn: make(chan struct{})}
	l.queues[p] = append(l.queues[p], w)
	l.wake(now)
	return w, nil
}

// leave gives a place up. If the turn came at the same moment, the call is made, unless nobody wants it any more.
func (l *lane) leave(w *waiter, p Priority, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, other := range l.queues[p] {
		if other == w {
			l.queues[p] = append(l.queues[p][:n], l.queues[p][n+1:]...)
			if err == nil {
				now := time.Now()
				l.tidy(now)
				err = l.reject(p, now)
			}
			return err
		}
	}
	return err
}

// reject tells a call when there will be room for it. l.mu is held.
func (l *lane) reject(p Priority, now time.Time) error {
	l.shed++
	before := l.ahead(p) + l.kept(p)
	for q := range p + 1 {
		before += l.promises[q].total
	}
	wait := min(max(l.window.when(now, before).Sub(now), minRetry), maxRetry)
	l.promises[p].add(now.Add(wait))
	return &ShedError{Op: l.op, RetryAfter: wait}
}

// ahead is how many wait that come before a newcomer. l.mu is held.
func (l *lane) ahead(p Priority) (n int) {
	for q := range p + 1 {
		n += len(l.queues[q])
	}
	return n
}

// promised is how many of the same or a higher priority were told to come after now, and not after end.
func (l *lane) promised(p Priority, now, end time.Time) (n int) {
	for q := range p + 1 {
		n += l.promises[q].between(now, end)
	}
	return n
}

// kept is how much of the limit a priority must leave to others.
func (l *lane) kept(p Priority) int {
	if p == Background {
		return l.window.now / 5
	}
	return 0
}

func (l *lane) room(p Priority, now time.Time) bool { return l.window.free(now) > l.kept(p) }

func (l *lane) tidy(now time.Time) {
	l.window.tidy(now)
	for p := range l.promises {
		l.promises[p].tidy(now)
	}
}

// dispatch lets through who has waited, as far as there is room.
func (l *lane) dispatch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.tidy(now)
	for p := range priorities {
		for len(l.queues[p]) > 0 && l.room(p, now) {
			close(l.queues[p][0].turn)
			l.queues[p] = l.queues[p][1:]
			l.window.add(now)
		}
	}
	l.wake(now)
}

// wake sees to it that dispatch runs when there is room for the next. l.mu is held.
func (l *lane) wake(now time.Time) {
	for p := range priorities {
		if len(l.queues[p]) == 0 {
			continue
		}
		pause := max(l.window.when(now, l.kept(p)).Sub(now), time.Millisecond)
		if l.timer == nil {
			l.timer = time.AfterFunc(pause, l.dispatch)
		} else {
			l.timer.Reset(pause)
		}
		return
	}
}

// throttled learns from a 429 of ACS.
func (l *lane) throttled(after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused++
	l.window.refused(time.Now(), after)
}

func (l *lane) stat() Stat {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.tidy(now)
	return Stat{Op: l.op, Limit: l.window.limit, Left: l.window.free(now), Waiting: l.ahead(Background),
		Shed: l.shed, Throttled: l.refused, Exhaustion: l.window.exhaustion(now)}
}
