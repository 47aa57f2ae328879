package limit

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, err := NewQuota[string](Rate{5, 24 * time.Hour}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, ok := q.Take("a"); !ok {
				t.Fatal("refused within the quota")
			}
			time.Sleep(time.Hour)
		}
		if wait, ok := q.Take("a"); ok || wait != time.Hour {
			t.Errorf("%v %v: the first event is 5 hours old", wait, ok)
		}
		if _, ok := q.Take("b"); !ok {
			t.Error("the quota of one is that of another")
		}
		time.Sleep(18*time.Hour + 30*time.Minute)
		if wait, ok := q.Take("a"); ok || wait != 30*time.Minute {
			t.Errorf("%v %v: half an hour is left", wait, ok)
		}
		time.Sleep(30 * time.Minute)
		if _, ok := q.Take("a"); !ok {
			t.Error("refused when the first event was a day old")
		}
		if _, ok := q.Take("a"); ok {
			t.Error("six events in a day")
		}
	})
}

func TestQuotaReturn(t *testing.T) {
	q, err := NewQuota[string](Rate{1, time.Hour}, &Options{MaxKeys: 1})
	if err != nil {
		t.Fatal(err)
	}
	q.Return("a")                            // of nothing
	for _, key := range []string{"a", "b"} { // b shares a cell
		if _, ok := q.Take(key); !ok {
			t.Fatal(key)
		}
		q.Return(key)
		if _, ok := q.Take(key); !ok {
			t.Errorf("%s: what was given back is gone", key)
		}
		if _, ok := q.Take(key); ok {
			t.Errorf("%s: more than the quota", key)
		}
	}
}

func TestSlots(t *testing.T) {
	s := NewSlots(2)
	if got := [3]bool{s.TryAcquire(), s.TryAcquire(), s.TryAcquire()}; got != [3]bool{true, true, false} {
		t.Error("two slots are not two")
	}
	if s.InFlight() != 2 || s.Shed() != 1 {
		t.Error(s.InFlight(), s.Shed())
	}
	s.Release()
	if !s.TryAcquire() {
		t.Error("a slot that was given back is not free")
	}
	s.Release()
	s.Release()
	defer func() {
		if recover() == nil {
			t.Error("a slot was released twice")
		}
	}()
	s.Release()
}
