package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

// ErrInjected is the error of every call that a [Faulty] store fails. It is not
// a sentinel of the Store contract, so it means unknown.
var ErrInjected = errors.New("storetest: injected fault")

// The verbs of a Store, as a [Plan] sees them. Close is never failed.
const (
	VerbGet        = "Get"
	VerbInsert     = "Insert"
	VerbReplace    = "Replace"
	VerbRemove     = "Remove"
	VerbPutLine    = "PutLine"
	VerbDropLine   = "DropLine"
	VerbLines      = "Lines"
	VerbUnfinished = "Unfinished"
	VerbCounts     = "Counts"
	VerbLock       = "Lock"
	VerbPing       = "Ping"
	VerbList       = "List" // of an acsauth.Lister
	VerbFind       = "Find" // of an acsauth.Finder
)

// A Fault is what happens to one call. A call of a reading verb (Get, Lines,
// Unfinished, Counts, Ping, List, Find) simply fails, whichever fault it meets.
type Fault uint8

// The faults. The caller cannot tell the last three apart: it gets [ErrInjected].
const (
	// NoFault lets the call through.
	NoFault Fault = iota
	// NotStored loses the call: the store never sees it.
	NotStored
	// Stored loses the answer: the store does the work, whatever comes of it.
	Stored
	// StoredLate delays the call: its caller is told at once that it failed, and
	// the store sees it later. See [Faulty.Deliver] and [Faulty.LandAfter].
	StoredLate
)

// A Faulty store stands in front of another and fails the calls that its [Plan]
// names. One broker under test usually owns one Faulty store; several of them may
// stand in front of one store, each as the network of one replica.
//
//	store := storetest.NewFaulty(storetest.NewMemory(), storetest.At(storetest.VerbReplace, 2, storetest.Stored))
//
// It starts no goroutine unless LandAfter is used. Inside a testing/synctest
// bubble it must be made in the bubble.
type Faulty struct {
	store acsauth.Store

	mu    sync.Mutex
	plan  Plan
	calls map[string]int
	held  []*late
	delay func() time.Duration // nil: late writes wait for Deliver
	slow  func() time.Duration // nil: calls take no more time than the store behind needs
}

// A late write was reported as failed and has not reached the store yet.
type late struct{ do func() error }

// NewFaulty wraps store. A nil plan fails nothing.
func NewFaulty(store acsauth.Store, plan Plan) *Faulty {
	return &Faulty{store: store, plan: plan, calls: map[string]int{}}
}

// SetPlan changes the plan for the calls to come. Calls go on being counted.
func (f *Faulty) SetPlan(plan Plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan = plan
}

// Calls returns how many calls of verb there were, failed ones included.
func (f *Faulty) Calls(verb string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[verb]
}

// LandAfter makes writes that meet [StoredLate] from now on reach the store by
// themselves, each after the time that delay returns. Without it they wait for Deliver.
func (f *Faulty) LandAfter(delay func() time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = delay
}

// SlowBy makes every call but Close take longer from now on, by the time that extra
// returns: half of it before the store sees the call, half after. A call whose ctx ends
// first fails at once with the error of ctx; in the second half its outcome is unknown to the caller.
// extra is called from many goroutines.
func (f *Faulty) SlowBy(extra func() time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow = extra
}

// Held returns how many late writes have not reached the store yet.
func (f *Faulty) Held() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.held)
}

// Deliver lets all late writes reach the store now, in the order in which they
// were called, and returns what the store said to each: nil, ErrConflict or another error.
func (f *Faulty) Deliver() []error {
	f.mu.Lock()
	held := f.held
	f.held = nil
	f.mu.Unlock()
	errs := make([]error, 0, len(held))
	for _, l := range held {
		errs = append(errs, l.do())
	}
	return errs
}

// next counts a call and asks the plan.
func (f *Faulty) next(verb string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[verb]++
	if f.plan == nil {
		return NoFault
	}
	return f.plan(verb, f.calls[verb])
}

// hold keeps a write for later.
func (f *Faulty) hold(do func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := &late{do: do}
	f.held = append(f.held, l)
	if f.delay != nil {
		time.AfterFunc(f.delay(), func() { f.land(l) })
	}
}

// land lets one late write reach the store, unless Deliver did.
func (f *Faulty) land(l *late) {
	f.mu.Lock()
	mine := false
	for i, h := range f.held {
		if h == l {
			f.held = append(f.held[:i:i], f.held[i+1:]...)
			mine = true
			break
		}
	}
	f.mu.Unlock()
	if mine {
		_ = l.do() // its caller is long gone
	}
}

// slowly does a call with the time that it takes on the way there and back.
func (f *Faulty) slowly(ctx context.Context, do func(context.Context) error) error {
	f.mu.Lock()
	slow := f.slow
	f.mu.Unlock()
	if slow == nil {
		return do(ctx)
	}
	half := slow() / 2
	if err := rest(ctx, half); err != nil {
		return err
	}
	err := do(ctx)
	if lost := rest(ctx, half); lost != nil {
		return lost
	}
	return err
}

// rest waits, unless ctx ends first.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("storetest: %w", ctx.Err())
	}
}

// write passes a writing call on as the plan wants.
func (f *Faulty) write(ctx context.Context, verb string, do func(context.Context) error) error {
	switch f.next(verb) {
	case NoFault:
		return f.slowly(ctx, do)
	case Stored:
		_ = f.slowly(ctx, do) // the answer is lost
	case StoredLate:
		f.hold(func() error { return do(context.WithoutCancel(ctx)) })
	}
	return ErrInjected
}

// reading passes a reading call on, or fails it if the plan wants.
func reading[T any](ctx context.Context, f *Faulty, verb string, do func(ctx context.Context) (T, error)) (T, error) {
	var none, got T
	if f.next(verb) != NoFault {
		return none, ErrInjected
	}
	err := f.slowly(ctx, func(ctx context.Context) (err error) {
		got, err = do(ctx)
		return err
	})
	if err != nil {
		return none, err
	}
	return got, nil
}
