package quota_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/testkit"
	"pgregory.net/rapid"
)

func governor(t testing.TB, o quota.Options) *quota.Governor {
	t.Helper()
	g, err := quota.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// shed is the time that a refused call was told, or zero.
func shed(err error) time.Duration {
	if e, ok := errors.AsType[*quota.ShedError](err); ok {
		return e.RetryAfter
	}
	return 0
}

// A book holds when calls were let through.
type book struct {
	mu    sync.Mutex
	times []time.Time
	names []string
}

func (b *book) note(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times, b.names = append(b.times, time.Now()), append(b.names, name)
}

// most is the most calls in any 30 seconds, both ends counted.
func (b *book) most() (most int) {
	slices.SortFunc(b.times, time.Time.Compare)
	from := 0
	for n, t := range b.times {
		for t.Sub(b.times[from]) > 30*time.Second {
			from++
		}
		most = max(most, n-from+1)
	}
	return most
}

// Whatever comes when, with whatever priority, no 30 seconds see more calls than the limit, and the replicas together no more than theirs.
func TestNeverMoreThanTheLimit(t *testing.T) {
	testkit.Checks(t, "60")
	full := 0
	rapid.Check(t, func(r *rapid.T) {
		o := quota.Options{Percent: rapid.IntRange(1, 12).Draw(r, "percent"), Replicas: rapid.IntRange(1, 4).Draw(r, "replicas"),
			MaxWait: time.Duration(rapid.IntRange(0, 8).Draw(r, "wait")) * time.Second}
		bursts := rapid.SliceOfN(rapid.IntRange(0, 200), 1, 12).Draw(r, "bursts")
		gap := time.Duration(rapid.IntRange(0, 40_000).Draw(r, "gap")) * time.Millisecond
		op := rapid.SampledFrom([]quota.Op{quota.Create, quota.CreateWithToken, quota.Issue, quota.Exchange, quota.Delete, quota.Revoke}).Draw(r, "op")
		synctest.Test(t, func(t *testing.T) {
			var b book
			var wg sync.WaitGroup
			for n := range o.Replicas {
				g := governor(t, o)
				wg.Go(func() {
					for _, burst := range bursts {
						for range burst {
							wg.Go(func() {
								ctx := quota.WithPriority(t.Context(), quota.Priority(rand.IntN(3)))
								if _, err := g.Admit(ctx, op); err == nil {
									b.note(fmt.Sprint(n))
								}
							})
						}
						time.Sleep(gap)
					}
				})
			}
			wg.Wait()
			limit := 1000
			if op > quota.Issue {
				limit = 500
			}
			limit = max(o.Replicas, limit*o.Percent/100)
			if most := b.most(); most > limit {
				r.Errorf("%d calls in 30 s, the limit is %d", most, limit)
			} else if most == limit {
				full++
			}
		})
	})
	if full == 0 {
		t.Error("the limit was never used to the full: the test shows nothing")
	}
}

func TestPriorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor(t, quota.Options{Percent: 1, Replicas: 1, MaxWait: 8 * time.Second}) // 10 calls
		for range 10 {
			if _, err := g.Admit(t.Context(), quota.Issue); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(25 * time.Second)
		var b book
		var wg sync.WaitGroup
		for n, p := range []quota.Priority{quota.Background, quota.Refresh, quota.Interactive, quota.Refresh, quota.Interactive} {
			wg.Go(func() {
				if _, err := g.Admit(quota.WithPriority(t.Context(), p), quota.Issue); err == nil {
					b.note(fmt.Sprintf("%d%d", p, n))
				}
			})
			synctest.Wait()
		}
		if s := stat(g, quota.Issue); s.Waiting != 5 || s.Left != 0 {
			t.Errorf("%+v", s)
		}
		wg.Wait()
		if got, want := fmt.Sprint(b.names), "[02 04 11 13 20]"; got != want {
			t.Errorf("order %s, want %s", got, want)
		}
	})
}

func stat(g *quota.Governor, op quota.Op) quota.Stat { return g.Stats()[op] }

// Background work leaves the last fifth to those who wait for an answer.
func TestBackgroundLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor(t, quota.Options{Percent: 10, Replicas: 1})
		ctx, n := quota.WithPriority(t.Context(), quota.Background), 0
		for ; n < 200; n++ {
			if _, err := g.Admit(ctx, quota.Delete); err != nil {
				break
			}
		}
		if n != 40 || stat(g, quota.Delete).Left != 10 {
			t.Errorf("%d calls, %+v; want 40 of 50", n, stat(g, quota.Delete))
		}
	})
}

