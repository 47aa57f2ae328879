package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
)

// slowDatabase is a good one whose calls all take time.
func slowDatabase(extra func() time.Duration) Database {
	good := NewMemoryDatabase()
	return func(ctx context.Context) (acsauth.Store, error) {
		store, err := good(ctx)
		f := NewFaulty(store, nil)
		f.SlowBy(extra)
		return f, err
	}
}

// TestSlowStore: the kit does not take a slow store for a wrong one, not even one whose calls overtake each other.
func TestSlowStore(t *testing.T) {
	for name, extra := range map[string]func() time.Duration{
		"50ms":        func() time.Duration { return 50 * time.Millisecond },
		"up_to_100ms": func() time.Duration { return rand.N(100 * time.Millisecond) },
	} {
		for _, c := range checks() {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), checkLimit)
					defer cancel()
					if err := c.run(ctx, slowDatabase(extra)); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// TestSlowOutage: nor does the outage suite.
func TestSlowOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{hang: true}
		defer g.late.Wait()
		o := gatedOutage(g, nothing)
		open := o.Open
		o.Open = func(ctx context.Context) (acsauth.Store, error) {
			store, err := open(ctx)
			if err != nil {
				return nil, err
			}
			f := NewFaulty(store, nil)
			f.SlowBy(func() time.Duration { return 50 * time.Millisecond })
			return f, nil
		}
		if err := outageUnderWriters(t.Context(), o); err != nil {
			t.Error(err)
		}
	})
}

// TestFaultySlowBy: a call takes the time that was asked for, and no longer than its context.
func TestFaultySlowBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := NewMemory()
		f := NewFaulty(memory, nil)
		f.SlowBy(func() time.Duration { return time.Second })
		for _, v := range verbsOf(f, pendingRow("alice", "a")) {
			start := time.Now()
			_ = v.call(t.Context(), f)
			if took := time.Since(start); took != time.Second {
				t.Errorf("%s took %v, want 1s", v.name, took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			start = time.Now()
			if err := v.call(ctx, f); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 200*time.Millisecond {
				t.Errorf("%s whose context ends: %v after %v", v.name, err, time.Since(start))
			}
			cancel()
		}
		row := pendingRow("bob", "b")
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		if err := f.Insert(ctx, row); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Insert whose answer comes too late: %v", err)
		}
		if _, err := memory.Get(t.Context(), row.Key); err != nil {
			t.Errorf("the write whose answer came too late: %v", err)
		}
	})
}
