package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// An outage is a server that is killed under writers.
type outage struct {
	store   *Store
	writers sync.WaitGroup
	stop    atomic.Bool
	written atomic.Int64 // acknowledged, so far

	mu      sync.Mutex
	told    []string
	slowest time.Duration
	failed  int
	wrong   error // an answer that no call may get
}

// call makes one call and notes how it went. It reports whether it was acknowledged.
func (o *outage) call(told string, do func(ctx context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	start := time.Now()
	err := do(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slowest = max(o.slowest, time.Since(start))
	switch {
	case err == nil:
		o.told = append(o.told, told)
		o.written.Add(1)
		return true
	case sentinel(err):
		o.wrong = errors.Join(o.wrong, fmt.Errorf("%s: %w", told, err))
	}
	o.failed++
	return false
}

// write writes new rows, with lines, until told to stop.
func (o *outage) write(worker int) {
	for i := 0; !o.stop.Load(); i++ {
		name := fmt.Sprint(worker, "-", i)
		row, line := pendingRow(name), lineOf(pendingRow(name))
		if o.call("pending "+name, func(ctx context.Context) error { return o.store.Insert(ctx, row) }) {
			o.call("active "+name, func(ctx context.Context) error { return o.store.Replace(ctx, row, activeRow(name), &line) })
		}
	}
}

// wait waits until enough writes were acknowledged after now.
func (o *outage) wait(t *testing.T, more int64) {
	t.Helper()
	enough := o.written.Load() + more
	for end := time.Now().Add(time.Minute); o.written.Load() < enough; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no writes are acknowledged")
		}
	}
}

// TestOutage kills the server in mid-write, several times: no acknowledged write is
// lost, nobody is told wrong or waits long, and the pool finds its way back.
func TestOutage(t *testing.T) {
	p := private(t, parts.PostgresOptions{Durable: true})
	o := &outage{store: openAt(t, freshOn(t, p))}
	for worker := range 8 {
		o.writers.Go(func() { o.write(worker) })
	}
	defer o.writers.Wait()
	defer o.stop.Store(true)
	const kills = 5
	var back time.Duration
	for range kills {
		o.wait(t, 50)
		mustDo(t, p.Kill())
		wantFault(t, o.store.Ping(t.Context()), "connect")
		_, err := o.store.Get(t.Context(), pendingRow("nobody").Key)
		wantFault(t, err, "connect")
		if errors.Is(err, acsauth.ErrNotFound) {
			t.Error("a read during the outage found nothing")
		}
		mustDo(t, p.Restart(t.Context()))
		start := time.Now()
		for end := start.Add(time.Minute); o.store.Ping(t.Context()) != nil; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the pool does not find its way back")
			}
		}
		back = max(back, time.Since(start))
	}
	o.wait(t, 50)
	o.stop.Store(true)
	o.writers.Wait()
	for _, told := range o.told {
		checkTold(t, o.store, told)
	}
	checkSound(t, o.store)
	if o.wrong != nil {
		t.Errorf("a sentinel for a write that nobody else wanted: %v", o.wrong)
	}
	if o.failed < kills {
		t.Errorf("%d calls failed: the test did not see much", o.failed)
	}
	t.Logf("%d kills, %d acknowledged writes, 0 lost; %d calls failed, the slowest call took %v; back %v after the server at the latest",
		kills, len(o.told), o.failed, o.slowest.Round(time.Millisecond), back.Round(time.Millisecond))
}