// Who is told to come again and does so, gets in: a herd of 5000 against 900.
func TestHerdIsToldTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor(t, quota.Options{Percent: 90, Replicas: 1, MaxWait: 5 * time.Second})
		var again, lied sync.Map
		var b book
		var wg sync.WaitGroup
		start := time.Now()
		for n := range 5000 {
			wg.Go(func() {
				for turn := 1; ; turn++ {
					_, err := g.Admit(t.Context(), quota.CreateWithToken)
					if err == nil {
						b.note("")
						return
					}
					if turn > 1 {
						lied.Store(n, turn)
					}
					wait := shed(err)
					if wait < time.Second || wait > 10*time.Minute {
						t.Errorf("told %v", wait)
						return
					}
					again.Store(n, true)
					time.Sleep((wait + time.Second - 1).Truncate(time.Second)) // as the header says it, in whole seconds
				}
			})
		}
		wg.Wait()
		took := time.Since(start)
		lies := 0
		lied.Range(func(any, any) bool { lies++; return true })
		if lies > 0 || len(b.times) != 5000 || b.most() > 900 || took > 6*32*time.Second {
			t.Errorf("%d of 5000 came as told and were not served; most %d, in %v", lies, b.most(), took)
		}
	})
}

func TestNoWaitMeansShedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor(t, quota.Options{Percent: 1, Replicas: 10})
		start := time.Now()
		if _, err := g.Admit(t.Context(), quota.Create); err != nil {
			t.Fatal(err)
		}
		_, err := g.Admit(t.Context(), quota.Create)
		if wait := shed(err); wait != 31*time.Second || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if s := stat(g, quota.Create); s.Limit != 1 || s.Shed != 1 || s.Exhaustion != 0 {
			t.Errorf("%+v", s)
		}
		if s := stat(g, quota.Issue); s.Left != 1 || s.Exhaustion != quota.Never {
			t.Errorf("%+v", s)
		}
		time.Sleep(31 * time.Second)
		if _, err := g.Admit(t.Context(), quota.Create); err != nil {
			t.Error(err)
		}
	})
}

// A call that is not waited for any more gives its place free, and leaves nothing behind.
func TestContextsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor(t, quota.Options{Percent: 1, Replicas: 10, MaxWait: 8 * time.Second})
		_, _ = g.Admit(t.Context(), quota.Create)
		time.Sleep(25 * time.Second)
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := make(chan error)
		go func() { _, err := g.Admit(ctx, quota.Create); gone <- err }()
		synctest.Wait()
		second := make(chan error)
		go func() { _, err := g.Admit(t.Context(), quota.Create); second <- err }()
		synctest.Wait()
		why := errors.New("left")
		cancel(why)
		if err := <-gone; !errors.Is(err, why) {
			t.Error(err)
		}
		if err := <-second; shed(err) == 0 {
			t.Errorf("the second was promised no place: %v", err)
		}
		third := make(chan error)
		go func() { _, err := g.Admit(t.Context(), quota.Create); third <- err }()
		if err := <-third; err != nil {
			t.Errorf("the place was not given free: %v", err)
		}
		short, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		time.Sleep(25 * time.Second)
		if _, err := g.Admit(short, quota.Create); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		near, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		start := time.Now()
		if _, err := g.Admit(near, quota.Create); shed(err) == 0 || time.Since(start) != 0 {
			t.Errorf("a call that cannot be served in its time must not wait: %v", err)
		}
	})
}

func TestExhaustion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor(t, quota.Options{Percent: 100, Replicas: 1})
		for range 100 {
			_, _ = g.Admit(t.Context(), quota.Issue)
			time.Sleep(100 * time.Millisecond)
		}
		if s := stat(g, quota.Issue); s.Exhaustion < 85*time.Second || s.Exhaustion > 95*time.Second { // 900 left, 10 a second
			t.Errorf("%+v", s)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []quota.Options{{}, {Percent: 1001, Replicas: 1}, {Percent: 1}, {Percent: 1, Replicas: 101}, {Percent: 1, Replicas: 1, MaxWait: -1}, {Percent: 1, Replicas: 1, MaxWait: 9 * time.Second}} {
		if _, err := quota.New(o); err == nil {
			t.Errorf("%+v", o)
		}
	}
	var none *quota.Governor
	if _, err := none.Admit(t.Context(), quota.Issue); err != nil || none.Stats() != nil || none.Policy() != nil {
		t.Error("nil must let all through")
	}
}

func BenchmarkAdmit(b *testing.B) {
	g := governor(b, quota.Options{Percent: 1000, Replicas: 1})
	b.ReportAllocs()
	for b.Loop() {
		_, _ = g.Admit(b.Context(), quota.Issue)
	}
}
