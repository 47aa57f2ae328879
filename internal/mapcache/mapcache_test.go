package mapcache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/mapcache"
	"github.com/acs-solutions/acsauth/storetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func user(n int) acsauth.UserKey {
	return acsauth.UserKey{Issuer: "https://login.example/t/v2.0", Subject: fmt.Sprintf("user-%d", n)}
}

func active(n, version int) acsauth.Mapping {
	return acsauth.Mapping{Key: user(n), State: acsauth.Active, Attempt: fmt.Sprintf("a-%d-%d", n, version), Identity: acsauth.Identity(fmt.Sprintf("8:acs:r_%d", n)), Resource: "r", Generation: int64(version)}
}

func newCache(t testing.TB, rows int, keep time.Duration) *mapcache.Cache {
	t.Helper()
	c, err := mapcache.New(mapcache.Options{Max: rows, For: keep})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestRowsAreKeptForTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, 10, 10*time.Second)
		r := c.Reading(user(1))
		time.Sleep(4 * time.Second) // a slow read: its row is as old as its beginning
		r.Put(active(1, 1))
		if got, ok := c.Get(user(1)); !ok || got != active(1, 1) {
			t.Fatalf("%+v %v", got, ok)
		}
		time.Sleep(6*time.Second - 1)
		if _, ok := c.Get(user(1)); !ok {
			t.Error("gone before its time")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := c.Get(user(1)); ok {
			t.Error("older than it may be")
		}
		if _, ok := c.Get(user(2)); ok {
			t.Error("a row from nowhere")
		}
		if s := c.Stats(); s.Hits != 2 || s.Misses != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOnlyActiveRowsAreKept(t *testing.T) {
	c := newCache(t, 10, time.Minute)
	for _, state := range []acsauth.State{acsauth.Pending, acsauth.Deleting, ""} {
		row := active(1, 1)
		row.State = state
		c.Reading(user(1)).Put(row)
		if _, ok := c.Get(user(1)); ok {
			t.Errorf("a row in state %q is kept", state)
		}
	}
	other := active(2, 1)
	c.Reading(user(1)).Put(other)
	if _, ok := c.Get(user(1)); ok {
		t.Error("the row of another user is given out")
	}
}

// A read that began before a drop must not put back what was dropped.
func TestDropsBeatReadings(t *testing.T) {
	c := newCache(t, 10, time.Minute)
	for name, drop := range map[string]func(){
		"by key": func() { c.DropKey(user(1)) }, "by hash": func() { c.Drop(user(1).Hash()) }, "all": c.Clear,
	} {
		c.Reading(user(1)).Put(active(1, 1))
		slow := c.Reading(user(1))
		drop()
		if _, ok := c.Get(user(1)); ok {
			t.Errorf("%s: not dropped", name)
		}
		slow.Put(active(1, 1))
		if _, ok := c.Get(user(1)); ok {
			t.Errorf("%s: a slow read put the row back", name)
		}
		c.Reading(user(1)).Put(active(1, 2))
		if _, ok := c.Get(user(1)); !ok {
			t.Errorf("%s: a new read is not kept", name)
		}
	}
	for _, hash := range []string{"", "x", user(1).Hash()[1:], user(1).Hash()[:63] + "x", user(1).Hash() + "00"} {
		c.Drop(hash)
	}
	if _, ok := c.Get(user(1)); !ok {
		t.Error("nonsense dropped a row")
	}
}

// Who does not hear of changes gives nothing out, and knows nothing of before when it hears again.
func TestDeafCacheGivesNothing(t *testing.T) {
	c := newCache(t, 10, time.Minute)
	c.Reading(user(1)).Put(active(1, 1))
	c.Hears(false)
	c.Reading(user(2)).Put(active(2, 1))
	for n := 1; n <= 2; n++ {
		if _, ok := c.Get(user(n)); ok {
			t.Errorf("row %d is given out", n)
		}
	}
	c.Hears(true)
	for n := 1; n <= 2; n++ {
		if _, ok := c.Get(user(n)); ok {
			t.Errorf("row %d of before is given out", n)
		}
	}
	c.Reading(user(1)).Put(active(1, 2))
	if _, ok := c.Get(user(1)); !ok {
		t.Error("nothing is kept any more")
	}
}

func TestNilHoldsNothing(t *testing.T) {
	var c *mapcache.Cache
	c.Reading(user(1)).Put(active(1, 1))
	c.DropKey(user(1))
	c.Drop(user(1).Hash())
	c.Clear()
	c.Hears(false)
	c.Close()
	if _, ok := c.Get(user(1)); ok || c.Stats() != (mapcache.Stats{}) {
		t.Error("nil holds something")
	}
}

func TestBounds(t *testing.T) {
	for _, o := range []mapcache.Options{{0, time.Second}, {10_000_001, time.Second}, {1, time.Second - 1}, {1, 5*time.Minute + 1}} {
		if _, err := mapcache.New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	c := newCache(t, 100, time.Minute)
	for n := range 10_000 {
		c.Reading(user(n)).Put(active(n, 1))
	}
	for range 500 {
		if n := c.Stats().Rows; n > 50 && n <= 100 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%+v, want 100 rows at most", c.Stats())
}

// With writers that drop after each change, no read that begins after a change
// has returned sees what was before: the cache is exact if there is one process.
func TestExactWithinAProcess(t *testing.T) {
	c, store, ctx := newCache(t, 100, time.Minute), storetest.NewMemory(), context.Background()
	const users = 3
	var least [users]atomic.Int64 // the version that a read must see at least
	for n := range users {
		row := active(n, 1)
		if err := store.Insert(ctx, row); err != nil {
			t.Fatal(err)
		}
		least[n].Store(1)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for n := range users {
		wg.Go(func() {
			for v := 2; v < 3000; v++ {
				if err := store.Replace(ctx, active(n, v-1), active(n, v), nil); err != nil {
					t.Error(err)
					break
				}
				c.DropKey(user(n))
				least[n].Store(int64(v))
				if v%64 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				n := rand.IntN(users)
				want := least[n].Load()
				row, ok := c.Get(user(n))
				if !ok {
					r := c.Reading(user(n))
					var err error
					if row, err = store.Get(ctx, user(n)); err != nil {
						t.Error(err)
						return
					}
					r.Put(row)
				}
				if row.Generation < want {
					t.Errorf("version %d of user %d is shown after version %d was written", row.Generation, n, want)
					return
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	readers.Wait()
	if s := c.Stats(); s.Hits == 0 || s.Misses == 0 {
		t.Errorf("%+v: the test shows nothing", s)
	}
}

func BenchmarkGet(b *testing.B) {
	c := newCache(b, 10_000, time.Minute)
	for n := range 10_000 {
		c.Reading(user(n)).Put(active(n, 1))
	}
	b.ReportAllocs()
	key := user(1)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, ok := c.Get(key); !ok {
				b.Error("not there")
				return
			}
		}
	})
}
