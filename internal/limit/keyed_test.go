package limit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"
)

type userKey struct{ issuer, subject string }

func newKeyed[K comparable](t testing.TB, r Rate, keys int) *Keyed[K] {
	t.Helper()
	l, err := NewKeyed[K](r, &Options{MaxKeys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestKeyedWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newKeyed[userKey](t, Rate{3, 3 * time.Minute}, 0)
		a, b := userKey{"i", "a"}, userKey{"i", "b"}
		for range 3 {
			if wait, ok := l.Take(a); !ok || wait != 0 {
				t.Fatal(wait, ok)
			}
		}
		time.Sleep(500 * time.Millisecond)
		wait, ok := l.Take(a)
		if ok || wait != time.Minute {
			t.Errorf("wait %v %v, not a minute, rounded up", wait, ok)
		}
		if _, ok := l.Take(b); !ok {
			t.Error("the limit of one user is that of another")
		}
		time.Sleep(wait)
		if _, ok := l.Take(a); !ok {
			t.Error("the wait was too short")
		}
		if _, ok := l.Take(a); ok {
			t.Error("a second event came of one interval")
		}
	})
}

func TestKeyedOff(t *testing.T) {
	l, err := NewKeyed[string](Rate{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	q, err := NewQuota[string](Rate{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		_, one := l.Take("k")
		_, two := q.Take("k")
		if !one || !two {
			t.Fatal("what is off limits")
		}
	}
	q.Return("k")
	if l.Stats() != (TableStats{}) || q.Stats() != (TableStats{}) {
		t.Error("what is off counts")
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, r := range []Rate{{-1, time.Minute}, {1, 25 * time.Hour}, {0, time.Minute}, {1, 0}} {
		if _, err := NewKeyed[string](r, nil); err == nil {
			t.Error(r)
		}
		if _, err := NewQuota[string](r, nil); err == nil {
			t.Error(r)
		}
	}
	for _, n := range []int{-1, maxKeys + 1} {
		if _, err := NewKeyed[string](Rate{1, time.Minute}, &Options{MaxKeys: n}); err == nil {
			t.Error(n)
		}
	}
	if _, err := NewQuota[string](Rate{maxQuota + 1, time.Minute}, nil); err == nil {
		t.Error("a quota of any size")
	}
}

// x/time/rate is another reading of the same bucket. All times are binary fractions, so that its floats are exact.
func TestKeyedAgreesWithTokenBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		burst := rapid.IntRange(1, 16).Draw(t, "burst")
		every := time.Second / 8
		l, err := NewKeyed[string](Rate{burst, time.Duration(burst) * every}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := rate.NewLimiter(rate.Every(every), burst)
		start := time.Unix(1<<30, 0)
		var now time.Duration
		for i, step := range rapid.SliceOfN(rapid.IntRange(0, 40), 1, 60).Draw(t, "steps") {
			now += time.Duration(step) * time.Second / 64
			if got := takeAt(l, "k", now); got != want.AllowN(start.Add(now), 1) {
				t.Fatalf("step %d: %v", i, got)
			}
		}
	})
}

func takeAt[K comparable](l *Keyed[K], key K, now time.Duration) bool {
	sh, print := l.table.lock(key)
	defer sh.mu.Unlock()
	_, ok := l.take(sh, print, int64(now))
	return ok
}

func quotaAt[K comparable](q *Quota[K], key K, now time.Duration) bool {
	sh, print := q.table.lock(key)
	defer sh.mu.Unlock()
	_, ok := q.take(sh, print, int64(now))
	return ok
}

// However few keys fit, no key ever gets more than its own bucket alone would give it.
func TestCrowdingOutNeverPays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate{rapid.IntRange(1, 4).Draw(t, "events"), 4 * time.Second}
		o := &Options{MaxKeys: rapid.IntRange(1, 40).Draw(t, "max")}
		l, lerr := NewKeyed[int](r, o)
		q, qerr := NewQuota[int](r, o)
		if lerr != nil || qerr != nil {
			t.Fatal(lerr, qerr)
		}
		alone, slow := map[int]*Keyed[int]{}, map[int]*Quota[int]{}
		keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) int {
			return rapid.IntRange(0, 60).Draw(t, "key") * rapid.IntRange(0, 1).Draw(t, "other") // half of all are key 0
		}), 1, 300).Draw(t, "keys")
		var now time.Duration
		for _, key := range keys {
			now += time.Duration(rapid.IntRange(0, 500).Draw(t, "ms")) * time.Millisecond
			if alone[key] == nil {
				alone[key], _ = NewKeyed[int](r, &Options{MaxKeys: 1})
				slow[key], _ = NewQuota[int](r, &Options{MaxKeys: 1})
			}
			if takeAt(l, key, now) && !takeAt(alone[key], key, now) {
				t.Fatalf("key %d got more than its rate", key)
			}
			if quotaAt(q, key, now) && !quotaAt(slow[key], key, now) {
				t.Fatalf("key %d got more than its quota", key)
			}
		}
	})
}

