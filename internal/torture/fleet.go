package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
)

// A fleet is the replicas that run now.
type fleet struct {
	start func(ctx context.Context, doomed bool) (Replica, error)
	died  chan int // replicas that ended though nobody killed them

	mu    sync.Mutex
	berth []Replica // nil while it is dead
	begun int64     // calls, so far
	open  int64     // of these, not answered yet
}

func newFleet(o *Options) *fleet {
	return &fleet{start: o.Start, died: make(chan int, o.Replicas), berth: make([]Replica, o.Replicas)}
}

// launchMissing starts all replicas that do not run. One that is doomed may die before it is ready; then it starts anew and is not.
func (f *fleet) launchMissing(ctx context.Context, doomed bool) error {
	for i := range f.berth {
		if _, up := f.at(i); up {
			continue
		}
		err := f.launch(ctx, i, doomed)
		if err != nil && doomed {
			err = f.launch(ctx, i, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// at returns the i-th replica, if it lives.
func (f *fleet) at(i int) (r Replica, up bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.berth[i], f.berth[i] != nil
}

func (f *fleet) launch(ctx context.Context, i int, doomed bool) error {
	r, err := f.start(ctx, doomed)
	if err != nil {
		return fmt.Errorf("replica %d: %w", i+1, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.berth[i] = r
	go func() {
		<-r.Dead()
		if _, was := f.leave(i, r); was {
			f.died <- i
		}
	}()
	return nil
}

// any returns a replica that lives, the i-th if i >= 0; ok is false if there is none.
func (f *fleet) any(i int) (r Replica, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i < 0 {
		i = rand.IntN(len(f.berth))
	}
	for range f.berth {
		if r := f.berth[i%len(f.berth)]; r != nil {
			return r, true
		}
		i++
	}
	return nil, false
}

// leave takes the i-th replica out, if it is r or r is nil. was: it was there.
func (f *fleet) leave(i int, r Replica) (gone Replica, was bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if gone = f.berth[i]; gone == nil || r != nil && gone != r {
		return nil, false
	}
	f.berth[i] = nil
	return gone, true
}

// kill kills the i-th replica and reports whether it was alive.
func (f *fleet) kill(i int) bool {
	r, was := f.leave(i, nil)
	if was {
		r.Kill()
	}
	return was
}

// begin notes that a call is sent; the function returned notes that it has ended.
func (f *fleet) begin() (end func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun++
	f.open++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.open--
	}
}

// calls is how many calls have begun, and how many of them are open.
func (f *fleet) calls() (begun, open int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun, f.open
}

// sink kills all replicas.
func (f *fleet) sink() {
	for i := range f.berth {
		f.kill(i)
	}
}