// A key that shared a cell and then gets a slot starts as the cell left it, and not anew.
func TestSlotStartsAsItsCell(t *testing.T) {
	l := newKeyed[string](t, Rate{4, 4 * time.Second}, 1)
	q, err := NewQuota[string](Rate{2, 4 * time.Second}, &Options{MaxKeys: 1})
	if err != nil {
		t.Fatal(err)
	}
	takeAt(l, "holder", 0)
	quotaAt(q, "holder", 0)
	for range 4 {
		takeAt(l, "attacker", 0)
		quotaAt(q, "attacker", time.Second)
	}
	served := 0
	for range 4 { // the holder's bucket is full again after a second
		if takeAt(l, "attacker", 1500*time.Millisecond) {
			served++
		}
	}
	if served != 1 || l.Stats() != (TableStats{Keys: 1, Shared: 4}) {
		t.Errorf("%d events, and 1 flowed in: %+v", served, l.Stats())
	}
	if quotaAt(q, "attacker", 4500*time.Millisecond) || q.Stats().Keys != 1 {
		t.Errorf("a third event in the period: %+v", q.Stats())
	}
}

func TestKeyedAtItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const max = 8192
		l := newKeyed[string](t, Rate{2, time.Hour}, max)
		attacker := "attacker"
		l.Take(attacker)
		l.Take(attacker)
		served := 0
		for i := range 4 * max {
			if _, ok := l.Take(fmt.Sprint(i)); ok {
				served++
			}
		}
		s := l.Stats()
		if s.Keys > max || s.Shared == 0 {
			t.Errorf("%+v", s)
		}
		if _, ok := l.Take(attacker); ok {
			t.Error("a bucket was reset by making others")
		}
		if served < max/2 || served > 2*max {
			t.Errorf("%d of %d newcomers were served", served, 4*max)
		}
		time.Sleep(2 * time.Hour) // all buckets are full, so all slots can be had
		for i := range max / 2 {  // the hash does not divide them evenly
			if _, ok := l.Take(fmt.Sprint("late", i)); !ok {
				t.Fatal("refused although nobody else was here for hours")
			}
		}
		if s := l.Stats(); s.Keys > max {
			t.Errorf("%+v", s)
		}
	})
}

func TestIdleKeysAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newKeyed[int](t, Rate{1, time.Second}, 0)
		for i := range 10_000 {
			l.Take(i)
			time.Sleep(10 * time.Millisecond)
		}
		if s := l.Stats(); s.Keys > 1000 {
			t.Errorf("%d keys are kept, and 100 are busy", s.Keys)
		}
	})
}

func TestKeyedConcurrently(t *testing.T) {
	l := newKeyed[int](t, Rate{100, time.Hour}, 0)
	var wg sync.WaitGroup
	var served atomic.Int64
	for range 8 {
		wg.Go(func() {
			for i := range 4000 {
				if _, ok := l.Take(i % 10); ok {
					served.Add(1)
				}
				l.Stats()
			}
		})
	}
	wg.Wait()
	if n := served.Load(); n < 1000 || n > 1010 { // an event flows in every 36 s
		t.Errorf("%d events", n)
	}
}

func TestTakeAllocatesNothing(t *testing.T) {
	l := newKeyed[userKey](t, Rate{1_000_000, time.Second}, 0)
	key := userKey{"https://login.example/t", "subject"}
	l.Take(key)
	if n := testing.AllocsPerRun(1000, func() { l.Take(key) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkKeyed(b *testing.B) {
	l := newKeyed[userKey](b, Rate{1_000_000, time.Second}, 0)
	keys := make([]userKey, 10_000)
	for i := range keys {
		keys[i] = userKey{"https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0", fmt.Sprintf("%036d", i)}
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			l.Take(keys[i%len(keys)])
		}
	})
}

// BenchmarkKeyedCrowded is the worst case: all is taken, and each key is new.
func BenchmarkKeyedCrowded(b *testing.B) {
	l := newKeyed[int](b, Rate{1, 24 * time.Hour}, 0)
	for i := range 2 * DefaultKeys {
		l.Take(-i)
	}
	b.ReportAllocs()
	for i := range b.N {
		l.Take(i)
	}
}
